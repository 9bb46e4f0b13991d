import type { RehearsalInput } from '../../src/kernel/index.ts';
import type { Packet } from '../../src/model/packet/index.ts';

/** A server with two links, a set and rules of both families. */
export function rehearsalOf(
  backend: 'nft' | 'legacy',
): RehearsalInput & { readonly rulesets: { readonly 4: string; readonly 6: string } } {
  const head = '*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n:web - [0:0]\n';
  const common = [
    '-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    '-A INPUT -i lo -j ACCEPT',
    '-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT',
    '-A INPUT -p udp -m udp --dport 53 -m limit --limit 1/hour --limit-burst 3 -j ACCEPT',
    '-A INPUT -p tcp -m multiport --dports 80,443 -j web',
    '-A FORWARD -i eth0 -o eth1 -p tcp -m tcp --dport 8080 -j ACCEPT',
    '-A FORWARD -m conntrack --ctstate RELATED -m conntrack --ctdir REPLY -j ACCEPT',
    '-A OUTPUT -p tcp -m tcp --dport 25 -j DROP',
    '-A OUTPUT -m mark --mark 0x7 -j DROP',
  ];
  const four = [
    ...common,
    '-A web -m set --match-set friends src -j ACCEPT',
    '-A web -j REJECT --reject-with icmp-port-unreachable',
  ];
  const echo = '-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 128 -j ACCEPT';
  const six = [...common.slice(0, 5), echo, ...common.slice(5), '-A web -j DROP'];
  const nat =
    '*nat\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n' +
    '-A PREROUTING -d 198.51.100.9/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.5:8080\nCOMMIT\n';
  return {
    backend,
    packets: true,
    links: [{ name: 'lo' }, { name: 'eth0' }, { name: 'eth1' }],
    addresses: [
      { link: 'eth0', address: '198.51.100.1/24' },
      { link: 'eth0', address: '198.51.100.9/24' },
      { link: 'eth1', address: '10.0.0.1/24' },
      { link: 'eth0', address: '2001:db8::1/64' },
      { link: 'eth1', address: '2001:db8:1::1/64' },
    ],
    routes: [
      { to: 'default', via: '198.51.100.254', link: 'eth0' },
      { to: 'default', via: '2001:db8::fe', link: 'eth0' },
    ],
    sets: 'create friends hash:net family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0x1\nadd friends 203.0.113.0/28\n',
    rulesets: { 4: `${head}${four.join('\n')}\nCOMMIT\n${nat}`, 6: `${head}${six.join('\n')}\nCOMMIT\n` },
  };
}

/** A new connection to the server's SSH. */
export const rehearsedPacket: Packet = {
  family: 4,
  hook: 'input',
  in: 'eth0',
  out: null,
  src: 0xcb007109n,
  dst: 0xc6336401n,
  proto: 6,
  sport: 40000,
  dport: 22,
  icmpType: null,
  icmpCode: null,
  flags: 2,
  state: 'NEW',
  status: 0,
  direction: 'original',
  original: null,
  mark: 0,
  connmark: 0,
  length: 60,
  ttl: 64,
  fragment: false,
  mac: null,
};

const ssh = rehearsedPacket;
const v6 = {
  family: 6,
  length: 80,
  src: 0x20010db8_0002_0000_0000_0000_0000_0009n,
  dst: 0x20010db8_0000_0000_0000_0000_0000_0001n,
} as const;
export const out = { hook: 'output', in: null, out: 'eth0', src: ssh.dst, dst: ssh.src } as const;
export const forwarded = { hook: 'forward', out: 'eth1', dst: 0x0a000005n, dport: 8080 } as const;
export const udp = { proto: 17, flags: 0 } as const;
const echo = { proto: 1, flags: 0, sport: null, dport: null, icmpType: 8, icmpCode: 0 } as const;
const established = { state: 'ESTABLISHED', flags: 16, status: 10 } as const;

const related = { ...echo, icmpType: 3, icmpCode: 1, state: 'RELATED', status: 10 } as const;
const related6 = { ...related, proto: 58, icmpType: 1, icmpCode: 0, length: 128 } as const;
const abroad = { src: ssh.dst, dst: 0x08080808n, sport: 41004, dport: 443 } as const;

/** All hooks, both families and what conntrack says of each, with a name. */
export const rehearsedPackets: readonly (readonly [what: string, packet: Packet])[] = [
  ['ssh', ssh],
  ['a closed port', { ...ssh, dport: 23 }],
  ['a friend of the web', { ...ssh, dport: 443, src: 0xcb007103n }],
  ['a stranger to the web', { ...ssh, dport: 443, src: 0xcb007203n }],
  ['an echo', { ...ssh, ...echo }],
  ['SCTP', { ...ssh, proto: 132, flags: 0 }],
  ['GRE', { ...ssh, proto: 47, flags: 0, sport: null, dport: null }],
  ['UDP-Lite', { ...ssh, proto: 136, flags: 0 }],
  ['a short TTL', { ...ssh, ttl: 1 }],
  ['a long packet', { ...ssh, length: 9000 }],
  ['over loopback', { ...ssh, in: 'lo', src: 0x7f000001n, dst: 0x7f000001n, dport: 5432 }],
  ['forwarded', { ...ssh, ...forwarded }],
  ['forwarded, another port', { ...ssh, ...forwarded, dport: 8081 }],
  ['forwarded, one hop left', { ...ssh, ...forwarded, sport: 40001, ttl: 1 }],
  ['forwarded by a translation', { ...ssh, ...forwarded, dst: 0xc6336409n, dport: 80 }],
  ['mail going out', { ...ssh, ...out, dport: 25 }],
  ['web going out', { ...ssh, ...out, dport: 443 }],
  ['web going out, marked', { ...ssh, ...out, dport: 443, sport: 40002, mark: 7 }],
  ['established', { ...ssh, ...established, dport: 8, sport: 41000 }],
  ['established, the answer to ours', { ...ssh, ...established, dport: 42000, sport: 443, direction: 'reply' }],
  ['established, UDP', { ...ssh, ...established, ...udp, dport: 9, sport: 41001 }],
  ['established, echo reply', { ...ssh, ...established, ...echo, icmpType: 0, direction: 'reply' }],
  ['established and forwarded', { ...ssh, ...forwarded, ...established, dport: 99, sport: 41002 }],
  ['related, about our answer', { ...ssh, ...related }],
  [
    'related, a router about what we sent',
    { ...ssh, ...related, icmpType: 11, icmpCode: 0, direction: 'reply', original: abroad },
  ],
  [
    'related, about an echo',
    { ...ssh, ...related, original: { ...abroad, src: 0xcb00710an, dst: ssh.dst, sport: null, dport: null } },
  ],
  ['related and forwarded', { ...ssh, ...forwarded, ...related, direction: 'reply', icmpCode: 4 }],
  ['related and forwarded, the other way', { ...ssh, ...forwarded, ...related }],
  ['related, our own', { ...ssh, ...out, ...related, direction: 'reply' }],
  ['related, IPv6', { ...ssh, ...v6, ...related6 }],
  ['related, IPv6, too big', { ...ssh, ...v6, ...related6, icmpType: 2, direction: 'reply' }],
  ['ssh, IPv6', { ...ssh, ...v6 }],
  ['a closed port, IPv6', { ...ssh, ...v6, dport: 23 }],
  ['a stranger to the web, IPv6', { ...ssh, ...v6, dport: 80 }],
  ['an echo, IPv6', { ...ssh, ...v6, ...echo, proto: 58, icmpType: 128 }],
  ['forwarded, IPv6', { ...ssh, ...v6, hook: 'forward', out: 'eth1', dst: v6.dst | (1n << 80n) | 0x10n, dport: 8080 }],
  ['mail going out, IPv6', { ...ssh, ...v6, hook: 'output', in: null, out: 'eth0', src: v6.dst, dst: v6.src, dport: 25 }],
  ['established, IPv6', { ...ssh, ...v6, ...established, dport: 7, sport: 41003 }],
];
