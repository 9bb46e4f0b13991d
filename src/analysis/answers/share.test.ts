import { describe, expect, it } from 'vitest';
import { ruled } from './shadows.fixture.ts';
import { createShare } from './share.ts';

describe('how much of all packets a set holds', () => {
  it('counts one address of IPv6 among all the others', () => {
    const rules = ['-A INPUT -s ffff::1/128 -j ACCEPT', '-A INPUT -s 8000::/1 -d ffff::2/127 -j ACCEPT'];
    const { space, firewall, liveness } = ruled(rules, undefined, { family: 6 });
    const share = createShare(space.diagram, space.layout);
    const whole = share(firewall.possible('input'));
    const of = (rule: number): number => share(liveness.candidates('filter', 'INPUT', rule)[0]?.packets ?? -1) / whole;
    expect(of(1) * 2 ** 128).toBeCloseTo(1);
    expect(of(2) * 2 ** 128).toBeCloseTo(1);
  });
});
