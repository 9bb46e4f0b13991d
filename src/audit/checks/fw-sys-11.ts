import { savedSetting, savedSettings } from '../../model/host/index.ts';
import { sayList } from '../blame.ts';
import { bySystemd, starterOf } from '../booting.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { enabled, file, withSettings } from '../host-examples.ts';
import { fine, found, given, shellWord } from '../host-finding.ts';
import { startingManagers } from '../managers.ts';
import { forwardsOnPurpose } from '../routing-on-purpose.ts';

const sysctls = { 'net.ipv4.tcp_syncookies': '1', 'net.ipv4.conf.all.rp_filter': '0', 'net.ipv4.conf.eth0.rp_filter': '1' };
const host = (...files: readonly object[]): object => ({ ...withSettings(sysctls), files });
const most = 5;

/**
 * Settings that a file sets and that are otherwise now. Benchmarks also want every setting in a file; one that is as Linux comes needs none.
 * Forwarding is left out on hosts that forward on purpose, since container runtimes and VPNs switch it on when they start.
 */
export const fwSys11: Check = {
  id: 'FW-SYS-11',
  title: 'kernel settings are what the files say that they are after a boot',
  severity: 'low',
  kinds: ['H'],
  refs: ['SSG sysctl template'],
  why: 'Settings that differ from their file change with the next boot, for better or worse; or something overrode the file since.',
  fix: 'Bring the file and the setting together.',
  run,
  examples: [
    { title: 'no files', facts: host(), finds: [] },
    {
      title: 'the file is in force',
      facts: host(file('/etc/sysctl.d/60-net.conf', '# ours\nnet.ipv4.tcp_syncookies = 1\n')),
      finds: [],
    },
    {
      title: 'the file is not in force',
      facts: host(file('/etc/sysctl.d/60-net.conf', 'net/ipv4/tcp_syncookies=0\n')),
      finds: ['low null'],
    },
    {
      title: 'a later file, whatever its folder',
      facts: host(
        file('/etc/sysctl.d/10-net.conf', 'net.ipv4.tcp_syncookies=0\n'),
        file('/usr/lib/sysctl.d/50-net.conf', 'net.ipv4.tcp_syncookies=1\n'),
      ),
      finds: [],
    },
    {
      title: 'a file hidden by one of its name',
      facts: host(file('/usr/lib/sysctl.d/50-net.conf', 'net.ipv4.tcp_syncookies=0\n'), {
        path: '/etc/sysctl.d/50-net.conf',
        target: '/dev/null',
      }),
      finds: [],
    },
    {
      title: 'for every link but all',
      facts: host(file('/usr/lib/sysctl.d/50-default.conf', 'net.ipv4.conf.*.rp_filter = 1\n-net.ipv4.conf.all.rp_filter\n')),
      finds: [],
    },
    {
      title: 'systemd does not read sysctl.conf by itself',
      facts: host(file('/etc/sysctl.conf', 'net.ipv4.tcp_syncookies=0\n')),
      finds: [],
    },
    {
      title: 'but by a link, as Debian has it',
      facts: host({ path: '/etc/sysctl.d/99-sysctl.conf', target: '../sysctl.conf', text: 'net.ipv4.tcp_syncookies=0\n' }),
      finds: ['low null'],
    },
    {
      title: 'ufw sets its own behind them',
      facts: host(
        file('/etc/sysctl.d/60-net.conf', 'net.ipv4.tcp_syncookies=0\n'),
        file('/etc/ufw/sysctl.conf', 'net/ipv4/tcp_syncookies=1\n'),
        file('/etc/ufw/ufw.conf', 'ENABLED=yes\n'),
        enabled('ufw.service'),
      ),
      finds: [],
    },
    { title: 'files that were not read', facts: withSettings(sysctls), finds: [], unknown: 1 },
    {
      title: 'a container',
      facts: {
        ...host(file('/etc/sysctl.d/60-net.conf', 'net.ipv4.tcp_syncookies = 0\n')),
        processes: [{ pid: 1, name: 'nginx' }],
      },
      finds: [],
      unknown: 1,
    },
  ],
};

function run({ host }: Subject): Answer {
  return given(fwSys11, [host.sysctls, host.files, starterOf(host), startingManagers(host)], (values, files, _, starting) => {
    // ufw sets its own file when it starts.
    const behind = starting.some(({ name }) => name === 'ufw') ? ['/etc/ufw/sysctl.conf'] : [];
    return given(fwSys11, [savedSettings(files, bySystemd(host), behind)], (saved) => {
      const purpose = forwardsOnPurpose(host, 4) !== null || forwardsOnPurpose(host, 6) !== null;
      const differing = [...values].flatMap(([name, now]) => {
        const setting = savedSetting(saved, name);
        if (setting === undefined || plain(setting.value) === plain(now)) return [];
        if (purpose && /(ip_forward|\.(force_)?forwarding)$/.test(name)) return [];
        return [{ name, now: plain(now), ...setting }];
      });
      if (differing.length === 0) return fine;
      const shown = differing.slice(0, most);
      const rest = differing.length - shown.length;
      return found(fwSys11, {
        title: `${differing.length === 1 ? 'A setting is' : `${differing.length} settings are`} not what a file sets at boot: ${sayList(shown.map(({ name }) => name))}${rest > 0 ? ` and ${rest} more` : ''}`,
        why: `${shown.map(({ name, now, value, file }) => `${name} is ${now}, ${file} says ${plain(value)}`).join('; ')}. The next boot changes it.`,
        fix: `Where the file is right, set it now; where the setting is right, mend the file.
${shown.map(({ name, value }) => `sysctl -w ${shellWord(`${name}=${plain(value)}`)}`).join('\n')}`,
      });
    });
  });
}

function plain(value: string): string {
  return value.trim().replace(/\s+/g, ' ');
}
