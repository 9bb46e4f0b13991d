import type { Peer } from './peer.ts';
import { database, type Reference } from './reference.ts';

/** The fewest rules that do what the reference says, with a set for the list; written by hand, and loaded by what iptables brings. */
export function byHand(backend: 'nft' | 'legacy'): Peer {
  const [four, six] = [`iptables-${backend}-restore`, `ip6tables-${backend}-restore`];
  const rules = `${four} </etc/by-hand/rules.v4 && ${six} </etc/by-hand/rules.v6`;
  return {
    name: `by hand, ${backend}`,
    backend,
    program: '/usr/sbin/ipset',
    configure(machine, reference) {
      machine.write('/etc/by-hand/sets', setsOf(reference));
      for (const family of [4, 6] as const) machine.write(`/etc/by-hand/rules.v${family}`, rulesOf(family));
    },
    start: `ipset restore </etc/by-hand/sets && ${rules}`,
    reload: rules,
    add: (network) => `ipset add trusted4 ${network}`,
  };
}

function setsOf({ four, six }: Reference): string {
  return [
    `create trusted4 hash:net family inet hashsize ${2 ** Math.max(10, Math.ceil(Math.log2(four.length)))} maxelem 65536`,
    ...four.map((network) => `add trusted4 ${network}`),
    'create trusted6 hash:net family inet6 maxelem 65536',
    ...six.map((network) => `add trusted6 ${network}`),
    '',
  ].join('\n');
}

function rulesOf(family: 4 | 6): string {
  return `*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate INVALID -j DROP
-A INPUT -p tcp -m multiport --dports 80,443 -j ACCEPT
-A INPUT -p tcp -m tcp --dport ${database} -m set --match-set trusted${family} src -j ACCEPT
-A INPUT -p tcp -m tcp --dport 22 -m hashlimit --hashlimit-upto 3/min --hashlimit-burst 3 --hashlimit-mode srcip --hashlimit-name ssh${family} -j ACCEPT
-A INPUT -p ${family === 4 ? 'icmp' : 'ipv6-icmp'} -j ACCEPT
-A INPUT -m limit --limit 5/min -j LOG --log-prefix "dropped: "
COMMIT
`;
}
