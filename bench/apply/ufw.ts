import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Peer } from './peer.ts';
import { database } from './reference.ts';

/** Its rules are written into its own file, as `ufw allow` would one by one in minutes. */
export const ufw: Peer = {
  name: 'ufw',
  backend: 'nft',
  program: '/usr/sbin/ufw',
  configure(machine, { four, six }) {
    const shared = (name: string): string => readFileSync(machine.seen(join('/usr/share/ufw', name)), 'latin1');
    // What its package's own script puts there.
    for (const name of ['before.rules', 'before6.rules', 'after.rules', 'after6.rules'])
      machine.write(`/etc/ufw/${name}`, shared(`iptables/${name}`), 0o640);
    for (const name of ['before.init', 'after.init']) machine.write(`/etc/ufw/${name}`, shared(name), 0o640);
    machine.write('/etc/ufw/ufw.conf', shared('ufw.conf'));
    for (const [name, networks, any] of [
      ['user.rules', four, '0.0.0.0/0'],
      ['user6.rules', six, '::/0'],
    ] as const) {
      const chain = name === 'user.rules' ? 'ufw' : 'ufw6';
      const lead = `-A ${chain}-user-input -p tcp --dport`;
      const rules = [
        `### tuple ### limit tcp 22 ${any} any ${any} in`,
        `${lead} 22 -m conntrack --ctstate NEW -m recent --set`,
        `${lead} 22 -m conntrack --ctstate NEW -m recent --update --seconds 30 --hitcount 6 -j ${chain}-user-limit`,
        `${lead} 22 -j ${chain}-user-limit-accept`,
        ...[80, 443].flatMap((port) => [`### tuple ### allow tcp ${port} ${any} any ${any} in`, `${lead} ${port} -j ACCEPT`]),
        ...networks.flatMap((network) => [
          `### tuple ### allow tcp ${database} ${any} any ${network} in`,
          `${lead} ${database} -s ${network} -j ACCEPT`,
        ]),
      ];
      const text = shared(`iptables/${name}`).replace(
        '### RULES ###\n',
        `### RULES ###\n\n${rules.join('\n')}\n\n### END RULES ###\n`,
      );
      machine.write(`/etc/ufw/${name}`, text, 0o640);
    }
  },
  start: 'ufw --force enable',
  reload: 'ufw reload',
  add: (network) => `ufw allow proto tcp from ${network} to any port ${database}`,
};
