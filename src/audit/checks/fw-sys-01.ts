import type { Family } from '../../model/net/index.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { filter, oneLink } from '../examples.ts';
import { withSettings } from '../host-examples.ts';
import { both, fine, found, shellWord, unanswered } from '../host-finding.ts';
import { forwardsOnPurpose } from '../routing-on-purpose.ts';
import { forwarding } from '../surroundings.ts';

const off = { 'net.ipv4.ip_forward': '0', 'net.ipv6.conf.all.forwarding': '0' };

/**
 * Benchmarks ask for 0 on every host that is no router. Here a host is a router if something says that it is meant to be one:
 * rules in FORWARD, translation, bridges and tunnels, Docker and its like. Which link decides is told in `surroundings.ts`.
 */
export const fwSys01: Check = {
  id: 'FW-SYS-01',
  title: 'the host forwards packets only if it is a router',
  severity: 'medium',
  kinds: ['H'],
  refs: [
    'CIS Debian 12 v1.1.0 3.3.1',
    'CIS Debian 13 3.3.1.1-3',
    'CIS Debian 13 3.3.2.1-2',
    'STIG RHEL-08-040259',
    'STIG RHEL-08-040260',
    'STIG RHEL-09-253075',
    'STIG RHEL-09-254025',
  ],
  why: 'A host that forwards without meaning to joins the networks that it stands in, behind the back of the routers between them.',
  fix: 'Switch forwarding off, unless the host is a router.',
  run,
  examples: [
    { title: 'no router', facts: withSettings(off), finds: [] },
    {
      title: 'forwarding, and nothing that says why',
      facts: withSettings({ ...off, 'net.ipv4.ip_forward': '1' }),
      finds: ['medium 4'],
    },
    {
      title: 'a router with rules',
      v4: filter(['-A FORWARD -i lan0 -o eth0 -j ACCEPT']),
      facts: withSettings({ ...off, 'net.ipv4.ip_forward': '1' }),
      finds: [],
    },
    {
      title: 'a host with containers',
      facts: {
        ...oneLink,
        links: [...oneLink.links, { name: 'docker0', kind: 'bridge' }],
        sysctls: { ...off, 'net.ipv4.ip_forward': '1' },
      },
      finds: [],
    },
    {
      title: 'one link alone, and IPv6',
      facts: withSettings({
        'net.ipv4.ip_forward': '0',
        'net.ipv4.conf.eth0.forwarding': '1',
        'net.ipv6.conf.all.forwarding': '1',
      }),
      finds: ['medium 4', 'medium 6'],
    },
    {
      title: 'rules that were not read could say why',
      v4: null,
      facts: withSettings({ ...off, 'net.ipv4.ip_forward': '1' }),
      finds: [],
      unknown: 1,
    },
    { title: 'settings that were not read', finds: [], unknown: 1 },
  ],
};

function run({ host }: Subject): Answer {
  if (!host.sysctls.known) return unanswered(fwSys01, host.sysctls);
  return both(...([4, 6] as const).map((family) => ask(host, family)));
}

function ask(host: Subject['host'], family: Family): Answer {
  const { on, said } = forwarding(host, family);
  // A host without IPv6 has no such setting.
  if (on === null && family === 6) return fine;
  if (on === null)
    return unanswered(fwSys01, { why: `the files do not say ${said}`, remedy: 'add it to "sysctls" of --facts FILE' });
  if (!on || forwardsOnPurpose(host, family) !== null) return fine;
  const ruleset = host.rulesets[family];
  if (!ruleset.known) return unanswered(fwSys01, ruleset);
  const name = said.split(' ')[0] ?? '';
  return found(fwSys01, {
    family,
    title: `The host forwards IPv${family} packets, and nothing says that it is a router: ${said}`,
    why: 'FORWARD has no rules, nothing is translated, and there are no bridges, tunnels or containers. Whoever sends packets by way of this host gets past the routers that were meant to stand between.',
    fix: `Switch it off, unless the host is a router; then give FORWARD rules for what it shall forward.
sysctl -w ${shellWord(name)}=0
printf '%s\\n' ${shellWord(name)}=0 > /etc/sysctl.d/60-fw-sys-01.conf`,
  });
}
