import { describe, expect, it } from 'vitest';
import { facts, filter, host, shown, trace } from './small-server.fixture.ts';

describe('nat', () => {
  const dnat = (to: string): string =>
    ['*nat', ':PREROUTING ACCEPT [0:0]', `-A PREROUTING -p tcp -m tcp --dport 8080 -j ${to}`, 'COMMIT', ''].join('\n');

  it('shows filter the new destination, and connection tracking the old one', () => {
    const rules = `${dnat('DNAT --to-destination 198.51.100.1:80')}${filter('-A INPUT -p tcp -m tcp --dport 80 -m conntrack --ctstate DNAT --ctorigdstport 8080 -j ACCEPT')}`;
    expect(shown(trace(host(rules), { dport: 8080 }))).toEqual(['nat PREROUTING:1 dnat', 'filter INPUT:1 ACCEPT']);
    expect(trace(host(rules), { dport: 80 }).verdict).toBe('DROP');
  });

  it.each([
    ['an established', { state: 'ESTABLISHED' }],
    ['an untracked', { state: 'UNTRACKED' }],
    ['an invalid', { state: 'INVALID' }],
    ['a loopback', { in: 'lo' }],
  ])('is not met by %s packet', (_, packet) => {
    const rules = `${dnat('DNAT --to-destination 198.51.100.1:80')}${filter('-A INPUT -p tcp -m tcp --dport 8080 -j ACCEPT')}`;
    expect(trace(host(rules), { dport: 8080, ...packet }).verdict).toBe('ACCEPT');
  });

  it('says what it took for granted when the new destination is another host', () => {
    const rules = `${dnat('DNAT --to-destination 192.0.2.7')}${filter()}`;
    expect(trace(host(rules), { dport: 8080 }).assumed.join()).toContain('192.0.2.7, taken to be this host');
  });

  it('leaves open which of several destinations is taken, but not what all of them have in common', () => {
    const rules = `${dnat('DNAT --to-destination 198.51.100.1-198.51.100.4')}${filter('-A INPUT -d 198.51.100.1/32 -j ACCEPT', '-A INPUT -d 198.51.100.2/31 -j REJECT', '-A INPUT -d 198.51.100.4/32 -j ACCEPT', '-A INPUT -j DROP')}`;
    const own = [1, 2, 3, 4].map((last) => ({ link: 'eth0', address: `198.51.100.${last}/24` }));
    const there = { facts: { ...facts, addresses: own } };
    const found = trace(host(rules, there), { dport: 8080 });
    expect(found.verdict).toBe('DEPENDS');
    // Rule 4 is out of reach: the answers to rules 1 to 3 use up all destinations.
    expect(found.outcomes.map(({ verdict, decidedBy }) => `${verdict} ${decidedBy?.rule}`).sort()).toEqual([
      'ACCEPT 1',
      'ACCEPT 3',
      'REJECT 2',
    ]);
    const certain = `${dnat('DNAT --to-destination 198.51.100.1-198.51.100.4')}${filter('-A INPUT -d 198.51.100.0/29 -j ACCEPT')}`;
    expect(trace(host(certain, there), { dport: 8080 })).toMatchObject({ verdict: 'ACCEPT', dependsOn: [] });
  });

  it('says nothing of INPUT for a packet that is known to go to another host', () => {
    const rules = `${dnat('DNAT --to-destination 172.17.0.2:5432')}${filter('-A FORWARD -d 172.17.0.2/32 -j ACCEPT')}`;
    const found = trace(host(rules), { dport: 8080 });
    expect(found).toMatchObject({ verdict: 'UNDECIDED', decidedBy: null });
    expect(found.assumed[0]).toContain('ask what FORWARD does with it');
    expect(trace(host(rules), { hook: 'forward', out: 'docker0', dport: 8080 }).verdict).toBe('ACCEPT');
    // Whose address it is was not read: then the way that was asked about is taken for granted, and said so.
    expect(trace(host(rules, { facts: null }), { dport: 8080 })).toMatchObject({ verdict: 'DROP' });
  });

  it('redirects to the address of the arriving link', () => {
    const rules = `${dnat('REDIRECT --to-ports 80')}${filter('-A INPUT -d 198.51.100.1/32 -p tcp -m tcp --dport 80 -j ACCEPT')}`;
    expect(trace(host(rules), { dst: '198.51.100.99', dport: 8080 }).verdict).toBe('ACCEPT');
  });
});
