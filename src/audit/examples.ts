import { upToDate } from './updated.ts';

/** Rulesets that several checks take as examples; each is what `iptables-save` prints. */

/** The firewall that a widespread guide builds in eleven commands. */
export const guide = `*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT
-A INPUT -p tcp -m tcp --dport 443 -j ACCEPT
-A INPUT -m limit --limit 5/min -j LOG --log-prefix "IPTables-Dropped: "
-A INPUT -p tcp -m tcp --dport 22 -m state --state NEW -m recent --set --name DEFAULT --mask 255.255.255.255 --rsource
-A INPUT -p tcp -m tcp --dport 22 -m state --state NEW -m recent --update --seconds 60 --hitcount 4 --name DEFAULT --mask 255.255.255.255 --rsource -j DROP
-A INPUT -s 192.168.1.50/32 -p tcp -m tcp --dport 22 -j ACCEPT
-A INPUT -p tcp -m tcp --dport 22 -j DROP
COMMIT
`;

/** The same commands run a second time: every rule stands twice. */
export const guideTwice = guide.replace(/^((?:-A .*\n)+)/m, '$1$1');

/** A web server's firewall as it should be, IPv4. */
export const hardened4 = `*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT DROP [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -s 127.0.0.0/8 -j DROP
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -m conntrack --ctstate INVALID -j DROP
-A INPUT -p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -m conntrack --ctstate NEW -j DROP
-A INPUT -p icmp -m icmp --icmp-type 8 -m limit --limit 5/sec -j ACCEPT
-A INPUT -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW -m hashlimit --hashlimit-upto 3/min --hashlimit-burst 3 --hashlimit-mode srcip --hashlimit-name ssh4 -m comment --comment "ssh: operators" -j ACCEPT
-A INPUT -p tcp -m multiport --dports 80,443 -m connlimit --connlimit-above 100 --connlimit-mask 32 --connlimit-saddr -j DROP
-A INPUT -p tcp -m multiport --dports 80,443 -m comment --comment "web: the shop" -j ACCEPT
-A INPUT -m hashlimit --hashlimit-upto 10/min --hashlimit-burst 20 --hashlimit-mode srcip --hashlimit-name log4 -j LOG --log-prefix "denied: " --log-level 6
-A OUTPUT -o lo -j ACCEPT
-A OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A OUTPUT -p icmp -j ACCEPT
-A OUTPUT -p udp -m multiport --dports 53,123 -j ACCEPT
-A OUTPUT -p tcp -m multiport --dports 53,80,443 -j ACCEPT
COMMIT
`;

/** Its mirror for IPv6, with the ICMPv6 that IPv6 cannot do without (RFC 4890). */
export const hardened6 = `*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT DROP [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -m conntrack --ctstate INVALID -j DROP
-A INPUT -p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -m conntrack --ctstate NEW -j DROP
-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 1 -j ACCEPT
-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 2 -j ACCEPT
-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 3 -j ACCEPT
-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 4 -j ACCEPT
-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 128 -m limit --limit 5/sec -j ACCEPT
-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 134 -m hl --hl-eq 255 -j ACCEPT
-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 135 -m hl --hl-eq 255 -j ACCEPT
-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 136 -m hl --hl-eq 255 -j ACCEPT
-A INPUT -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW -m hashlimit --hashlimit-upto 3/min --hashlimit-burst 3 --hashlimit-mode srcip --hashlimit-name ssh6 -m comment --comment "ssh: operators" -j ACCEPT
-A INPUT -p tcp -m multiport --dports 80,443 -m connlimit --connlimit-above 100 --connlimit-mask 64 --connlimit-saddr -j DROP
-A INPUT -p tcp -m multiport --dports 80,443 -m comment --comment "web: the shop" -j ACCEPT
-A INPUT -m hashlimit --hashlimit-upto 10/min --hashlimit-burst 20 --hashlimit-mode srcip --hashlimit-name log6 -j LOG --log-prefix "denied: " --log-level 6
-A OUTPUT -o lo -j ACCEPT
-A OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A OUTPUT -p ipv6-icmp -j ACCEPT
-A OUTPUT -p udp -m multiport --dports 53,123 -j ACCEPT
-A OUTPUT -p tcp -m multiport --dports 53,80,443 -j ACCEPT
COMMIT
`;

/** Looks closed, with its DROP policy and its decorations, and lets everything in by its first two rules. */
export const inverted = `*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -s 0.0.0.0/1 -j ACCEPT
-A INPUT -s 128.0.0.0/1 -j ACCEPT
-A INPUT -i lo -j ACCEPT
-A INPUT -s 127.0.0.0/8 -j DROP
-A INPUT -p tcp -m state --state ESTABLISHED -j ACCEPT
-A INPUT -p tcp -m tcp --dport 3306 -j DROP
-A INPUT -m limit --limit 5/min -j LOG --log-prefix "denied: "
COMMIT
`;

/** No rules at all, as both families stand on a fresh machine. */
export const empty = `*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
COMMIT
`;

/** The filter table with these lines in it; policies DROP, DROP, ACCEPT unless said otherwise. */
export function filter(rules: readonly string[], policies: { INPUT?: string; FORWARD?: string; OUTPUT?: string } = {}): string {
  const { INPUT = 'DROP', FORWARD = 'DROP', OUTPUT = 'ACCEPT' } = policies;
  const chains = rules.filter((line) => line.startsWith(':'));
  const appended = rules.filter((line) => !line.startsWith(':'));
  return [
    '*filter',
    `:INPUT ${INPUT} [0:0]`,
    `:FORWARD ${FORWARD} [0:0]`,
    `:OUTPUT ${OUTPUT} [0:0]`,
    ...chains,
    ...appended,
    'COMMIT',
    '',
  ].join('\n');
}

/** One machine in a data centre: the facts of every example that says no others. */
export const oneLink = {
  hostname: 'example',
  backend: 'nft',
  links: [
    { name: 'lo', up: true, loopback: true },
    { name: 'eth0', up: true },
  ],
  addresses: [
    { link: 'eth0', address: '198.51.100.10/24' },
    { link: 'eth0', address: '2001:db8::10/64' },
  ],
  foreignChains: [],
  ...upToDate,
};

/** What Docker writes for one container at 172.17.0.2, INPUT closed; a published port may have a destination before it. */
export function dockerRules({
  published,
  input = [],
  user = [],
}: {
  readonly published: readonly string[];
  readonly input?: readonly string[];
  readonly user?: readonly string[];
}): string {
  const ports = published.map((each) => ({
    port: each.split(' ').at(-1),
    to: each.includes(' ') ? each.replace(/ \S+$/, ' ') : '',
  }));
  return [
    '*nat',
    ...['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'].map((chain) => `:${chain} ACCEPT [0:0]`),
    ':DOCKER - [0:0]',
    '-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER',
    '-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER',
    '-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE',
    '-A DOCKER -i docker0 -j RETURN',
    ...ports.map(
      ({ port, to }) => `-A DOCKER ${to}! -i docker0 -p tcp -m tcp --dport ${port} -j DNAT --to-destination 172.17.0.2:${port}`,
    ),
    'COMMIT',
    '*filter',
    ':INPUT DROP [0:0]',
    ':FORWARD DROP [0:0]',
    ':OUTPUT ACCEPT [0:0]',
    ':DOCKER - [0:0]',
    ':DOCKER-USER - [0:0]',
    '-A INPUT -i lo -j ACCEPT',
    '-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    ...input,
    '-A FORWARD -j DOCKER-USER',
    '-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    '-A FORWARD -o docker0 -j DOCKER',
    '-A FORWARD -i docker0 ! -o docker0 -j ACCEPT',
    ...ports.map(({ port }) => `-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport ${port} -j ACCEPT`),
    ...user,
    '-A DOCKER-USER -j RETURN',
    'COMMIT',
    '',
  ].join('\n');
}

/** The machine that goes with them. */
export const dockerFacts = {
  ...oneLink,
  links: [...oneLink.links, { name: 'docker0', kind: 'bridge' }],
  addresses: [...oneLink.addresses, { link: 'docker0', address: '172.17.0.1/16' }],
  routes: [
    { to: 'default', via: '198.51.100.1', link: 'eth0' },
    { to: '198.51.100.0/24', link: 'eth0' },
    { to: '172.17.0.0/16', link: 'docker0' },
    { to: '198.51.100.10', type: 'local', table: 'local', link: 'eth0' },
    { to: '172.17.0.1', type: 'local', table: 'local', link: 'docker0' },
    { to: '127.0.0.0/8', type: 'local', table: 'local', link: 'lo' },
    { to: 'default', via: '2001:db8::1', link: 'eth0', family: 6 },
    { to: '2001:db8::/64', link: 'eth0' },
    { to: '2001:db8::10', type: 'local', table: 'local', link: 'eth0' },
  ],
  sysctls: {
    'net.ipv4.ip_forward': '1',
    'net.ipv6.conf.all.forwarding': '0',
    'net.ipv4.conf.all.rp_filter': '0',
    'net.ipv4.conf.eth0.rp_filter': '0',
  },
};

/** A router between eth0 and its network 10.0.0.0/24 at eth1: rules of nat, and of filter, whose policies deny. */
export function natRules(nat: readonly string[], rules: readonly string[]): string {
  return [
    '*nat',
    ...['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'].map((chain) => `:${chain} ACCEPT [0:0]`),
    ...nat,
    'COMMIT',
    filter(['-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT', ...rules]),
  ].join('\n');
}

/** The machine that goes with them. */
export const natRouter = {
  ...oneLink,
  links: [...oneLink.links, { name: 'eth1', up: true }],
  addresses: [...oneLink.addresses, { link: 'eth1', address: '10.0.0.1/24' }],
  routes: [
    { to: 'default', via: '198.51.100.1', link: 'eth0' },
    { to: '198.51.100.0/24', link: 'eth0' },
    { to: '10.0.0.0/24', link: 'eth1' },
    { to: '198.51.100.10', type: 'local', table: 'local', link: 'eth0' },
    { to: '10.0.0.1', type: 'local', table: 'local', link: 'eth1' },
    { to: '127.0.0.0/8', type: 'local', table: 'local', link: 'lo' },
    { to: 'default', via: '2001:db8::1', link: 'eth0', family: 6 },
    { to: '2001:db8::/64', link: 'eth0' },
    { to: '2001:db8::10', type: 'local', table: 'local', link: 'eth0' },
  ],
  sysctls: {
    'net.ipv4.ip_forward': '1',
    'net.ipv6.conf.all.forwarding': '0',
    'net.ipv4.conf.all.rp_filter': '0',
    'net.ipv4.conf.eth0.rp_filter': '0',
    'net.ipv4.conf.eth1.rp_filter': '0',
  },
};
