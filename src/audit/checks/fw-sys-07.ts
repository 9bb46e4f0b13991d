import type { Check } from '../check.ts';
import { everyLink, withSettings } from '../host-examples.ts';
import { askSettings } from '../settings.ts';

export const fwSys07: Check = {
  id: 'FW-SYS-07',
  title: 'packets with impossible addresses are logged',
  severity: 'low',
  kinds: ['H'],
  refs: [
    'CIS Debian 12 v1.1.0 3.3.9',
    'CIS Debian 13 3.3.1.16-17',
    'STIG RHEL-08-040221',
    'STIG RHEL-08-040222',
    'STIG RHEL-09-253025',
    'STIG RHEL-09-253030',
  ],
  why: 'The kernel drops such packets without a word, and before most rules; only this log tells that somebody forges addresses.',
  fix: 'Set log_martians to 1 for all links.',
  run: ({ host }) =>
    askSettings(
      host,
      fwSys07,
      [{ name: 'net.ipv4.conf.*.log_martians', good: (value) => value !== 0, wanted: '1', joins: 'or' }],
      {
        title: 'Packets with impossible addresses leave no trace',
        family: 4,
        why: 'The filter of reverse paths and the checks of routing drop them silently. Who tries forged addresses stays unseen.',
        fix: 'Switch the log on. The kernel limits how many lines it writes.',
      },
    ),
  examples: [
    { title: 'as Linux comes', facts: withSettings(everyLink(4, 'log_martians', 0)), finds: ['low 4'] },
    {
      title: 'set for all alone, which counts everywhere',
      facts: withSettings(everyLink(4, 'log_martians', 0, { all: 1 })),
      finds: [],
    },
    { title: 'one link lacks it', facts: withSettings(everyLink(4, 'log_martians', 0, { default: 1 })), finds: ['low 4'] },
    { title: 'settings that were not read', finds: [], unknown: 1 },
  ],
};
