import { holdsRules } from '../../analysis/answers/bystanders.ts';
import { fileAt, type Host, type HostFiles, type Known, known, savedSettings } from '../../model/host/index.ts';
import { bySystemd } from '../booting.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { empty, hardened6, oneLink } from '../examples.ts';
import { file, ipv6IsOff, only4 } from '../host-examples.ts';
import { fine, found, given } from '../host-finding.ts';
import { ipv6Off } from '../surroundings.ts';

const setting = 'net.ipv6.conf.all.disable_ipv6';
const off = { ...only4, sysctls: ipv6IsOff };
const kept = file('/etc/sysctl.d/60-no-ipv6.conf', `${setting} = 1\nnet.ipv6.conf.default.disable_ipv6 = 1\n`);
const on = {
  ...oneLink,
  sysctls: { [setting]: '0', 'net.ipv6.conf.default.disable_ipv6': '0', 'net.ipv6.conf.eth0.disable_ipv6': '0' },
};

/** Off is off on every link; the next boot keeps it off if sysctl.d or the command line of the kernel says so. Whether IPv6 without rules is open has a check of its own. */
export const fwV605: Check = {
  id: 'FW-V6-05',
  title: 'IPv6 without rules is off, and stays off',
  severity: 'info',
  kinds: ['H'],
  refs: ['CIS SLE 15 3.1.1', 'ANSSI BP-028 R13'],
  why: 'A host that is believed to have no IPv6 gets no rules for it. If that belief ends with the next boot, so does its safety.',
  fix: 'Switch IPv6 off in sysctl.d for all links and for new ones, or give it rules.',
  run,
  examples: [
    { title: 'off and kept off', v6: empty, facts: { ...off, files: [kept] }, finds: [] },
    { title: 'off by hand', v6: empty, facts: { ...off, files: [] }, finds: ['info 6'] },
    {
      title: 'off for the kernel',
      v6: empty,
      facts: { ...off, files: [file('/proc/cmdline', 'quiet ipv6.disable=1\n')] },
      finds: [],
    },
    { title: 'said to be off, but on', v6: empty, facts: { ...on, files: [kept] }, finds: ['info 6'] },
    { title: 'on, with rules', v6: hardened6, facts: { ...on, files: [kept] }, finds: [] },
    { title: 'on, and nothing said otherwise', v6: empty, facts: { ...on, files: [] }, finds: [] },
    { title: 'rules that were not read', v6: null, facts: { ...on, files: [] }, finds: [], unknown: 1 },
    { title: 'nothing was read', v6: empty, finds: [], unknown: 1 },
  ],
};

function run({ host }: Subject): Answer {
  return given(fwV605, [host.rulesets[6], host.sysctls, host.files], (ruleset, _, files) => {
    if (holdsRules(ruleset)) return fine;
    return given(fwV605, [keptOff(host, files)], (kept) => {
      const now = ipv6Off(host);
      if (now === kept) return fine;
      const commands = `printf '%s\\n' ${setting}=1 net.ipv6.conf.default.disable_ipv6=1 > /etc/sysctl.d/60-fw-v6-05.conf
sysctl -p /etc/sysctl.d/60-fw-v6-05.conf`;
      return found(
        fwV605,
        now
          ? {
              family: 6,
              title: 'IPv6 is off now, but nothing keeps it off',
              why: 'There are no rules for IPv6. With the next boot it comes back, and every service can be reached by it.',
              fix: `Write it down for the next boot.\n${commands}`,
            }
          : {
              family: 6,
              title: 'IPv6 is said to be off at boot, but it is on',
              why: 'Something switched it on since, or the setting does not reach every link. There are no rules for it.',
              fix: `Switch it off again, or give IPv6 rules.\n${commands}`,
            },
      );
    });
  });
}

function keptOff(host: Host, files: HostFiles): Known<boolean> {
  const line = fileAt(files, '/proc/cmdline');
  if (!line.known) return line;
  if (line.value?.text.known && /(?:^|\s)ipv6\.disable(?:_ipv6)?=1(?:\s|$)/.test(line.value.text.value)) return known(true);
  const saved = savedSettings(files, bySystemd(host));
  if (!saved.known) return saved;
  return known([setting, 'net.ipv6.conf.default.disable_ipv6'].every((name) => saved.value.get(name)?.value === '1'));
}
