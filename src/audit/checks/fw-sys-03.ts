import type { Check } from '../check.ts';
import { withSettings } from '../host-examples.ts';
import { askSettings } from '../settings.ts';

const good = { 'net.ipv4.icmp_ignore_bogus_error_responses': '1', 'net.ipv4.icmp_echo_ignore_broadcasts': '1' };

export const fwSys03: Check = {
  id: 'FW-SYS-03',
  title: 'broadcast pings are not answered and broken ICMP errors are not logged',
  severity: 'low',
  kinds: ['H'],
  refs: [
    'CIS Debian 12 v1.1.0 3.3.3',
    'CIS Debian 12 v1.1.0 3.3.4',
    'STIG RHEL-08-040230',
    'STIG RHEL-09-253055',
    'STIG RHEL-09-253060',
    'PCI-DSS 4.0 1.4.2',
  ],
  why: 'Hosts that answer a ping to a broadcast address multiply it towards a victim; errors that break the standard fill the log.',
  fix: 'Set both to 1, as Linux does by itself.',
  run: ({ host }) =>
    askSettings(
      host,
      fwSys03,
      Object.keys(good).map((name) => ({ name, good: (value: number) => value === 1, wanted: '1' })),
      {
        title: 'ICMP that Linux ignores by itself is minded',
        family: 4,
        why: 'Answers to broadcast pings can be turned against others, and routers that send broken errors fill the log.',
        fix: 'Set it back to 1.',
      },
    ),
  examples: [
    { title: 'as Linux comes', facts: withSettings(good), finds: [] },
    {
      title: 'broadcast pings are answered',
      facts: withSettings({ ...good, 'net.ipv4.icmp_echo_ignore_broadcasts': '0' }),
      finds: ['low 4'],
    },
    { title: 'one is not told of', facts: withSettings({ 'net.ipv4.icmp_echo_ignore_broadcasts': '1' }), finds: [], unknown: 1 },
    { title: 'settings that were not read', finds: [], unknown: 1 },
  ],
};
