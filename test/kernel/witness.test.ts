import { describe, expect, it } from 'vitest';
import type { Backend } from '../../src/model/host/index.ts';
import { playWitnesses } from './witness.ts';

/**
 * A slice of the soak (test/soak/witness.ts).
 *
 * PALISADE_SEED and PALISADE_RULESETS repeat or widen a run.
 */
const seed = Number(process.env['PALISADE_SEED'] ?? 1);
const rulesets = Number(process.env['PALISADE_RULESETS'] ?? 4);

describe.each<Backend>(['nft', 'legacy'])('with iptables-%s', (backend) => {
  it('each live rule is met by its own witness, and no dead one by any', { timeout: 120_000 }, async () => {
    const { rules, dead, met, unsent, wrong } = await playWitnesses({ backend, seed, rulesets });
    expect(wrong.slice(0, 3).join('\n\n')).toBe('');
    const others = [...unsent.values()].reduce((sum, count) => sum + count, 0);
    expect(met + dead + others).toBe(rules);
    // Most live rules are to be had in the lab, or the rest would say nothing.
    expect(met).toBeGreaterThan(2 * others);
  });
});
