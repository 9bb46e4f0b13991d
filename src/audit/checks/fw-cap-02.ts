import { runs } from '../booting.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { oneLink } from '../examples.ts';
import { fine, found, given } from '../host-finding.ts';

const host = (rules: readonly string[], ...processes: readonly string[]): object => ({
  ...oneLink,
  auditRules: rules,
  processes: [{ pid: 1, name: 'systemd' }, ...processes.map((name, index) => ({ pid: index + 2, name }))],
});

/** Programs that take the kernel's records. */
const recorders = /^(auditd|go-audit|auditbeat|osqueryd|laurel|kauditd)/;

/** Rules that record changes of the rules: legacy tables by setsockopt, or every start of the tools, or their files. */
const watching = /\bsetsockopt\b|\bsendmsg\b|(?:ip6?tables|xtables|\/nft)\b|\/etc\/(?:iptables|nftables)/;

/**
 * The kernel writes NETFILTER_CFG records of every change while auditing is on, and names the user only if rules of audit are loaded
 * (`-a never,task`, Debian's default, forbids even that).
 */
export const fwCap02: Check = {
  id: 'FW-CAP-02',
  title: 'changes of the firewall are recorded, with who made them',
  severity: 'low',
  kinds: ['H'],
  refs: ['PCI-DSS 4.0 10.2', 'CIS Debian 12 v1.1.0 6.2.3'],
  why: 'Without records nobody can tell when a rule was opened, or by whom.',
  fix: 'Run auditd with rules that watch the firewall.',
  run,
  examples: [
    { title: 'watched', facts: host(['-a always,exit -F arch=b64 -S setsockopt -F key=firewall'], 'auditd'), finds: [] },
    { title: 'the tools are watched', facts: host(['-w /usr/sbin/xtables-nft-multi -p x -k fw'], 'auditd'), finds: [] },
    { title: 'recording, of other things', facts: host(['-w /etc/passwd -p wa -k identity'], 'auditd'), finds: ['low null'] },
    { title: 'nobody takes the records', facts: host([]), finds: ['low null'] },
    {
      title: 'auditctl is not there, and neither is anybody who takes records',
      facts: { ...oneLink, processes: [{ pid: 1, name: 'systemd' }] },
      finds: ['low null'],
    },
    {
      title: 'auditd runs, but its rules were not read',
      facts: {
        ...oneLink,
        processes: [
          { pid: 1, name: 'systemd' },
          { pid: 2, name: 'auditd' },
        ],
      },
      finds: [],
      unknown: 1,
    },
    { title: 'nothing was read', finds: [], unknown: 1 },
  ],
};

function run({ host }: Subject): Answer {
  return given(fwCap02, [runs(host, recorders)], (recorder) => {
    if (recorder === null) {
      return found(fwCap02, {
        title: 'Nothing records who changes the firewall: no audit daemon runs',
        why: 'The kernel could tell of every change and who made it, but nobody asks it to.',
        fix: `Install auditd and let it watch the firewall.
apt-get install auditd
${rules}`,
      });
    }
    return given(fwCap02, [host.auditRules], (said) => {
      if (said.some((rule) => watching.test(rule))) return fine;
      return found(fwCap02, {
        title: 'Changes of the firewall are recorded without who made them: no audit rule watches it',
        why: `${recorder} runs, but none of its ${said.length} rules is about iptables or nftables.`,
        fix: `Add rules for it.
${rules}`,
      });
    });
  });
}

const rules = `printf '%s\\n' '-a always,exit -F arch=b64 -S setsockopt -F a1=0 -F key=firewall' '-w /usr/sbin/xtables-nft-multi -p x -k firewall' '-w /usr/sbin/nft -p x -k firewall' '-w /etc/iptables/ -p wa -k firewall' > /etc/audit/rules.d/firewall.rules
augenrules --load`;
