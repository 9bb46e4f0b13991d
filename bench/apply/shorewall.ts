import { readFileSync } from 'node:fs';
import type { Peer } from './peer.ts';
import { database } from './reference.ts';

/** The example for a server with one interface that its package brings, with the rules of the reference. */
export const shorewall: Peer = {
  name: 'shorewall + shorewall6',
  backend: 'nft',
  program: '/usr/sbin/shorewall',
  configure(machine, { four, six }) {
    for (const [name, zone, networks] of [
      ['shorewall', 'ipv4', four],
      ['shorewall6', 'ipv6', six],
    ] as const) {
      const example = `/usr/share/doc/${name}/examples/one-interface/${name}.conf`;
      machine.write(
        `/etc/${name}/${name}.conf`,
        readFileSync(machine.seen(example), 'latin1').replace(/^STARTUP_ENABLED=.*$/m, 'STARTUP_ENABLED=Yes'),
      );
      machine.write(`/etc/${name}/zones`, `fw firewall\nnet ${zone}\n`);
      machine.write(`/etc/${name}/interfaces`, '?FORMAT 2\nnet e0 tcpflags\n');
      machine.write(`/etc/${name}/policy`, '$FW net ACCEPT\nnet all DROP $LOG_LEVEL\nall all REJECT $LOG_LEVEL\n');
      const source = (network: string): string => (zone === 'ipv4' ? network : `[${network}]`);
      machine.write(
        `/etc/${name}/rules`,
        [
          '?SECTION ESTABLISHED\n?SECTION RELATED\n?SECTION INVALID',
          'DROP net $FW',
          '?SECTION NEW',
          'ACCEPT net $FW tcp 22 - - s:ssh:3/min:3',
          'ACCEPT net $FW tcp 80,443',
          ...networks.map((network) => `ACCEPT net:${source(network)} $FW tcp ${database}`),
          `ACCEPT net $FW ${zone === 'ipv4' ? 'icmp' : 'ipv6-icmp'}`,
          '',
        ].join('\n'),
      );
    }
  },
  start: 'shorewall start && shorewall6 start',
  reload: 'shorewall reload && shorewall6 reload',
};
