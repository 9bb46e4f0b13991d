import { addressWords } from '../../analysis/answers/addresses.ts';
import type { Listener } from '../../model/host/index.ts';
import { bogons, type Family, ranges, TCP, UDP } from '../../model/net/index.ts';
import type { Answer, Check, Subject } from '../check.ts';
import type { Engine } from '../engine.ts';
import { filter, guide, hardened4, hardened6, oneLink } from '../examples.ts';
import {
  addressesBehind,
  anyone,
  assumptions,
  atDoors,
  common,
  type Door,
  exposed,
  innerLinks,
  isHeard,
  openPort,
  type Said,
  type Shown,
  sayFew,
  sayPort,
  shown,
  sightFor,
  sightOf,
  strangers,
} from '../exposure/index.ts';

const services = {
  ...oneLink,
  listeners: [
    { proto: 'tcp', port: 22, process: 'sshd' },
    { proto: 'tcp', port: 80, process: 'nginx' },
    { proto: 'tcp', port: 3306, process: 'mysqld' },
    { proto: 'tcp', port: 5432, address: '127.0.0.1', process: 'postgres' },
  ],
};

/**
 * A report, not a fault: which listeners anyone reaches, which some addresses do, and which the networks behind inner links do. What
 * must not be among them other checks say.
 */
export const fwExp07: Check = {
  id: 'FW-EXP-07',
  title: 'what can be reached from outside is known',
  severity: 'info',
  kinds: ['S', 'H'],
  refs: ['PCI-DSS 4.0 1.2.5', 'CIS Debian 12 v1.1.0 2.1.22', 'ANSSI BP-028 R80'],
  why: 'The surface of a host is what listens and is let in, together. Whoever reviews a firewall wants this list, not the rules.',
  fix: 'Compare it with what the host is meant to offer.',
  run,
  examples: [
    { title: 'the guide', v4: guide, v6: filter([]), facts: services, finds: ['info 4'] },
    { title: 'a hardened pair', v4: hardened4, v6: hardened6, facts: services, finds: ['info 4', 'info 6'] },
    { title: 'nobody gets in', v4: filter([]), v6: filter([]), facts: services, finds: [] },
    {
      title: 'only the administrators do',
      v4: filter(['-A INPUT -s 203.0.113.0/29 -p tcp -m tcp --dport 22 -j ACCEPT']),
      v6: filter([]),
      facts: services,
      finds: ['info 4'],
    },
    { title: 'nothing listens', v4: guide, v6: hardened6, facts: { ...oneLink, listeners: [] }, finds: [] },
    { title: 'listeners are not known', v4: guide, v6: hardened6, finds: [], unknown: 1 },
  ],
};

function run(subject: Subject): Answer {
  const { listeners } = subject.host;
  if (!listeners.known) return { findings: [], unknown: [{ id: fwExp07.id, why: listeners.why, remedy: listeners.remedy }] };
  return atDoors(subject, fwExp07.id, (family, doors, engine) => familyAnswer(subject, family, doors, engine, listeners.value));
}

/** Each port once, however many sockets wait at it. */
function heardOf(listeners: readonly Listener[], family: Family): readonly Listener[] {
  const heard = listeners.filter((listener) => isHeard(listener, family));
  return [...new Map(heard.map((listener) => [`${listener.proto} ${listener.port}`, listener])).values()].sort(
    (left, right) => left.port - right.port,
  );
}

function familyAnswer(
  subject: Subject,
  family: Family,
  doors: readonly Door[],
  engine: Engine,
  listeners: readonly Listener[],
): Said {
  const outer = doors.filter(({ unread }) => unread === null);
  const open: string[] = [];
  const some: string[] = [];
  let first: { readonly seen: Extract<Shown, { kind: 'yes' | 'maybe' }>; readonly door: Door } | null = null;
  const heard = heardOf(listeners, family);
  const senders = ranges(...strangers[family], ...bogons[family]);
  for (const { proto, port, process } of heard) {
    const name = sayPort(proto, port, process);
    const found = openPort(family, outer, proto, port);
    if (found !== null) {
      open.push(name);
      if (first === null) {
        const seen = shown(subject, sightFor(found).packet(found.mode, [[port, port]]));
        if (seen.kind === 'yes' || seen.kind === 'maybe') first = { seen, door: found.door };
      }
      continue;
    }
    for (const door of outer) {
      const sight = sightFor({ door, proto });
      const from = common(sight.reaching(port, 'certain'), senders);
      if (from.length === 0) continue;
      const { list } = addressWords(family, from, [], []);
      some.push(
        `${name} from ${list.length > mostSources ? `${list.slice(0, mostSources).join(', ')} and others` : list.join(', ')}`,
      );
      if (first === null) {
        const seen = shown(subject, sight.packet('certain', [[port, port]], from));
        if (seen.kind === 'yes' || seen.kind === 'maybe') first = { seen, door };
      }
      break;
    }
  }
  if (first === null) return [];
  const inner = innerLinks(subject.host, family).flatMap((link) => {
    const names = heard.filter(({ proto, port }) => isReached(subject, engine, family, link, proto, port));
    return names.length === 0
      ? []
      : [`by ${link}: ${sayFew(names.map(({ proto, port, process }) => sayPort(proto, port, process)))}`];
  });
  return [
    exposed(subject, {
      check: fwExp07,
      family,
      severity: 'info',
      title:
        open.length > 0
          ? `Anyone reaches ${open.length} of ${heard.length} listening ports over IPv${family}: ${sayFew(open)}`
          : `Only some reach listening ports over IPv${family}: ${sayFew(some)}`,
      shown: first.seen,
      sure: first.door.sure,
      meaning: [
        some.length > 0 && open.length > 0 ? `Only some reach ${sayFew(some)}.` : '',
        inner.length > 0 ? `Behind the host ${inner.slice(0, mostSources).join('; ')}.` : '',
        ...assumptions(first.door),
      ],
      fix: 'Compare this with what the host is meant to offer.',
    }),
  ];
}

const mostSources = 4;

/** Whether somebody behind an inner link may connect to the port. */
function isReached(subject: Subject, engine: Engine, family: Family, link: string, proto: 'tcp' | 'udp', port: number): boolean {
  const { host } = subject;
  const far = addressesBehind(host, family, link);
  const own = host.addresses.known
    ? host.addresses.value.filter((one) => one.link === link && one.prefix.family === family).map(({ prefix }) => prefix)
    : [];
  if (far.length === 0 || own.length === 0) return false;
  const course = { hook: 'input', in: link, out: null, near: own.map(({ value }) => value), far } as const;
  return sightOf(engine, course, proto === 'tcp' ? TCP : UDP).share(port, 'certain') > anyone[family];
}
