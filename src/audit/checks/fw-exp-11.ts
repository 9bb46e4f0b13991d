import { addressWords } from '../../analysis/answers/addresses.ts';
import { bogons, type Family, type Ranges, ranges, TCP } from '../../model/net/index.ts';
import type { Check, Subject } from '../check.ts';
import type { Engine } from '../engine.ts';
import { filter, guide, hardened4, hardened6, oneLink } from '../examples.ts';
import {
  anyone,
  assumptions,
  atDoors,
  common,
  type Door,
  exposed,
  listenersAt,
  type OpenPort,
  type Said,
  sayFew,
  sayPort,
  sayProcess,
  sensitivePorts,
  shown,
  sightFor,
  strangers,
  unnamedOf,
} from '../exposure/index.ts';
import { sshPorts } from '../surroundings.ts';
import type { Unread } from '../unread.ts';

/** A run of more addresses than a /24 of IPv4 or a /48 of IPv6, a site, holds nobody can know. */
const largest = { 4: 256n, 6: 1n << 80n } as const;

/**
 * Ports of management, databases and clusters that some addresses reach by a link towards strangers, not anyone (that is FW-EXP-02's
 * and -03's): the longest run of them counts. With knowledge of listeners only where somebody waits; without it not where the same
 * sources reach everything, which FW-EXP-12 tells.
 */
export const fwExp11: Check = {
  id: 'FW-EXP-11',
  title: 'sensitive ports trust few addresses, not whole networks',
  severity: 'medium',
  kinds: ['S'],
  refs: ['Wool 2004, too many management machines', 'PCI-DSS 4.0 1.4.4'],
  why: 'In a network of thousands one machine is always taken over, or shared with strangers; and private ranges are everybody’s.',
  fix: 'List the machines or the small networks that need the port.',
  run: (subject) => atDoors(subject, fwExp11.id, (family, doors, engine) => familyAnswer(subject, family, doors, engine)),
  examples: [
    {
      title: 'all private addresses may manage it',
      v4: filter(['-A INPUT -s 10.0.0.0/8 -p tcp -m tcp --dport 22 -j ACCEPT']),
      v6: filter([]),
      finds: ['medium 4'],
    },
    {
      title: 'two halves of a network',
      v4: filter(
        ['0/25', '128/25', '0/24'].map(
          (part, n) => `-A INPUT -s 203.0.${n === 2 ? 114 : 113}.${part} -p tcp -m tcp --dport 22 -j ACCEPT`,
        ),
      ),
      v6: filter([]),
      finds: ['medium 4'],
    },
    {
      title: 'one small network',
      v4: filter(['-A INPUT -s 203.0.113.0/24 -p tcp -m tcp --dport 22 -j ACCEPT']),
      v6: filter([]),
      finds: [],
    },
    {
      title: 'a whole provider over IPv6',
      v4: filter([]),
      v6: filter(['-A INPUT -s 2001:db8::/32 -p tcp -m tcp --dport 5432 -j ACCEPT']),
      finds: ['medium 6'],
    },
    {
      title: 'nobody listens there',
      v4: filter(['-A INPUT -s 10.0.0.0/8 -p tcp -m tcp --dport 3306 -j ACCEPT']),
      v6: filter([]),
      facts: { ...oneLink, listeners: [] },
      finds: [],
    },
    {
      title: 'web for a large network',
      v4: filter(['-A INPUT -s 10.0.0.0/8 -p tcp -m tcp --dport 443 -j ACCEPT']),
      v6: filter([]),
      finds: [],
    },
    { title: 'the guide: anyone is told elsewhere', v4: guide, v6: hardened6, finds: [] },
    { title: 'a hardened pair', v4: hardened4, v6: hardened6, finds: [] },
    { title: 'rules that were not read', v4: null, v6: hardened6, finds: [], unknown: 1 },
  ],
};

interface Trusting extends Omit<OpenPort, 'mode' | 'unlimited'> {
  readonly name: string;
  readonly from: Ranges<bigint>;
}

function familyAnswer(subject: Subject, family: Family, doors: readonly Door[], engine: Engine): Said {
  const senders = ranges(...strangers[family], ...bogons[family]);
  const { port: unnamed } = unnamedOf(subject, engine);
  const ssh = sshPorts(subject.host, family).map((port) => ({ proto: TCP, port, name: 'SSH' }));
  const ports = [...new Map([...sensitivePorts, ...ssh].map((one) => [one.port, one])).values()];
  const found: Trusting[] = [];
  for (const door of doors.filter(({ unread }) => unread === null)) {
    const everything = common(door.tcp.reaching(unnamed, 'certain'), senders).join();
    for (const { port, name } of ports) {
      if (door.tcp.share(port, 'possible') >= anyone[family] || found.some((one) => one.port === port)) continue;
      const heard = listenersAt(subject, family, { proto: 'tcp', port, door });
      if (heard?.length === 0) continue;
      const from = common(door.tcp.reaching(port, 'certain'), senders);
      if (!from.some(([lo, hi]) => hi - lo + 1n > largest[family])) continue;
      if (heard === null && from.join() === everything) continue;
      found.push({ proto: 'tcp', port, door, name: sayProcess(heard) ?? name, from });
    }
  }
  let missing: Unread | null = null;
  for (const one of found) {
    const seen = shown(subject, sightFor(one).packet('certain', [[one.port, one.port]], one.from));
    if (seen.kind === 'unknown') missing ??= seen;
    if (seen.kind !== 'yes' && seen.kind !== 'maybe') continue;
    const words = addressWords(family, one.from, [], []);
    return [
      exposed(subject, {
        check: fwExp11,
        family,
        severity: 'medium',
        title: `Whole networks reach sensitive ports over IPv${family}: ${sayFew(found.map(({ proto, port, name }) => sayPort(proto, port, name)))}`,
        shown: seen,
        sure: one.door.sure,
        meaning: [
          `${one.port}/tcp trusts ${words.except ? 'all but ' : ''}${sayFew(words.list)}: more machines than anyone keeps an eye on.`,
          ...assumptions(one.door),
        ],
        fix: 'Put the machines that need the port into the rule instead of their network, or into an ipset.',
      }),
    ];
  }
  return missing === null ? [] : { unknown: missing };
}
