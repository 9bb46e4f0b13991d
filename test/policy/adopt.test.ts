import { describe, expect, it } from 'vitest';
import { problemLine } from '../../src/result.ts';
import { hostOf, tell } from './adopted.ts';

/**
 * A slice of `npm run soak -- adopt`: of each of these rulesets, as their programs left them in both families, every packet is treated
 * alike by the policy that is made of them, of which at least four fifths are in its own words.
 */
const chosen = [
  'apf-firewall',
  'arno-iptables-firewall',
  'debian-11-quirks',
  'debian-11-ufw',
  'debian-13-quirks',
  'debian-13-ufw',
  'ferm-dmz_router',
  'ferm-dsl_router',
  'ferm-fileserver',
  'ferm-ipv6',
  'ferm-webserver',
  'ferm-workstation',
  'firehol-default',
  'firehol-gateway',
  'firejail',
  'firejail-nolocal',
  'firewalld',
  'fwbuilder',
  'fwbuilder-web',
  'fwknop',
  'guide',
  'knockd',
  'portblock',
  'puppet',
  'quirks',
  'quirks-newline',
  'rfc4890',
  'ufw',
  'uif',
  'uruk',
] as const;

describe('rulesets of other programs become policies', () => {
  it('of at least thirty programs', () => expect(chosen.length).toBeGreaterThanOrEqual(30));

  it.each(chosen)('%s', (origin) => {
    // The other backend's is for the soak.
    const host = hostOf(origin, origin.length % 2 === 0 ? 'nft' : 'legacy');
    if (host === null) throw new Error(`${origin} has no rules`);
    const { adoption, rules, asTerms } = tell(origin, host);
    expect(adoption.kind === 'refused' ? adoption.problems.map(problemLine) : []).toEqual([]);
    expect(rules).toBeGreaterThan(0);
    expect(asTerms / rules).toBeGreaterThanOrEqual(0.8);
  });

  // Whose rules are not the administrator's, but for a few: they stay where they are, and nothing is opened or closed.
  it.each(['docker', 'fail2ban', 'libvirt', 'kubernetes', 'networkmanager-shared'])('%s keeps its own', (origin) => {
    const host = hostOf(origin, 'nft');
    if (host === null) throw new Error(`${origin} has no rules`);
    const { adoption } = tell(origin, host);
    expect(adoption.kind === 'refused' ? adoption.problems.map(problemLine) : adoption.beside).toHaveLength(1);
  });
});
