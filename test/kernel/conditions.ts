import {
  addrtype,
  always,
  type Condition,
  comment,
  connmark,
  conntrack,
  destination,
  fragment,
  icmp,
  inLink,
  iprange,
  length,
  type Maker,
  mac,
  mark,
  multiport,
  outLink,
  owner,
  type Proto,
  pkttype,
  ports,
  type Site,
  service,
  set,
  source,
  state,
  tcpFlags,
  ttl,
} from './matches.ts';

const makers: readonly Maker[] = [
  source,
  source,
  destination,
  destination,
  inLink,
  outLink,
  ports,
  ports,
  multiport,
  iprange,
  tcpFlags,
  icmp,
  state,
  conntrack,
  conntrack,
  mark,
  mark,
  connmark,
  addrtype,
  addrtype,
  mac,
  length,
  ttl,
  set,
  set,
  comment,
  fragment,
  fragment,
  owner,
  owner,
  owner,
  pkttype,
  pkttype,
  service,
  service,
  service,
];

const ofProtocol: Readonly<Record<Exclude<Proto, null>, readonly Maker[]>> = {
  tcp: [ports, multiport, tcpFlags, conntrack],
  udp: [ports, multiport, conntrack],
  udplite: [multiport],
  sctp: [ports, ports, multiport],
  dccp: [ports, ports, multiport],
  icmp: [icmp],
  gre: [conntrack],
};

const protoNumbers = { tcp: 6, udp: 17, udplite: 136, sctp: 132, dccp: 33, icmp: 1, gre: 47 } as const;

/** The conditions of one rule. A rule without any happens, but not often: it hides the rest of its chain. */
export function conditions(site: Site): readonly Condition[] {
  const { random, family } = site;
  const found: Condition[] = [];
  let proto: Proto = null;
  if (random.chance(0.55)) {
    proto = random.pick(['tcp', 'tcp', 'tcp', 'udp', 'udp', 'icmp', 'icmp', 'sctp', 'dccp', 'udplite', 'gre'] as const);
    site.edges.protos.push(proto === 'icmp' && family === 6 ? 58 : protoNumbers[proto]);
    const name = proto === 'icmp' && family === 6 ? 'ipv6-icmp' : proto;
    if (random.chance(0.15)) {
      found.push({ text: `! -p ${name}`, kinds: ['protocol', '! protocol'] });
      proto = null;
    } else found.push(always('protocol', `-p ${name}`));
  }
  const wanted = random.pick([0, 1, 1, 1, 2, 2, 3]) + (found.length === 0 ? 1 : 0);
  const used = new Set<Maker>();
  for (let left = wanted; left > 0; left -= 1) {
    // What goes with one protocol only would otherwise come too seldom.
    const maker = proto !== null && random.chance(0.4) ? random.pick(ofProtocol[proto]) : random.pick(makers);
    // iptables takes each of the core conditions once.
    if (used.has(maker)) continue;
    used.add(maker);
    const made = maker(site, proto);
    if (made !== null) found.push(made);
  }
  return found;
}

/** Everything that the comparison has to have exercised before it says anything. */
export const required: readonly string[] = [
  ...[
    'source',
    'destination',
    'in interface',
    'in interface +',
    'out interface',
    'out interface +',
    'protocol',
    'ports',
    'multiport',
  ],
  ...[
    'iprange',
    'tcp-flags',
    'icmp',
    'icmpv6',
    'state',
    'conntrack state',
    'conntrack origsrc',
    'conntrack origdst',
    'conntrack proto',
  ],
  ...[
    'conntrack ports',
    'conntrack status',
    'mark',
    'connmark',
    'addrtype',
    'addrtype of a link',
    'mac',
    'length',
    'ttl',
    'hl',
    'set',
    'fragment',
  ],
  ...['owner --uid-owner', 'owner --gid-owner', 'owner --socket-exists', 'pkttype', 'dscp', 'tos', 'ecn'],
]
  .flatMap((kind) => [kind, `! ${kind}`])
  // What the lab sends has a socket; only what is routed on has none.
  .filter((kind) => kind !== '! addrtype of a link' && kind !== '! owner --socket-exists')
  .concat('comment', 'conntrack direction')
  .concat(['ACCEPT', 'DROP', 'REJECT', 'QUEUE', 'RETURN', 'jump', 'goto', 'no target', 'report', 'bystander', 'TEE', 'TRACE'])
  .concat(['MARK', 'CONNMARK', 'CONNMARK save', 'CONNMARK restore', 'NOTRACK', 'CT', 'TPROXY'])
  .concat(['TTL set', 'TTL inc', 'TTL dec', 'HL set', 'HL inc', 'HL dec'])
  .concat(['DNAT', 'DNAT choice', 'REDIRECT', 'REDIRECT choice', 'SNAT', 'MASQUERADE', 'NETMAP'])
  .concat(['NEW', 'ESTABLISHED', 'RELATED', 'INVALID', 'UNTRACKED', 'IPv4', 'IPv6'])
  .concat(['input', 'forward', 'output', 'loopback', 'later fragment before INPUT', 'later fragment in INPUT', 'in fragments']);
