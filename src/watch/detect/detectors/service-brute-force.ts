import { formatAddress, formatPrefix, formatProtocol, UDP } from '../../../model/net/index.ts';
import { addressAt } from '../../events/batch.ts';
import { Attempts, targetOf } from '../attempts.ts';
import type { Batch, Detector, Family } from '../detector.ts';
import { duration } from '../duration.ts';
import { type LoginService, loginPorts, loginServices } from '../login-services.ts';
import { sorts } from '../sort.ts';

const tries = { count: 8, seconds: 60 } as const;
const slow = { score: 30, halfLifeMinutes: 15 } as const;
/** Without a handshake nothing tells a new try from one that is sent again. */
const patienceOfUdp = 5;
const sipPort = 5060;
const pairs = 16_384;

export const serviceBruteForce: Detector = {
  id: 'service-brute-force',
  title: 'Brute force of a service',
  remedy:
    'Let only those networks reach the service that need it (from: in the policy), or limit new connections (at-most); palisade ban ADDRESS shuts the source out.',
  description: `One source opens connection after connection to one service of one address at which one logs in, and rules log them: ${tries.count} new ones within ${tries.seconds} seconds, or a score of ${slow.score} that halves every ${slow.halfLifeMinutes} minutes, which two a minute reach and one a minute never does. A SYN that is sent again from the same port is no new one. ${patienceWords()} ssh has a detector of its own.`,
  looksAt: [sorts.syn, sorts.udp, sorts.answer],
  quietMs: 3_600_000,
  start({ sources, seed, report, more }) {
    const asked = new Attempts(pairs, sources.capacity, seed, slow.halfLifeMinutes * 60_000);
    const serviceAt = loginPorts();

    function tell(
      batch: Batch,
      row: number,
      slot: number,
      place: number,
      service: LoginService,
      isQuick: boolean,
      events: number,
    ): number {
      const at = batch.at[row] as number;
      const source = sources.source(slot);
      const key = formatPrefix(source);
      const target = formatAddress(addressAt(batch.dst, 4 * row, batch.family[row] as Family));
      const port = `port ${batch.dport[row]}/${formatProtocol(batch.proto[row] as number)}`;
      const { patience } = service;
      const counted = patience === 1 ? '' : ` Of this service only each ${nth(patience)} counts.`;
      return report({
        detector: 'service-brute-force',
        key,
        severity: 'medium',
        title: `${key.replace(/\/32$/, '')} opens connection after connection to ${service.name} of ${target}`,
        why: isQuick
          ? `${tries.count * patience} new connections to ${port} within ${duration(asked.secondsOf(place, tries.count))} were logged, which is too many within ${tries.seconds} seconds.${counted}`
          : `${asked.connections(place)} new connections to ${port} since ${duration((at - asked.first(place)) / 1000)} were logged: their score, halved every ${slow.halfLifeMinutes} minutes, is ${Math.round(asked.scoreAt(place, at))}; ${slow.score} is too much.${counted}`,
        sources: [source],
        targets: [],
        batch,
        row,
        at,
        since: asked.first(place),
        events,
        spoofable: true,
        ban: true,
      });
    }

    return {
      see(batch, row, slot, sort) {
        if (slot < 0) return;
        const isUdp = batch.proto[row] === UDP;
        // Telephones ask from the port on which they answer.
        if (sort === sorts.answer && !(isUdp && batch.dport[row] === sipPort)) return;
        const index = serviceAt[batch.dport[row] as number];
        if (index === undefined || index === 0) return;
        const at = batch.at[row] as number;
        const place = asked.placeOf(slot, targetOf(batch, row), index, at);
        const isNew = isUdp ? asked.connect(place) : asked.connects(place, batch.sport[row] as number, at);
        const service = loginServices[index - 1] as LoginService;
        const isTry = isNew && (asked.connections(place) - 1) % (service.patience * (isUdp ? patienceOfUdp : 1)) === 0;
        if (isTry) asked.add(place, at);
        if (more(asked.incident(place), batch, row)) return;
        const events = asked.countEvent(place);
        if (!isTry) return;
        const isQuick = asked.secondsOf(place, tries.count) <= tries.seconds;
        if (!isQuick && asked.scoreAt(place, at) < slow.score) return;
        asked.setIncident(place, tell(batch, row, slot, place, service, isQuick, events));
      },
      forget: (slot) => asked.forget(slot),
    };
  },
};

function patienceWords(): string {
  const few = loginServices.filter(({ patience }) => patience === 1).map(({ name }) => name);
  const many = loginServices
    .filter(({ patience }) => patience > 1)
    .map(({ name, patience }) => `each ${nth(patience)} of ${name}`);
  return `Each connection counts of ${few.join(', ')}; ${many.join(', ')}, since honest programs open many.`;
}

function nth(number: number): string {
  return ['', 'first', 'second', 'third', 'fourth', 'fifth'][number] ?? `${number}th`;
}
