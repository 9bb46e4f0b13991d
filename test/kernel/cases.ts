import type { Backend } from '../../src/model/host/index.ts';
import type { Family } from '../../src/model/net/index.ts';
import type { PacketJson } from '../../src/model/packet/index.ts';

/**
 * What the comparison by chance has taught, and what the manuals do not say: each case with the rules that the packet
 * meets in the kernel, which are also the interpreter's. If a kernel changes its mind, this is where it shows.
 */
export interface Case {
  readonly name: string;
  readonly backends?: readonly Backend[];
  readonly family: Family;
  /** `table CHAIN conditions`; the target is a report, unless the rule says one. */
  readonly rules: readonly string[];
  readonly packet: PacketJson;
  readonly meets: readonly string[] | Readonly<Record<Backend, readonly string[]>>;
}

export const from4 = {
  hook: 'input',
  in: 'eth0',
  src: '192.0.2.77',
  dst: '10.50.0.5',
  mac: '02:00:00:00:02:00',
  length: 100,
} as const;
const from6 = { ...from4, src: '2001:db8:a::4d', dst: 'fd50::5' } as const;

export const cases: readonly Case[] = [
  {
    name: 'security comes after the nat of INPUT with iptables-nft, before it with legacy',
    family: 4,
    // Without a user of tracking no packet belongs to a connection, and none comes by nat.
    rules: ['nat INPUT', 'security INPUT', 'filter INPUT -m conntrack --ctstate NEW'],
    packet: { ...from4, proto: 'udp', sport: 1001, dport: 9 },
    meets: {
      nft: ['filter:INPUT:1', 'nat:INPUT:1', 'security:INPUT:1'],
      legacy: ['filter:INPUT:1', 'security:INPUT:1', 'nat:INPUT:1'],
    },
  },
  {
    name: 'UDP-Lite is INVALID on arrival, since its checksum is computed as UDP would',
    family: 4,
    rules: ['filter INPUT -m conntrack --ctstate NEW', 'filter INPUT -m conntrack --ctstate INVALID'],
    packet: { ...from4, proto: 'udplite', sport: 1002, dport: 9, state: 'INVALID' },
    meets: ['filter:INPUT:2'],
  },
  {
    name: 'an ICMPv6 redirect is INVALID, though it belongs to neighbour discovery',
    family: 6,
    rules: ['filter INPUT -m conntrack --ctstate UNTRACKED', 'filter INPUT -m conntrack --ctstate INVALID'],
    packet: { ...from6, proto: 'icmpv6', icmpType: 137, icmpCode: 0, state: 'INVALID' },
    meets: ['filter:INPUT:2'],
  },
  {
    name: 'a neighbour solicitation is INVALID to raw and UNTRACKED from then on',
    family: 6,
    rules: ['raw PREROUTING -m conntrack --ctstate INVALID', 'mangle PREROUTING -m conntrack --ctstate UNTRACKED'],
    packet: { ...from6, proto: 'icmpv6', icmpType: 135, icmpCode: 0, state: 'UNTRACKED' },
    meets: ['raw:PREROUTING:1', 'mangle:PREROUTING:1'],
  },
  {
    name: 'conditions beside the state are not even looked at for a packet without a connection',
    family: 4,
    rules: [
      'filter INPUT -m conntrack --ctstate INVALID --ctorigdst 203.0.113.1',
      'filter INPUT -m conntrack ! --ctorigdst 203.0.113.1',
    ],
    packet: { ...from4, proto: 'tcp', sport: 1003, dport: 9, flags: ['FIN'], state: 'INVALID' },
    meets: ['filter:INPUT:1'],
  },
  {
    name: 'the first address of any IPv6 network without a gateway is anycast, of an own network too',
    family: 6,
    rules: [
      'filter INPUT -m addrtype --dst-type ANYCAST',
      'filter INPUT -m addrtype --dst-type LOCAL',
      'filter INPUT -m addrtype --dst-type UNICAST',
    ],
    packet: { ...from6, dst: 'fd50::', proto: 'udp', sport: 1004, dport: 9 },
    meets: ['filter:INPUT:1', 'filter:INPUT:2', 'filter:INPUT:3'],
  },
  {
    name: 'IPv6 wants UNICAST and MULTICAST both, so that no address is of either',
    family: 6,
    rules: ['filter INPUT -m addrtype --dst-type UNICAST,MULTICAST', 'filter INPUT -m addrtype --dst-type UNICAST'],
    packet: { ...from6, proto: 'udp', sport: 1005, dport: 9 },
    meets: ['filter:INPUT:2'],
  },
  {
    name: 'a multicast address is not unicast',
    family: 6,
    rules: [
      'filter INPUT -m addrtype --dst-type UNICAST',
      'filter INPUT -m addrtype --dst-type MULTICAST',
      'filter INPUT -m addrtype ! --dst-type LOCAL',
    ],
    packet: { ...from6, dst: 'ff02::1', proto: 'udp', sport: 1012, dport: 9 },
    meets: ['filter:INPUT:2', 'filter:INPUT:3'],
  },
  {
    name: 'IPv4 never says BLACKHOLE: an address behind a blackhole route is unicast',
    family: 4,
    rules: ['filter INPUT -m addrtype --src-type BLACKHOLE', 'filter INPUT -m addrtype --src-type UNICAST'],
    packet: { ...from4, src: '192.0.2.241', proto: 'udp', sport: 1006, dport: 9 },
    meets: ['filter:INPUT:2'],
  },
  {
    name: 'hash:net,iface stops at the longest prefix, whatever its interface',
    family: 4,
    rules: ['filter INPUT -m set --match-set netiface4 src,src', 'filter INPUT -s 192.0.2.0/24'],
    packet: { ...from4, src: '192.0.2.70', proto: 'udp', sport: 1007, dport: 9 },
    meets: ['filter:INPUT:2'],
  },
  {
    name: 'hash:net,iface takes a shorter prefix where no longer one holds the address',
    family: 4,
    rules: ['filter INPUT -m set --match-set netiface4 src,src'],
    packet: { ...from4, src: '192.0.2.10', proto: 'udp', sport: 1008, dport: 9 },
    meets: ['filter:INPUT:1'],
  },
  {
    name: 'a set wants all its dimensions from the rule',
    family: 4,
    rules: ['filter INPUT -m set --match-set netport4 src', 'filter INPUT -m set --match-set netport4 src,dst'],
    packet: { ...from4, src: '192.0.2.1', proto: 'tcp', sport: 1009, dport: 22 },
    meets: ['filter:INPUT:2'],
  },
  {
    name: 'POSTROUTING still knows where a forwarded packet came in',
    family: 4,
    rules: ['mangle user -i eth0', 'mangle POSTROUTING -o lan0'],
    packet: { ...from4, hook: 'forward', out: 'lan0', dst: '203.0.113.5', proto: 'udp', sport: 1010, dport: 9 },
    meets: ['mangle:user:1', 'mangle:POSTROUTING:2'],
  },
  {
    name: 'a forwarded packet has lost one hop before FORWARD',
    family: 6,
    rules: ['mangle PREROUTING -m hl --hl-eq 65', 'filter FORWARD -m hl --hl-eq 64', 'mangle POSTROUTING -m hl --hl-eq 64'],
    packet: { ...from6, hook: 'forward', out: 'lan0', dst: '2001:db8:f::5', proto: 'udp', sport: 1011, dport: 9 },
    meets: ['mangle:PREROUTING:1', 'filter:FORWARD:1', 'mangle:POSTROUTING:1'],
  },
  {
    name: 'a CT rule stands for a new connection between zeros until tracking looks, and the first such rule counts',
    family: 4,
    rules: [
      'raw PREROUTING -m conntrack --ctstate INVALID',
      'raw PREROUTING -j CT --ctevents new',
      'raw PREROUTING -m conntrack --ctstate INVALID',
      'raw PREROUTING -m conntrack --ctstate NEW --ctproto 0 --ctorigsrc 0.0.0.0/32 --ctstatus CONFIRMED',
      'raw PREROUTING -m conntrack --ctproto 6',
      'raw PREROUTING -j NOTRACK',
      'mangle PREROUTING -m conntrack --ctstate NEW --ctproto 6',
    ],
    packet: { ...from4, proto: 'tcp', sport: 1040, dport: 9 },
    meets: ['raw:PREROUTING:1', 'raw:PREROUTING:4', 'mangle:PREROUTING:1'],
  },
  {
    name: 'DNAT --random makes up the id of an echo, and so translates it where it was going anyway',
    family: 4,
    rules: [
      'nat PREROUTING -p icmp -j DNAT --to-destination 10.50.0.5 --random',
      'filter INPUT -m conntrack --ctstate DNAT',
      'filter INPUT',
    ],
    packet: { ...from4, proto: 'icmp' },
    meets: ['filter:INPUT:1', 'filter:INPUT:2'],
  },
  {
    name: 'DNAT of an echo to where it was going translates nothing otherwise',
    family: 4,
    rules: [
      'nat PREROUTING -p icmp -j DNAT --to-destination 10.50.0.5',
      'filter INPUT -m conntrack --ctstate DNAT',
      'filter INPUT',
    ],
    packet: { ...from4, src: '192.0.2.78', proto: 'icmp' },
    meets: ['filter:INPUT:2'],
  },
  {
    name: 'an IPv6 fragment meets INPUT before it is put together',
    family: 6,
    rules: ['mangle PREROUTING', 'filter INPUT', 'filter INPUT -p udp -m multiport ! --dports 9'],
    packet: { ...from6, proto: 'udp', fragment: true },
    meets: ['mangle:PREROUTING:1', 'filter:INPUT:1'],
  },
  {
    name: 'no later IPv6 fragment is in a set of ports, whatever its protocol',
    family: 6,
    rules: ['filter INPUT -m set --match-set netport6 dst,dst', 'filter INPUT -p 47'],
    packet: { ...from6, proto: '47', fragment: true },
    meets: ['filter:INPUT:2'],
  },
  {
    name: 'a later IPv4 fragment is in a set of ports if its protocol has none',
    family: 4,
    rules: ['mangle PREROUTING -m set --match-set netport4 dst,dst'],
    packet: { ...from4, proto: '47', fragment: true },
    meets: ['mangle:PREROUTING:1'],
  },
  {
    name: 'a packet whose TTL a rule leaves at 1 is answered by routing, and never comes to FORWARD',
    family: 4,
    rules: ['mangle PREROUTING', 'mangle PREROUTING -j TTL --ttl-set 1', 'mangle PREROUTING -m ttl --ttl-eq 1', 'mangle FORWARD'],
    packet: { ...from4, hook: 'forward', out: 'lan0', dst: '203.0.113.5', proto: 'udp', sport: 1070, dport: 9 },
    meets: ['mangle:PREROUTING:1', 'mangle:PREROUTING:3'],
  },
  {
    name: 'a hop limit that a rule leaves at 2 is 1 in FORWARD',
    family: 6,
    rules: ['mangle PREROUTING -j HL --hl-set 2', 'mangle FORWARD -m hl --hl-eq 1', 'mangle POSTROUTING -m hl --hl-eq 1'],
    packet: { ...from6, hook: 'forward', out: 'lan0', dst: '2001:db8:f::5', proto: 'udp', sport: 1071, dport: 9 },
    meets: ['mangle:FORWARD:1', 'mangle:POSTROUTING:1'],
  },
  {
    name: 'a TTL of 0 that a rule of FORWARD writes holds no packet up',
    family: 4,
    rules: [
      'mangle PREROUTING -j TTL --ttl-set 3',
      'mangle FORWARD -j TTL --ttl-dec 200',
      'filter FORWARD -m ttl --ttl-eq 0',
      'mangle POSTROUTING',
    ],
    packet: { ...from4, hook: 'forward', out: 'lan0', dst: '203.0.113.5', proto: 'udp', sport: 1078, dport: 9 },
    meets: ['filter:FORWARD:1', 'mangle:POSTROUTING:1'],
  },
  {
    name: 'the TTL stays within 0 and 255, and the host itself takes a packet with 0',
    family: 4,
    rules: [
      'mangle PREROUTING -j TTL --ttl-inc 200',
      'mangle PREROUTING -m ttl --ttl-eq 255',
      'mangle PREROUTING -j TTL --ttl-dec 10',
      'mangle PREROUTING -m ttl --ttl-eq 245',
      'mangle INPUT -j TTL --ttl-dec 255',
      'filter INPUT -m ttl --ttl-eq 0',
    ],
    packet: { ...from4, proto: 'udp', sport: 1072, dport: 9 },
    meets: ['mangle:PREROUTING:2', 'mangle:PREROUTING:4', 'filter:INPUT:1'],
  },
  {
    name: 'NETMAP keeps the host bits, and the connection its first address',
    family: 4,
    rules: [
      'nat PREROUTING -d 10.50.0.0/24 -j NETMAP --to 10.50.7.0/24',
      'filter INPUT -d 10.50.7.5',
      'filter INPUT -m conntrack --ctstate DNAT --ctorigdst 10.50.0.5',
    ],
    packet: { ...from4, proto: 'udp', sport: 1073, dport: 9 },
    meets: ['filter:INPUT:1', 'filter:INPUT:2'],
  },
  {
    name: 'NETMAP to a mask with holes is to the one address, and one that changes no bit translates nothing',
    family: 4,
    rules: [
      'nat PREROUTING -d 10.50.0.5 -j NETMAP --to 10.50.9.7/255.0.255.0',
      'nat PREROUTING -d 10.50.0.6 -j NETMAP --to 10.50.0.0/16',
      'filter INPUT -d 10.50.9.7',
      'filter INPUT -m conntrack --ctstate DNAT',
    ],
    packet: { ...from4, proto: 'udp', sport: 1074, dport: 9 },
    meets: ['filter:INPUT:1', 'filter:INPUT:2'],
  },
  {
    name: 'CONNMARK shifts all of the mark that it writes, and of what it copies only the masked bits',
    family: 4,
    rules: [
      'mangle PREROUTING -j CONNMARK --set-xmark 0x80000011/0xffffffff',
      'mangle PREROUTING -j CONNMARK --set-xmark 0x2/0x0 --left-shift-mark 4',
      'mangle PREROUTING -m connmark --mark 0x130',
      'mangle PREROUTING -j CONNMARK --restore-mark --nfmask 0xff --ctmask 0xf0 --right-shift-mark 4',
      'mangle PREROUTING -m mark --mark 0x3',
      'mangle PREROUTING -j CONNMARK --save-mark --nfmask 0xf --ctmask 0xff --left-shift-mark 1',
      'mangle PREROUTING -m connmark --mark 0x106',
    ],
    packet: { ...from4, proto: 'udp', sport: 1076, dport: 9 },
    meets: ['mangle:PREROUTING:3', 'mangle:PREROUTING:5', 'mangle:PREROUTING:7'],
  },
  {
    name: 'TPROXY drops the first packet of a connection for which nobody listens',
    family: 4,
    rules: [
      'mangle PREROUTING',
      'mangle PREROUTING -p tcp -j TPROXY --on-port 9 --tproxy-mark 1',
      'mangle PREROUTING',
      'mangle INPUT',
    ],
    packet: { ...from4, proto: 'tcp', sport: 1077, dport: 9 },
    meets: ['mangle:PREROUTING:1'],
  },
];
