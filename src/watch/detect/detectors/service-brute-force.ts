import { formatAddress, formatPrefix, formatProtocol } from '../../../model/net/index.ts';
import { addressAt } from '../../events/batch.ts';
import { halfLife } from '../attempt.ts';
import type { Batch, Detector, Family } from '../detector.ts';
import { duration } from '../duration.ts';
import { loginServices, ssh } from '../login-services.ts';

const tries = { count: 8, seconds: 60 } as const;
const slow = { score: 30, halfLifeMinutes: halfLife.connectionsMinutes } as const;

export const serviceBruteForce: Detector = {
  id: 'service-brute-force',
  title: 'Brute force of a service',
  remedy:
    'Let only those networks reach the service that need it (from: in the policy), or limit new connections (at-most); palisade ban ADDRESS shuts the source out.',
  description: `One source opens connection after connection to one service of one address at which one logs in, and rules log them: ${tries.count} new ones within ${tries.seconds} seconds, or a score of ${slow.score} that halves every ${slow.halfLifeMinutes} minutes, which two a minute reach and one a minute never does. A SYN that is sent again from the same port is no new one. ${patienceWords()} ssh has a detector of its own.`,
  quietMs: 3_600_000,
  start({ sources, attempt, report, more }) {
    const { connections } = attempt;

    function tell(batch: Batch, row: number, slot: number, isQuick: boolean, events: number): number {
      const { place, service } = attempt;
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
          ? `${tries.count * patience} new connections to ${port} within ${duration(connections.secondsOf(place, tries.count))} were logged, which is too many within ${tries.seconds} seconds.${counted}`
          : `${connections.count(place)} new connections to ${port} since ${duration((at - connections.first(place)) / 1000)} were logged: their score, halved every ${slow.halfLifeMinutes} minutes, is ${Math.round(connections.scoreAt(place, attempt.second))}; ${slow.score} is too much.${counted}`,
        sources: [source],
        targets: [],
        batch,
        row,
        at,
        since: connections.first(place),
        events,
        spoofable: true,
        ban: true,
      });
    }

    return {
      attempt(batch, row, slot) {
        const { place, isTry } = attempt;
        if (attempt.service === ssh) return;
        if (more(connections.incident(place), batch, row)) return;
        const events = connections.countEvent(place);
        if (!isTry) return;
        const isQuick = connections.secondsOf(place, tries.count) <= tries.seconds;
        if (!isQuick && connections.scoreAt(place, attempt.second) < slow.score) return;
        connections.setIncident(place, tell(batch, row, slot, isQuick, events));
      },
    };
  },
};

function patienceWords(): string {
  const few = loginServices.filter((service) => service !== ssh && service.patience === 1).map(({ name }) => name);
  const many = loginServices
    .filter(({ patience }) => patience > 1)
    .map(({ name, patience }) => `each ${nth(patience)} of ${name}`);
  return `Each connection counts of ${few.join(', ')}; ${many.join(', ')}, since honest programs open many.`;
}

function nth(number: number): string {
  return ['', 'first', 'second', 'third', 'fourth', 'fifth'][number] ?? `${number}th`;
}
