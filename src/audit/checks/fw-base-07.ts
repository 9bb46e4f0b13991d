import { holdsRules } from '../../analysis/answers/bystanders.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { filter, oneLink } from '../examples.ts';
import { fine, found, given } from '../host-finding.ts';
import { isThere } from '../routing-on-purpose.ts';

const bare = { ...oneLink, software: undefined };
const host = (packages: object, ...files: readonly object[]): object => ({ ...bare, packages, files });

/** Whether a newer version is to be had is a question of updates. A host whose firewall is nftables' own needs no iptables. */
export const fwBase07: Check = {
  id: 'FW-BASE-07',
  title: 'the tools of the firewall are installed from packages',
  severity: 'medium',
  kinds: ['H'],
  refs: ['CIS Debian 12 v1.1.0 4.4.1.1', 'STIG RHEL-08-040100', 'STIG RHEL-09-251010', 'STIG UBTU-22-251010'],
  why: 'Without the tools rules cannot be loaded at boot or looked at; tools that came from no package get no security updates.',
  fix: 'Install the package iptables.',
  run,
  examples: [
    { title: 'installed', facts: host({ iptables: '1.8.9-2' }), finds: [] },
    { title: 'not installed', facts: host({ iproute2: '6.1.0-3' }), finds: ['medium null'] },
    { title: 'nftables instead', facts: host({ nftables: '1.0.6-2' }), finds: [] },
    {
      title: 'rules of iptables, but only nftables is installed',
      v4: filter([]),
      facts: host({ nftables: '1.0.6-2' }),
      finds: ['medium null'],
    },
    {
      title: 'built by hand',
      facts: host({ iproute2: '6.1.0-3' }, { path: '/usr/sbin/iptables' }),
      finds: ['low null'],
    },
    { title: 'packages that were not read', facts: bare, finds: [], unknown: 1 },
  ],
};

function run({ host }: Subject): Answer {
  return given(fwBase07, [host.packages], ({ installed }) => {
    const has = (wanted: string): boolean => installed.some(({ name }) => name === wanted);
    if (has('iptables')) return fine;
    const inUse = ([4, 6] as const).some((family) => {
      const ruleset = host.rulesets[family];
      return ruleset.known && holdsRules(ruleset.value);
    });
    if (has('nftables') && !inUse) return fine;
    const byHand = isThere(host, '/usr/sbin/iptables') === true || isThere(host, '/sbin/iptables') === true;
    return found(fwBase07, {
      severity: byHand ? 'low' : 'medium',
      title: byHand ? 'iptables is there, but not from a package' : 'iptables is not installed',
      why: byHand
        ? 'Nobody tells of holes in it, and no update mends them.'
        : 'No rule can be loaded at boot, changed or looked at with the tool that it was made for.',
      fix: 'Install it.\napt-get install iptables',
    });
  });
}
