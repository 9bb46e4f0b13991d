import type { Peer } from './peer.ts';
import { database } from './reference.ts';

export const ferm: Peer = {
  name: 'ferm',
  backend: 'legacy',
  program: '/usr/sbin/ferm',
  configure(machine, { four, six }) {
    const block = (domain: string, icmp: string, networks: readonly string[]): string => `domain ${domain} table filter {
  chain INPUT {
    policy DROP;
    mod state state INVALID DROP;
    mod state state (ESTABLISHED RELATED) ACCEPT;
    interface lo ACCEPT;
    proto ${icmp} ACCEPT;
    proto tcp dport 22 mod hashlimit hashlimit 3/minute hashlimit-burst 3 hashlimit-mode srcip hashlimit-name ssh ACCEPT;
    proto tcp dport (80 443) ACCEPT;
    proto tcp dport ${database} saddr (${networks.join(' ')}) ACCEPT;
    mod limit limit 5/minute LOG log-prefix "dropped: ";
  }
  chain FORWARD policy DROP;
  chain OUTPUT policy ACCEPT;
}
`;
    machine.write('/etc/ferm/ferm.conf', block('ip', 'icmp', four) + block('ip6', 'icmpv6', six));
  },
  start: 'ferm /etc/ferm/ferm.conf',
  reload: 'ferm /etc/ferm/ferm.conf',
};
