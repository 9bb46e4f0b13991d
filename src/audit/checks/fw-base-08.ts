import { sayList } from '../blame.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { command } from '../command.ts';
import { oneLink } from '../examples.ts';
import { enabled, file } from '../host-examples.ts';
import { fine, found, given } from '../host-finding.ts';
import { startingManagers } from '../managers.ts';

const host = (...files: readonly object[]): object => ({ ...oneLink, files });
const ufw = [enabled('ufw.service'), file('/etc/ufw/ufw.conf', 'ENABLED=yes\n')];
const persistent = enabled('netfilter-persistent.service');

/** Those that start at boot count, not those that are merely installed, as benchmarks have it; Docker and fail2ban add to a firewall and are none. */
export const fwBase08: Check = {
  id: 'FW-BASE-08',
  title: 'one program alone sets the firewall up at boot',
  severity: 'high',
  kinds: ['H'],
  refs: [
    'CIS Debian 12 v1.1.0 4.1.1',
    'CIS Debian 12 v1.1.0 4.2.2',
    'CIS Debian 12 v1.1.0 4.3.2',
    'CIS Debian 12 v1.1.0 4.4.1.2',
    'CIS Debian 12 v1.1.0 4.4.1.3',
    'CIS Ubuntu 22.04 v2.0.0 4.1.2',
    'SSG firewall_single_service_active',
  ],
  why: 'Each of them removes what it does not know. Which rules hold after a boot hangs on which of them came last.',
  fix: 'Keep one and disable the others.',
  run,
  examples: [
    { title: 'none', facts: host(), finds: [] },
    { title: 'one', facts: host(persistent), finds: [] },
    { title: 'two', facts: host(persistent, ...ufw), finds: ['high null'] },
    {
      title: 'ufw starts but is switched off',
      facts: host(persistent, ufw[0] as object, file('/etc/ufw/ufw.conf', 'ENABLED=no\n')),
      finds: [],
    },
    { title: "two names of Debian's one", facts: host(persistent, enabled('iptables.service')), finds: [] },
    {
      title: 'masked',
      facts: host(persistent, enabled('firewalld.service'), {
        path: '/etc/systemd/system/firewalld.service',
        target: '/dev/null',
      }),
      finds: [],
    },
    {
      title: 'as systemd says',
      facts: {
        ...host(),
        units: [{ name: 'firewalld.service' }, { name: 'nftables.service' }, { name: 'ufw.service', enabled: 'disabled' }],
      },
      finds: ['high null'],
    },
    {
      title: "by System V's init",
      facts: host({ path: '/etc/rcS.d/S01ufw', target: '../init.d/ufw' }, persistent),
      finds: ['high null'],
    },
    { title: 'nothing was read', finds: [], unknown: 1 },
  ],
};

function run({ host }: Subject): Answer {
  return given(fwBase08, [startingManagers(host)], (starting) => {
    if (starting.length < 2) return fine;
    const names = starting.map(({ name }) => name);
    return found(fwBase08, {
      title: `${names.length} programs set the firewall up at boot: ${sayList(names)}`,
      why: 'Each replaces or flushes rules that it did not make. The firewall after a boot is the work of the one that comes last, or a mixture.',
      fix: `Keep one of them, and see to it that it holds all the rules; then disable the others.
${starting
  .slice(1)
  .map(({ unit }) => command`systemctl disable ${`${unit}.service`}`)
  .join('\n')}`,
    });
  });
}
