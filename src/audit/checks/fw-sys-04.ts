import type { Host } from '../../model/host/index.ts';
import type { Check } from '../check.ts';
import { everyLink, ipv6IsOff, only4, withSettings } from '../host-examples.ts';
import { both } from '../host-finding.ts';
import { askSettings } from '../settings.ts';
import { forwarding } from '../surroundings.ts';

const off = { 'net.ipv4.ip_forward': '0', ...everyLink(4, 'accept_redirects', 0), ...everyLink(6, 'accept_redirects', 0) };

/**
 * On a host IPv4 takes a redirect if `all` or the link's own setting says so, on a router if both do (IN_DEV_RX_REDIRECTS); IPv6 asks
 * the link alone, and no router takes any. Benchmarks also want `secure_redirects` 0: it narrows what `accept_redirects` lets in
 * and does nothing without it (net/ipv4/route.c, __ip_do_redirect), so it is no finding of its own.
 */
export const fwSys04: Check = {
  id: 'FW-SYS-04',
  title: 'the host takes no ICMP redirects',
  severity: 'medium',
  kinds: ['H'],
  refs: [
    'CIS Debian 12 v1.1.0 3.3.5',
    'CIS Debian 12 v1.1.0 3.3.6',
    'STIG RHEL-08-040209',
    'STIG RHEL-08-040210',
    'STIG RHEL-08-040279',
    'STIG RHEL-08-040280',
    'STIG RHEL-09-253015',
    'STIG RHEL-09-253040',
    'STIG RHEL-09-254015',
    'STIG RHEL-09-254035',
    'PCI-DSS 4.0 1.4.3',
  ],
  why: 'A neighbour who forges a redirect leads what the host sends by way of himself, and no rule of OUTPUT sees it.',
  fix: 'Set accept_redirects to 0 for all links and for new ones, in both families.',
  run: ({ host }) => both(of(host, 4), of(host, 6)),
  examples: [
    { title: 'taken by nobody', facts: withSettings(off), finds: [] },
    {
      title: 'as Linux comes',
      facts: withSettings({
        'net.ipv4.ip_forward': '0',
        ...everyLink(4, 'accept_redirects', 1),
        ...everyLink(6, 'accept_redirects', 1),
      }),
      finds: ['medium 4', 'medium 6'],
    },
    {
      title: 'a router needs both to say so',
      facts: withSettings({ ...off, 'net.ipv4.ip_forward': '1', ...everyLink(4, 'accept_redirects', 1, { all: 0 }) }),
      finds: [],
    },
    {
      title: 'a host needs one',
      facts: withSettings({ ...off, ...everyLink(4, 'accept_redirects', 1, { all: 0 }) }),
      finds: ['medium 4'],
    },
    {
      title: 'IPv6 is off',
      facts: { ...only4, sysctls: { ...ipv6IsOff, 'net.ipv4.ip_forward': '0', ...everyLink(4, 'accept_redirects', 0) } },
      finds: [],
    },
    { title: 'settings that were not read', finds: [], unknown: 1 },
  ],
};

function of(host: Host, family: 4 | 6): ReturnType<Check['run']> {
  const router = forwarding(host, family).on === true;
  if (family === 6 && (router || !host.sysctls.known)) return { findings: [], unknown: [] };
  const setting = {
    name: `net.ipv${family}.conf.*.accept_redirects`,
    good: (value: number) => value === 0,
    wanted: '0',
    joins: family === 6 ? 'own' : router ? 'and' : 'or',
  } as const;
  return askSettings(host, fwSys04, [setting], {
    title: `IPv${family} ICMP redirects are taken`,
    family,
    why: 'Whoever is on the same link can send one and so lead what this host sends to an address by way of himself.',
    fix: 'Switch it off for all links and for new ones; the routes of the host are then its own.',
  });
}
