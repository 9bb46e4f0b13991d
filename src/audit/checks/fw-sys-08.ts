import type { Check } from '../check.ts';
import { withSettings } from '../host-examples.ts';
import { askSettings } from '../settings.ts';

const name = 'net.ipv4.tcp_syncookies';

export const fwSys08: Check = {
  id: 'FW-SYS-08',
  title: 'a flood of SYN packets leaves room for real connections',
  severity: 'medium',
  kinds: ['H'],
  refs: [
    'CIS Debian 12 v1.1.0 3.3.10',
    'CIS Debian 13 3.3.1.18',
    'STIG RHEL-09-253010',
    'STIG UBTU-22-253010',
    'STIG UBTU-24-600190',
  ],
  why: 'Without SYN cookies a few hundred forged packets a second fill the queue of a listener, and nobody else can connect.',
  fix: 'Set tcp_syncookies to 1.',
  run: ({ host }) =>
    askSettings(host, fwSys08, [{ name, good: (value) => value > 0, wanted: '1' }], {
      title: 'SYN cookies are off',
      why: 'Once the queue of a listener is full of forged SYN packets, new connections are dropped, in both families.',
      fix: 'Switch them on; they are used only while a queue is full.',
    }),
  examples: [
    { title: 'as Linux comes', facts: withSettings({ [name]: '1' }), finds: [] },
    { title: 'off', facts: withSettings({ [name]: '0' }), finds: ['medium null'] },
    { title: 'settings that were not read', finds: [], unknown: 1 },
  ],
};
