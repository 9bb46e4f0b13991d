import type { Peer } from './peer.ts';
import { database } from './reference.ts';

/** With a rule for each network, and with a set of its own. */
function described(name: string, withSet: boolean): Peer {
  return {
    name,
    backend: 'legacy',
    program: '/usr/sbin/firehol',
    configure(machine, { four, six }) {
      machine.write('/etc/default/firehol', 'START_FIREHOL=YES\n');
      machine.write('/etc/firehol/trusted', `${four.join('\n')}\n`);
      const from = withSet ? 'ipset:trusted' : '"$(cat /etc/firehol/trusted)"';
      machine.write(
        '/etc/firehol/firehol.conf',
        `version 6
server_database_ports="tcp/${database}"
client_database_ports="default"
${withSet ? 'ipset4 create trusted hash:net maxelem 65536\nipset4 addfile trusted nets /etc/firehol/trusted\n' : ''}interface any world
  policy drop
  server ssh accept with limit 3/minute 3
  server "http https" accept
  server4 database accept src ${from}
  server6 database accept src "${six.join(' ')}"
  server icmp accept
  server6 icmpv6 accept
  client all accept
`,
      );
    },
    start: 'firehol start',
    reload: 'firehol start',
  };
}

export const firehol = described('firehol', false);
export const fireholWithSet = described('firehol, its set', true);
