import { isLoopback } from '../../model/host/index.ts';
import { type Family, type Ranges, ranges, TCP, UDP } from '../../model/net/index.ts';
import { toolOf } from '../blame.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { empty, filter, guide, hardened4, hardened6, oneLink } from '../examples.ts';
import {
  assumptions,
  type Door,
  doorsOf,
  exposed,
  isAbsent,
  isHeard,
  ofFamilies,
  ported,
  portsIn,
  type Said,
  sayFew,
  sayPort,
  sayProcess,
  sayRanges,
  settled,
  shown,
  sightFor,
  unlessUnseen,
} from '../exposure/index.ts';
import { opening } from '../probes.ts';
import { isLocal, outsideOf, ownAddresses, sshPorts } from '../surroundings.ts';
import { unnamedLink, vocabularyOf } from '../vocabulary.ts';

const database = {
  ...oneLink,
  listeners: [
    { proto: 'tcp', port: 22, process: 'sshd' },
    { proto: 'tcp', port: 3306, process: 'mysqld' },
  ],
};

/**
 * Ports that anyone reaches over IPv6 and not everybody over IPv4: with knowledge of listeners those at which a program waits for
 * both, without it all of them. The other way round it is low, for hosts with a global IPv6 address: visitors who try IPv6 first wait.
 * Not asked where either family is off or the host has no address of it.
 */
export const fwV603: Check = {
  id: 'FW-V6-03',
  title: 'what is closed over IPv4 is closed over IPv6',
  severity: 'high',
  kinds: ['S'],
  refs: ['CIS Debian 12 v1.1.0 4.4.3.4', 'CIS Debian 12 v1.1.0 3.1.1'],
  why: 'iptables speaks for IPv4 alone. The same service, at the same name, is open by the other door.',
  fix: 'Give ip6tables the same decisions, or switch IPv6 off.',
  run,
  examples: [
    { title: 'the guide forgets IPv6', v4: guide, facts: database, finds: ['high 6'] },
    { title: 'the guide forgets IPv6, and listeners are not known', v4: guide, finds: ['high 6'] },
    { title: 'a hardened pair', v4: hardened4, v6: hardened6, facts: database, finds: [] },
    {
      title: 'IPv4 lets in one network, IPv6 everybody',
      v4: filter(['-A INPUT -s 203.0.113.0/24 -p tcp -m tcp --dport 3306 -j ACCEPT']),
      v6: filter(['-A INPUT -p tcp -m tcp --dport 3306 -j ACCEPT']),
      facts: database,
      finds: ['high 6'],
    },
    {
      title: 'IPv6 alone is closed',
      v4: filter(['-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT']),
      v6: filter([]),
      facts: database,
      finds: ['low 6'],
    },
    {
      title: 'the service waits for IPv6 alone',
      v4: filter([]),
      v6: filter(['-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT']),
      facts: { ...oneLink, listeners: [{ proto: 'tcp', port: 80, address: '::', v6only: true }] },
      finds: [],
    },
    {
      title: 'IPv6 is off',
      v4: guide,
      v6: empty,
      facts: {
        ...oneLink,
        addresses: [{ link: 'eth0', address: '198.51.100.10/24' }],
        sysctls: { 'net.ipv6.conf.all.disable_ipv6': '1', 'net.ipv6.conf.default.disable_ipv6': '1' },
      },
      finds: [],
    },
    { title: 'rules that were not read', v4: null, v6: hardened6, facts: database, finds: [], unknown: 1 },
  ],
};

/** By protocol. */
type Open = ReadonlyMap<'tcp' | 'udp', Ranges<number>>;

function run(subject: Subject): Answer {
  if (isAbsent(subject, 4) || isAbsent(subject, 6) || hasNone(subject, 4) || hasNone(subject, 6))
    return { findings: [], unknown: [] };
  return ofFamilies(
    subject,
    fwV603.id,
    (): Said => {
      const four = subject.ask(4, (engine) => openIn(known(doorsOf(subject, engine))));
      if (!four.known) return { unknown: { why: `IPv4: ${four.why}`, remedy: four.remedy } };
      const wider = unlessUnseen(subject, 6, 'input', (engine) => openMore(subject, known(doorsOf(subject, engine)), four.value));
      if ('unknown' in wider || wider.length > 0) return wider;
      return settled(subject.ask(6, (engine) => openLess(subject, known(doorsOf(subject, engine)), four.value)));
    },
    [6],
  );
}

function known(doors: readonly Door[]): readonly Door[] {
  return doors.filter(({ unread }) => unread === null);
}

function hasNone({ host }: Subject, family: Family): boolean {
  return host.addresses.known && !host.addresses.value.some(({ prefix }) => prefix.family === family && !isLoopback(prefix));
}

function openIn(doors: readonly Door[]): Open {
  return new Map(
    ported.map(([proto]) => [proto, ranges(...doors.flatMap((door) => sightFor({ door, proto }).openPorts('certain')))] as const),
  );
}

/** Of the ports those at which a program waits for both families; all of them where listeners are unknown. */
function meant(
  subject: Subject,
  proto: 'tcp' | 'udp',
  of: Ranges<number>,
): { readonly ports: Ranges<number>; readonly words: readonly string[] } {
  const { host } = subject;
  if (!host.listeners.known) return { ports: of, words: sayRanges(of, proto) };
  const heard = host.listeners.value.filter(
    (one) => one.proto === proto && of.some(([lo, hi]) => lo <= one.port && one.port <= hi),
  );
  const both = [...new Set(heard.map(({ port }) => port))].filter(
    (port) =>
      !leadsElsewhere(subject, proto, port) &&
      ([4, 6] as const).every((family) => heard.some((one) => one.port === port && isHeard(one, family))),
  );
  both.sort((left, right) => left - right);
  return {
    ports: both.map((port) => [port, port] as const),
    words: both.map((port) => sayPort(proto, port, sayProcess(heard.filter((one) => one.port === port)))),
  };
}

function openMore(subject: Subject, doors: readonly Door[], four: Open): Said {
  const words: string[] = [];
  let first: { readonly door: Door; readonly proto: 'tcp' | 'udp'; readonly ports: Ranges<number> } | null = null;
  const six = openIn(doors);
  for (const [proto] of ported) {
    const wider = minus(six.get(proto) ?? [], four.get(proto) ?? []);
    const more = meant(
      subject,
      proto,
      wider.filter(([lo, hi]) => lo !== hi || !leadsElsewhere(subject, proto, lo)),
    );
    if (more.ports.length === 0) continue;
    words.push(...more.words);
    const door = doors.find((one) =>
      more.ports.some(([lo]) =>
        sightFor({ door: one, proto })
          .openPorts('certain')
          .some(([a, b]) => a <= lo && lo <= b),
      ),
    );
    // A grave port shows more than a new one.
    if (door !== undefined) first ??= { door, proto, ports: more.ports };
  }
  if (first === null) return [];
  const seen = shown(subject, sightFor(first).packet('certain', first.ports));
  if (seen.kind === 'unknown') return { unknown: seen };
  if (seen.kind === 'no') return [];
  const ssh = sshPorts(subject.host, 6);
  const few = first.ports
    .filter(([lo, hi]) => lo === hi && !ssh.includes(lo))
    .map(([lo]) => lo)
    .slice(0, mostPorts);
  const { proto } = first;
  return [
    exposed(subject, {
      check: fwV603,
      family: 6,
      severity: 'high',
      title: `Open to anyone over IPv6, and not over IPv4: ${sayFew(words)}`,
      shown: seen,
      sure: first.door.sure,
      meaning: ['Over IPv4 the same is denied to most of the world.', ...assumptions(first.door)],
      fix: `Give ip6tables the rules of iptables, with the ICMPv6 that IPv6 needs.${
        few.length === 0
          ? ''
          : ` Until then this denies new connections to the services.\n${toolOf(6)} -I INPUT 1 ! -i lo -p ${proto} -m multiport --dports ${few.join()} -m conntrack --ctstate NEW -j DROP`
      }`,
    }),
  ];
}

const mostPorts = 15;

/** Whether IPv4 does not deny the port and yet does not let it in: nat leads it on, or a proxy takes it. */
function leadsElsewhere(subject: Subject, proto: 'tcp' | 'udp', dport: number): boolean {
  const fact = subject.host.rulesets[4];
  if (!fact.known) return false;
  const vocabulary = vocabularyOf(subject.host, fact.value);
  const link = outsideOf(subject.host, 4).links[0] ?? unnamedLink(vocabulary);
  const [dst = 0n] = ownAddresses(subject.host, 4, link, vocabulary).addresses;
  const src = vocabulary.sources[0]?.value ?? 1n;
  const first = opening({ family: 4, hook: 'input', in: link, src, dst, proto: proto === 'tcp' ? TCP : UDP, dport });
  const trace = subject.evaluator.trace(first);
  const elsewhere = trace?.verdict === 'UNDECIDED' || trace?.verdict === 'STOLEN';
  return elsewhere || trace?.path.some(({ effect }) => effect === 'dnat' || effect === 'deliver') === true;
}

function openLess(subject: Subject, doors: readonly Door[], four: Open): Said {
  const { host } = subject;
  const global =
    host.addresses.known &&
    host.addresses.value.some(({ prefix }) => prefix.family === 6 && !isLoopback(prefix) && !isLocal(prefix));
  if (!global || !host.listeners.known) return [];
  const six = openIn(doors);
  const words = ported.flatMap(([proto]) => meant(subject, proto, minus(four.get(proto) ?? [], six.get(proto) ?? [])).words);
  if (words.length === 0) return [];
  return [
    {
      id: fwV603.id,
      severity: 'low',
      certainty: 'certain',
      title: `Open to anyone over IPv4, and not over IPv6: ${sayFew(words)}`,
      why: 'The host has an IPv6 address and the service waits there. Visitors who find it by name try IPv6 first, and wait until they fall back.',
      family: 6,
      at: [],
      causedBy: [],
      witness: null,
      fix: 'Accept it over IPv6 as well, or take the IPv6 address out of its name.',
      refs: fwV603.refs,
    },
  ];
}

function minus(left: Ranges<number>, right: Ranges<number>): Ranges<number> {
  const rest = right.reduce<Ranges<number>>(
    (all, [from, to]) =>
      all.flatMap(([lo, hi]) =>
        to < lo || hi < from
          ? [[lo, hi] as const]
          : [[lo, Math.min(hi, from - 1)] as const, [Math.max(lo, to + 1), hi] as const].filter(([a, b]) => a <= b),
      ),
    left,
  );
  return portsIn(rest) === 0 ? [] : ranges(...rest);
}
