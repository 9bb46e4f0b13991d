import { filesIn, type HostFiles, type Known, known } from '../../model/host/index.ts';
import { runs } from '../booting.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { oneLink } from '../examples.ts';
import { file } from '../host-examples.ts';
import { both, fine, found, given } from '../host-finding.ts';

const host = (config: string | null, ...names: readonly string[]): object => ({
  ...oneLink,
  files: config === null ? [] : [file('/etc/ssh/sshd_config', config)],
  processes: [{ pid: 1, name: 'systemd' }, ...names.map((name, index) => ({ pid: index + 2, name }))],
});

const clocks = /^(systemd-timesyn|chronyd|ntpd|openntpd|ptp4l|phc2sys|ntpsec|VBoxService|vmtoolsd)/;

/** For information: both are no part of the firewall, but evidence needs a clock, and sshd is the door that stays open. */
export const fwSvc01: Check = {
  id: 'FW-SVC-01',
  title: 'the clock is kept right, and root does not log in by password',
  severity: 'info',
  kinds: ['H'],
  refs: ['CIS Debian 12 v1.1.0 2.3.1.1'],
  why: 'Logs of several machines tell a story only if their clocks agree; a password for root is what every bot on the net tries.',
  fix: 'Run a time service; set PermitRootLogin to no or prohibit-password.',
  run,
  examples: [
    { title: 'both in order', facts: host('PermitRootLogin no\n', 'chronyd', 'sshd'), finds: [] },
    { title: 'no time service', facts: host(null), finds: ['info null'] },
    {
      title: 'root by password',
      facts: host('# PermitRootLogin no\nPermitRootLogin yes\n', 'chronyd', 'sshd'),
      finds: ['info null'],
    },
    { title: 'the first word counts', facts: host('PermitRootLogin no\nPermitRootLogin yes\n', 'chronyd', 'sshd'), finds: [] },
    {
      title: 'no passwords at all',
      facts: host('permitrootlogin yes\nPasswordAuthentication no\n', 'chronyd', 'sshd'),
      finds: [],
    },
    { title: 'no sshd', facts: host('PermitRootLogin yes\n', 'ntpd'), finds: [] },
    {
      title: 'only for some, behind Match',
      facts: host('Match Address 192.0.2.0/24\nPermitRootLogin yes\n', 'ntpd', 'sshd'),
      finds: [],
    },
    { title: 'nothing was read', finds: [], unknown: 1 },
  ],
};

function run({ host }: Subject): Answer {
  return given(fwSvc01, [runs(host, clocks), runs(host, /^sshd/)], (clock, sshd) =>
    both(
      clock === null
        ? found(fwSvc01, {
            title: 'No time service runs',
            why: 'The clock drifts, and what the log says cannot be put in order with what other machines say. A virtual machine may get the time from its host.',
            fix: 'Run one.\napt-get install chrony',
          })
        : fine,
      sshd === null ? fine : given(fwSvc01, [host.files], (files) => given(fwSvc01, [sshdConfig(files)], rootLogin)),
    ),
  );
}

function rootLogin(config: string): Answer {
  // The first value counts, and what stands behind Match only for some (sshd_config(5)).
  const general = config.split(/^\s*Match\b/im, 1)[0] ?? '';
  const value = (keyword: string): string | undefined =>
    new RegExp(`^\\s*${keyword}[\\s=]+"?([\\w-]+)`, 'im').exec(general)?.[1]?.toLowerCase();
  if (value('PermitRootLogin') !== 'yes' || value('PasswordAuthentication') === 'no') return fine;
  return found(fwSvc01, {
    title: 'Root may log in over SSH by password',
    why: 'Every address that the firewall lets to SSH may guess the one password that opens everything, the firewall too.',
    fix: `Let root in by key alone, once you have one.
printf '%s\\n' 'PermitRootLogin prohibit-password' > /etc/ssh/sshd_config.d/00-root.conf
systemctl reload ssh`,
  });
}

/** As sshd reads it where the distribution's Include stands first: the files of the folder, then the main one. */
function sshdConfig(files: HostFiles): Known<string> {
  const folder = filesIn(files, '/etc/ssh/sshd_config.d');
  if (!folder.known) return folder;
  const main = files.get('/etc/ssh/sshd_config');
  const included = main?.text.known && /^\s*Include\s+\S*sshd_config\.d/im.test(main.text.value) ? folder.value : [];
  let text = '';
  for (const file of main === undefined ? [] : [...included, main]) {
    if (!file.text.known) return file.text;
    text += `${file.text.value}\n`;
  }
  return known(text);
}
