import { addressWords } from '../../analysis/answers/addresses.ts';
import type { Host } from '../../model/host/index.ts';
import { bogons, type Family, formatProtocol, ranges } from '../../model/net/index.ts';
import { toolOf } from '../blame.ts';
import type { Check, Subject } from '../check.ts';
import type { Engine } from '../engine.ts';
import { filter, guide, hardened4, hardened6, inverted, oneLink } from '../examples.ts';
import {
  anyone,
  assumptions,
  atDoors,
  common,
  type Door,
  exposed,
  isOpenToAll,
  type Said,
  sayFew,
  shown,
  sizeOf,
  strangers,
  unnamedOf,
} from '../exposure/index.ts';
import type { Finding } from '../finding.ts';
import type { Unread } from '../unread.ts';

/** Tunnels and transports that an ordinary server has no use for, with the kinds of links that need them. */
const unusual: readonly { readonly proto: number; readonly port: number | null; readonly kinds: readonly string[] }[] = [
  { proto: 4, port: null, kinds: ['ipip', 'ip6tnl'] },
  { proto: 41, port: null, kinds: ['sit', 'ip6tnl', 'gre6'] },
  { proto: 47, port: null, kinds: ['gre', 'gretap', 'ip6gre', 'ip6gretap', 'erspan'] },
  { proto: 50, port: null, kinds: ['xfrm', 'vti', 'vti6'] },
  { proto: 51, port: null, kinds: ['xfrm', 'vti', 'vti6'] },
  { proto: 132, port: 9, kinds: [] },
  { proto: 136, port: 9, kinds: [] },
];

/**
 * Two things: tunnels and rare transports (4, 41, 47, 50, 51, 132, 136) that anyone may send, on a host that is not known to have
 * the tunnel; and single sources that may send everything, of every protocol to every port. Where anyone may, others say so.
 * IPsec counts as known where the kernel has policies or states for it.
 */
export const fwExp12: Check = {
  id: 'FW-EXP-12',
  title: 'accepted packets are of protocols and to ports that somebody named',
  severity: 'medium',
  kinds: ['S'],
  refs: ['CIS Debian 12 v1.1.0 3.2.1', 'CIS Debian 12 v1.1.0 3.2.4', 'NIST 800-41r1 4.1.5'],
  why: 'A tunnel carries packets past every rule, and a machine that may send everything gives its intruder everything.',
  fix: 'Name protocols and ports; accept tunnels from their other end only.',
  run: (subject) => atDoors(subject, fwExp12.id, (family, doors, engine) => familyAnswer(subject, family, doors, engine)),
  examples: [
    { title: 'GRE from anyone', v4: filter(['-A INPUT -p gre -j ACCEPT']), v6: filter([]), finds: ['medium 4'] },
    {
      title: 'GRE on a host that has such a tunnel',
      v4: filter(['-A INPUT -p gre -j ACCEPT']),
      v6: filter([]),
      facts: { ...oneLink, links: [...oneLink.links, { name: 'gre1', kind: 'gre' }] },
      finds: [],
    },
    {
      title: 'IPsec that the kernel has states for',
      v4: filter(['-A INPUT -p esp -j ACCEPT']),
      v6: filter([]),
      facts: { ...oneLink, xfrm: { states: 2, in: 1, out: 1 } },
      finds: [],
    },
    { title: 'SCTP from anyone', v4: filter(['-A INPUT -p sctp -j ACCEPT']), v6: filter([]), finds: ['medium 4'] },
    {
      title: 'a machine that may send everything',
      v4: filter(['-A INPUT -s 203.0.113.7/32 -j ACCEPT']),
      v6: filter([]),
      finds: ['medium 4'],
    },
    {
      title: 'a machine that may send TCP',
      v4: filter(['-A INPUT -s 203.0.113.7/32 -p tcp -j ACCEPT']),
      v6: filter([]),
      finds: [],
    },
    { title: 'everything from anyone is told elsewhere', v4: inverted, v6: hardened6, finds: [] },
    { title: 'the guide', v4: guide, v6: hardened6, finds: [] },
    { title: 'a hardened pair', v4: hardened4, v6: hardened6, finds: [] },
    { title: 'rules that were not read', v4: null, v6: hardened6, finds: [], unknown: 1 },
  ],
};

function familyAnswer(subject: Subject, family: Family, doors: readonly Door[], engine: Engine): Said {
  const findings: Finding[] = [];
  let missing: Unread | null = null;
  const known = doors.filter(({ unread }) => unread === null);
  for (const ask of [protocols, sources]) {
    for (const door of known) {
      // A policy or rule that accepts all of it is told of by default-deny checks.
      if (
        isOpenToAll(subject, engine, door, 'possible') ||
        door.other(unnamedOf(subject, engine).proto).share(null, 'certain') >= anyone[family]
      )
        continue;
      const said = ask(subject, family, door, engine);
      if (said === null) continue;
      if ('why' in said && !('id' in said)) missing ??= said;
      else findings.push(said as Finding);
      break;
    }
  }
  return findings.length === 0 && missing !== null ? { unknown: missing } : findings;
}

function protocols(subject: Subject, family: Family, door: Door): Finding | Unread | null {
  const open = unusual.filter(
    ({ proto, port, kinds }) => door.other(proto).share(port, 'certain') >= anyone[family] && !isUsed(subject.host, proto, kinds),
  );
  const [first] = open;
  if (first === undefined) return null;
  const seen = shown(subject, door.other(first.proto).packet('certain', first.port === null ? null : [[first.port, first.port]]));
  if (seen.kind === 'unknown') return seen;
  if (seen.kind === 'no') return null;
  const names = open.map(({ proto }) => formatProtocol(proto));
  return exposed(subject, {
    check: fwExp12,
    family,
    severity: 'medium',
    title: `Anyone may send ${sayFew(names)} over IPv${family}`,
    shown: seen,
    sure: door.sure,
    meaning: [
      'Such packets carry others, or go to parts of the kernel that few have tested; no tunnel of this host is known to need them.',
      ...assumptions(door),
    ],
    fix: `Accept it from the other end of its tunnel only, or deny it.\n${names.map((name) => `${toolOf(family)} -I INPUT 1 -p ${name} -m conntrack --ctstate NEW -j DROP`).join('\n')}`,
  });
}

function isUsed(host: Host, proto: number, kinds: readonly string[]): boolean {
  if (host.links.known && host.links.value.some(({ kind }) => kind !== null && kinds.includes(kind))) return true;
  if (proto !== 50 && proto !== 51) return false;
  return host.xfrm.known && (host.xfrm.value.states > 0 || host.xfrm.value.policies.in > 0);
}

function sources(subject: Subject, family: Family, door: Door, engine: Engine): Finding | Unread | null {
  const { port, proto } = unnamedOf(subject, engine);
  const senders = ranges(...strangers[family], ...bogons[family]);
  const from = [
    door.tcp.reaching(port, 'certain'),
    door.udp.reaching(port, 'certain'),
    door.other(proto).reaching(null, 'certain'),
  ].reduce(common, senders);
  if (sizeOf(from) === 0n) return null;
  const seen = shown(subject, door.tcp.packet('certain', [[port, port]], from));
  if (seen.kind === 'unknown') return seen;
  if (seen.kind === 'no') return null;
  const { list } = addressWords(family, from, [], []);
  return exposed(subject, {
    check: fwExp12,
    family,
    severity: 'medium',
    title: `${sayFew(list)} may send everything over IPv${family}, to any port`,
    shown: seen,
    sure: door.sure,
    meaning: [
      'No port or protocol is named: whoever takes that machine over, or forges its address, meets no firewall here.',
      ...assumptions(door),
    ],
    fix: 'Name the protocols and ports that it needs.',
  });
}
