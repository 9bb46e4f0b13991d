import type { Check } from '../check.ts';
import { everyLink, ipv6IsOff, only4, withSettings } from '../host-examples.ts';
import { both } from '../host-finding.ts';
import { askSettings } from '../settings.ts';

/** IPv4 takes them if both `all` and the link say so; IPv6 if the smaller of the two is above 0 (net/ipv6/exthdrs.c; 0 leaves only mobile IPv6). */
export const fwSys06: Check = {
  id: 'FW-SYS-06',
  title: 'packets that carry their own route are dropped',
  severity: 'medium',
  kinds: ['H'],
  refs: [
    'CIS Debian 12 v1.1.0 3.3.8',
    'STIG RHEL-08-040239',
    'STIG RHEL-08-040240',
    'STIG RHEL-08-040249',
    'STIG RHEL-08-040250',
    'STIG RHEL-09-253020',
    'STIG RHEL-09-253045',
    'STIG RHEL-09-254020',
    'STIG RHEL-09-254040',
  ],
  why: 'With a source route the sender chooses the way, past firewalls and into private networks, and gets the answers back.',
  fix: 'Set accept_source_route to 0 for all links.',
  run: ({ host }) =>
    both(
      ...([4, 6] as const).map((family) =>
        family === 6 && !host.sysctls.known
          ? { findings: [], unknown: [] }
          : askSettings(
              host,
              fwSys06,
              [
                {
                  name: `net.ipv${family}.conf.*.accept_source_route`,
                  good: (value) => value <= 0,
                  wanted: '0',
                  joins: family === 4 ? 'and' : 'min',
                },
              ],
              {
                title: `IPv${family} packets with a route of their own are taken`,
                family,
                why: 'Their sender chooses by which machines they go, and so reaches networks that no router would lead him to.',
                fix: 'Switch it off for all links and for new ones.',
              },
            ),
      ),
    ),
  examples: [
    {
      title: 'as Linux comes',
      facts: withSettings({ ...everyLink(4, 'accept_source_route', 1, { all: 0 }), ...everyLink(6, 'accept_source_route', 0) }),
      finds: [],
    },
    {
      title: 'taken in both families',
      facts: withSettings({ ...everyLink(4, 'accept_source_route', 1), ...everyLink(6, 'accept_source_route', 1) }),
      finds: ['medium 4', 'medium 6'],
    },
    {
      title: 'IPv6 is off',
      facts: { ...only4, sysctls: { ...ipv6IsOff, ...everyLink(4, 'accept_source_route', 0) } },
      finds: [],
    },
    { title: 'IPv6 is not told of', facts: withSettings(everyLink(4, 'accept_source_route', 0)), finds: [], unknown: 1 },
    { title: 'settings that were not read', finds: [], unknown: 1 },
  ],
};
