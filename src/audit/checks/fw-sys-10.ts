import type { Host } from '../../model/host/index.ts';
import type { Check } from '../check.ts';
import { oneLink } from '../examples.ts';
import { everyLink, withSettings } from '../host-examples.ts';
import { askSettings, type Setting } from '../settings.ts';

/** Settings that count on every host. */
const always: readonly Setting[] = [
  { name: 'net.ipv4.conf.*.accept_local', good: (value) => value === 0, wanted: '0', joins: 'or' },
  { name: 'net.ipv4.tcp_rfc1337', good: (value) => value === 1, wanted: '1' },
  { name: 'net.ipv4.ip_local_port_range', good: (value) => value >= 32768, wanted: '32768 65535' },
  { name: 'net.core.bpf_jit_harden', good: (value) => value === 2, wanted: '2' },
];

/** Those that count where several links answer for each other's addresses. */
const several: readonly Setting[] = [
  { name: 'net.ipv4.conf.*.arp_ignore', good: (value) => value >= 1, wanted: '2', joins: 'max' },
  { name: 'net.ipv4.conf.*.arp_filter', good: (value) => value === 1, wanted: '1', joins: 'or' },
];

const good = {
  ...everyLink(4, 'accept_local', 0),
  'net.ipv4.tcp_rfc1337': '1',
  'net.ipv4.ip_local_port_range': '32768\t60999',
  'net.core.bpf_jit_harden': '2',
};

/**
 * What ANSSI asks besides: `route_localnet` has a check of its own; `shared_media` and `drop_gratuitous_arp` are left out, since the
 * first does nothing without redirects and the second breaks the failover of addresses. How ARP answers counts only with several links.
 */
export const fwSys10: Check = {
  id: 'FW-SYS-10',
  title: 'the lesser settings of the network are hardened',
  severity: 'low',
  kinds: ['H'],
  refs: ['ANSSI BP-028 R12', 'STIG RHEL-08-040286', 'STIG RHEL-09-251045'],
  why: 'Each of them closes a small way past the rules: own addresses as sources, answers for other links, code that packets run.',
  fix: 'Set them as the finding says.',
  run: ({ host }) =>
    askSettings(host, fwSys10, linked(host) > 1 ? [...always, ...several] : always, {
      title: 'Settings of the network are not hardened',
      why: 'None of them opens the host by itself; each makes an attack that has begun easier.',
      fix: 'Harden them.',
    }),
  examples: [
    { title: 'hardened', facts: withSettings(good), finds: [] },
    {
      title: 'as Linux comes',
      facts: withSettings({ ...good, 'net.ipv4.tcp_rfc1337': '0', 'net.core.bpf_jit_harden': '0' }),
      finds: ['low null'],
    },
    {
      title: 'own addresses are taken as sources',
      facts: withSettings({ ...good, ...everyLink(4, 'accept_local', 0, { eth0: 1 }) }),
      finds: ['low null'],
    },
    {
      title: 'two links that answer for each other',
      facts: {
        ...oneLink,
        links: [...oneLink.links, { name: 'eth1' }],
        sysctls: {
          ...good,
          ...everyLink(4, 'arp_ignore', 0, { eth1: 0 }),
          ...everyLink(4, 'arp_filter', 1),
          'net.ipv4.conf.eth1.accept_local': '0',
        },
      },
      finds: ['low null'],
    },
    { title: 'settings that were not read', finds: [], unknown: 1 },
  ],
};

function linked(host: Host): number {
  return host.links.known ? host.links.value.filter(({ loopback, up }) => !loopback && up).length : 1;
}
