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
