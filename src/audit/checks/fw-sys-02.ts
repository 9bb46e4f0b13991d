import type { Check } from '../check.ts';
import { everyLink, withSettings } from '../host-examples.ts';
import { askSettings } from '../settings.ts';
import { forwarding } from '../surroundings.ts';

/**
 * The table calls it medium. Only a host that forwards ever sends a redirect (net/ipv4/ip_forward.c, ip_forward), so on others it
 * is low: it counts from the day on which somebody switches forwarding on.
 */
export const fwSys02: Check = {
  id: 'FW-SYS-02',
  title: 'the host sends no ICMP redirects',
  severity: 'medium',
  kinds: ['H'],
  refs: [
    'CIS Debian 12 v1.1.0 3.3.2',
    'STIG RHEL-08-040220',
    'STIG RHEL-08-040270',
    'STIG RHEL-09-253065',
    'STIG RHEL-09-253070',
    'PCI-DSS 4.0 1.4.5',
  ],
  why: 'A redirect tells strangers how the network behind the host is laid out, and leads packets past it.',
  fix: 'Set send_redirects to 0 for all links and for new ones.',
  run({ host }) {
    const { on } = forwarding(host, 4);
    return askSettings(
      host,
      fwSys02,
      [{ name: 'net.ipv4.conf.*.send_redirects', good: (value) => value === 0, wanted: '0', joins: 'or' }],
      {
        title: 'ICMP redirects are sent',
        severity: (wrong) => (on === true && wrong.some(({ later }) => !later) ? 'medium' : 'low'),
        family: 4,
        why:
          on === true
            ? 'The host forwards, and tells whoever sends by way of it of shorter ways: of how the network is laid out.'
            : 'The host does not forward now, so it sends none. It will once something switches forwarding on, as Docker does.',
        fix: 'Switch it off for all links and for new ones.',
      },
    );
  },
  examples: [
    {
      title: 'a router that redirects',
      facts: withSettings({ 'net.ipv4.ip_forward': '1', ...everyLink(4, 'send_redirects', 1) }),
      finds: ['medium 4'],
    },
    {
      title: 'a server as it comes',
      facts: withSettings({ 'net.ipv4.ip_forward': '0', ...everyLink(4, 'send_redirects', 1) }),
      finds: ['low 4'],
    },
    { title: 'off everywhere', facts: withSettings(everyLink(4, 'send_redirects', 0)), finds: [] },
    {
      title: 'off for all alone, which switches nothing off',
      facts: withSettings({ 'net.ipv4.ip_forward': '1', ...everyLink(4, 'send_redirects', 1, { all: 0 }) }),
      finds: ['medium 4'],
    },
    { title: 'only links to come', facts: withSettings(everyLink(4, 'send_redirects', 0, { default: 1 })), finds: ['low 4'] },
    { title: 'one link is not told of', facts: withSettings({ 'net.ipv4.conf.all.send_redirects': '0' }), finds: [], unknown: 1 },
    { title: 'settings that were not read', finds: [], unknown: 1 },
  ],
};
