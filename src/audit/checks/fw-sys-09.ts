import { type Host, isLoopback } from '../../model/host/index.ts';
import { formatAddress } from '../../model/net/index.ts';
import type { Check } from '../check.ts';
import { everyLink, ipv6IsOff, only4, withSettings } from '../host-examples.ts';
import { fine } from '../host-finding.ts';
import { askSettings, judge } from '../settings.ts';
import { forwarding, isLocal } from '../surroundings.ts';

/**
 * The link's own setting counts: 1 while the host does not forward, 2 always (net/ipv6/ndisc.c, ipv6_accept_ra). What benchmarks ask besides (prefixes,
 * preference, default route, autoconf) counts only while advertisements are taken. A link that has a global address may have it by one,
 * so there the finding is only possible.
 */
export const fwSys09: Check = {
  id: 'FW-SYS-09',
  title: 'the host takes no router advertisements',
  severity: 'medium',
  kinds: ['H'],
  refs: [
    'CIS Debian 12 v1.1.0 3.3.11',
    'STIG RHEL-08-040261',
    'STIG RHEL-08-040262',
    'STIG RHEL-09-254010',
    'STIG RHEL-09-254030',
    'ANSSI BP-028 R13',
  ],
  why: 'Any neighbour can advertise himself as a router and so give the host addresses, a default route and name servers.',
  fix: 'Set accept_ra to 0 where addresses are set by hand.',
  run({ host }) {
    if (!host.sysctls.known) return askSettings(host, fwSys09, [setting(host)], about(false));
    const wrong = judge(host, setting(host));
    if (wrong.known && wrong.value === null) return fine;
    const links = wrong.known && wrong.value !== null ? wrong.value.links : [];
    return askSettings(host, fwSys09, [setting(host)], about(links.some((link) => hasGlobal(host, link))));
  },
  examples: [
    {
      title: 'as Linux comes, with an address that may come from a router',
      facts: withSettings(everyLink(6, 'accept_ra', 1)),
      finds: ['medium 6'],
    },
    {
      title: 'as Linux comes, without an address',
      facts: { ...only4, sysctls: everyLink(6, 'accept_ra', 1) },
      finds: ['medium 6'],
    },
    {
      title: 'a link that is down',
      facts: { ...only4, links: [{ name: 'eth0', up: false }], sysctls: everyLink(6, 'accept_ra', 1, { default: 0 }) },
      finds: ['low 6'],
    },
    {
      title: 'a router takes none with 1',
      facts: withSettings({ 'net.ipv6.conf.all.forwarding': '1', ...everyLink(6, 'accept_ra', 1) }),
      finds: [],
    },
    { title: 'off', facts: withSettings(everyLink(6, 'accept_ra', 0)), finds: [] },
    {
      title: 'off for all alone, which switches nothing off',
      facts: withSettings(everyLink(6, 'accept_ra', 1, { all: 0 })),
      finds: ['medium 6'],
    },
    { title: 'IPv6 is off', facts: { ...only4, sysctls: { ...ipv6IsOff, ...everyLink(6, 'accept_ra', 1) } }, finds: [] },
    { title: 'settings that were not read', finds: [], unknown: 1 },
  ],
};

function setting(host: Host): Parameters<typeof judge>[1] {
  const router = forwarding(host, 6).on === true;
  return { name: 'net.ipv6.conf.*.accept_ra', good: (value) => value === 0 || (value === 1 && router), wanted: '0' };
}

function about(addressed: boolean): Parameters<typeof askSettings>[3] {
  return {
    title: 'Router advertisements are taken',
    family: 6,
    certainty: addressed ? 'possible' : 'certain',
    why: addressed
      ? 'Any neighbour can send one and so lead what the host sends by way of himself. If the host has its address from a router, it needs them.'
      : 'Any neighbour can send one, and so give the host an address and a default route by way of himself.',
    fix: addressed
      ? 'If the address is set by hand, switch them off. If a router gives it, leave them on, and accept ICMPv6 type 134 from that router alone.'
      : 'Switch them off for the links and for new ones.',
  };
}

function hasGlobal(host: Host, link: string): boolean {
  if (!host.addresses.known) return true;
  return host.addresses.value.some(
    ({ link: on, prefix }) =>
      on === link && prefix.family === 6 && !isLocal(prefix) && !isLoopback(prefix) && formatAddress(prefix) !== '::',
  );
}
