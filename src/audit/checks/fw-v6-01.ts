import { isLoopback } from '../../model/host/index.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { empty, guide, hardened4, hardened6, inverted, oneLink } from '../examples.ts';
import type { Severity } from '../finding.ts';
import { askDefaultDeny } from '../open-door.ts';
import { standardsOf } from '../standards/index.ts';
import { forwarding, ipv6Off, isLocal } from '../surroundings.ts';

/**
 * As FW-BASE-01, for IPv6; and FORWARD too on a host that forwards IPv6, once INPUT is in order. Critical as soon as an
 * address other than the loopback's is there, a link-local one included: neighbours reach it. Without knowledge of the
 * addresses it is critical and only possible.
 */
export const fwV601: Check = {
  id: 'FW-V6-01',
  title: 'INPUT denies IPv6 packets that no rule was written for',
  severity: 'critical',
  kinds: ['S', 'H'],
  refs: standardsOf('FW-V6-01'),
  why: 'iptables speaks for IPv4 alone. A host with an IPv6 address and no ip6tables rules is open there, however closed IPv4 is.',
  fix: 'Give IPv6 the same rules as IPv4, with the ICMPv6 that it needs, or switch IPv6 off.',
  run,
  examples: [
    { title: 'the guide forgets IPv6', v4: guide, finds: ['critical 6'] },
    { title: 'a hardened pair', v4: hardened4, v6: hardened6, finds: [] },
    {
      title: 'neighbours reach a link-local address',
      v6: empty,
      facts: { ...oneLink, addresses: [{ link: 'eth0', address: 'fe80::1/64' }] },
      finds: ['critical 6'],
    },
    {
      title: 'no address yet',
      v6: empty,
      facts: { ...oneLink, addresses: [{ link: 'eth0', address: '198.51.100.10/24' }] },
      finds: ['high 6'],
    },
    { title: 'addresses unknown', v6: empty, facts: { links: oneLink.links, foreignChains: [] }, finds: ['critical 6'] },
    {
      title: 'IPv6 is off',
      v6: empty,
      facts: {
        ...oneLink,
        addresses: [{ link: 'eth0', address: '198.51.100.10/24' }],
        sysctls: { 'net.ipv6.conf.all.disable_ipv6': '1', 'net.ipv6.conf.default.disable_ipv6': '1' },
      },
      finds: [],
    },
    {
      title: 'IPv6 is off on one link of two',
      v6: empty,
      facts: {
        ...oneLink,
        links: [...oneLink.links, { name: 'eth1', up: true }],
        addresses: [{ link: 'eth0', address: '198.51.100.10/24' }],
        sysctls: { 'net.ipv6.conf.eth0.disable_ipv6': '1', 'net.ipv6.conf.eth1.disable_ipv6': '0' },
      },
      finds: ['high 6'],
    },
    {
      title: 'a DROP policy behind two half-space accepts',
      v4: inverted,
      v6: hardened6.replace('-A INPUT -i lo', '-A INPUT -s ::/1 -j ACCEPT\n-A INPUT -s 8000::/1 -j ACCEPT\n-A INPUT -i lo'),
      finds: ['critical 6'],
    },
    {
      title: 'a router that forwards everything',
      v6: hardened6.replace(':FORWARD DROP', ':FORWARD ACCEPT'),
      facts: { ...oneLink, sysctls: { 'net.ipv6.conf.all.forwarding': '1' } },
      finds: ['high 6'],
    },
    {
      title: 'a router by the setting of one link alone',
      v6: hardened6.replace(':FORWARD DROP', ':FORWARD ACCEPT'),
      facts: {
        ...oneLink,
        sysctls: { 'net.ipv6.conf.all.forwarding': '0', 'net.ipv6.conf.eth0.force_forwarding': '1' },
      },
      finds: ['high 6'],
    },
    { title: 'rules that were not read', v4: guide, v6: null, finds: [], unknown: 1 },
    {
      title: 'rules that were not read, IPv6 off',
      v4: guide,
      v6: null,
      facts: {
        ...oneLink,
        addresses: [],
        sysctls: { 'net.ipv6.conf.eth0.disable_ipv6': '1' },
      },
      finds: [],
    },
  ],
};

function run(subject: Subject): Answer {
  const { host } = subject;
  if (ipv6Off(host)) return { findings: [], unknown: [] };
  const standing = standingOf(subject);
  const input = askDefaultDeny(subject, {
    check: fwV601,
    family: 6,
    hook: 'input',
    severity: standing.severity,
    meaning: standing.meaning,
    unsure: standing.unsure,
    first: 'First accept loopback, replies, ICMPv6 and your own SSH, or you lock yourself out.',
  });
  const { on, said } = forwarding(host, 6);
  if (input.findings.length > 0 || on !== true) return input;
  const forward = askDefaultDeny(subject, {
    check: fwV601,
    family: 6,
    hook: 'forward',
    severity: 'high',
    meaning: `The host forwards IPv6 (${said}), so the networks behind it are open.`,
    first: 'First accept what the host is meant to forward.',
  });
  return { findings: forward.findings, unknown: [...input.unknown, ...forward.unknown] };
}

function standingOf({ host }: Subject): { readonly severity: Severity; readonly meaning: string; readonly unsure: boolean } {
  if (!host.addresses.known) {
    return {
      severity: 'critical',
      meaning: `Whether the host has an IPv6 address is not known (${host.addresses.why}); if it has none it is less severe.`,
      unsure: true,
    };
  }
  const own = host.addresses.value.map(({ prefix }) => prefix).filter((prefix) => prefix.family === 6 && !isLoopback(prefix));
  if (own.length === 0) {
    return {
      severity: 'high',
      meaning: 'The host has no IPv6 address yet, but IPv6 is not known to be off: any router nearby can give it one.',
      unsure: false,
    };
  }
  return own.every(isLocal)
    ? {
        severity: 'critical',
        meaning: 'The host has link-local IPv6 addresses: every machine on the same link reaches all its services.',
        unsure: false,
      }
    : {
        severity: 'critical',
        meaning: 'The host has an IPv6 address, and all its services can be reached by it.',
        unsure: false,
      };
}
