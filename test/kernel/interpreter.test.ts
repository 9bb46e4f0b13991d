import { afterAll, describe, expect, it } from 'vitest';
import type { Backend } from '../../src/model/host/index.ts';
import { play } from './comparison.ts';
import { required } from './conditions.ts';
import { leftOutWrongly, toExercise } from './coverage.ts';

/**
 * A slice of the soak (test/soak/kernel.ts): 10,000 packets for each backend.
 *
 * PALISADE_SEED and PALISADE_RULESETS repeat or widen a run.
 */
const seed = Number(process.env['PALISADE_SEED'] ?? 1);
const rulesets = Number(process.env['PALISADE_RULESETS'] ?? 40);
const packetsEach = 250;

const exercised = new Map<string, number>();

describe.each<Backend>(['nft', 'legacy'])('with iptables-%s', (backend) => {
  it('finds the same rules as the kernel for every packet', { timeout: 240_000 }, async () => {
    const played = await play({ backend, seed, rulesets, packetsEach });
    for (const [kind, times] of played.exercised) exercised.set(kind, (exercised.get(kind) ?? 0) + times);
    expect(played.wrong.slice(0, 3).join('\n\n')).toBe('');
    expect(played.packets).toBe(rulesets * packetsEach);
    // Only what a packet cannot say may stay open: the rest of its answer is compared all the same.
    expect(played.hanging).toBeLessThan(played.packets / 50);
  });
});

afterAll(() => {
  const never = [...required, ...toExercise].filter((kind) => !exercised.has(kind));
  expect(never, 'what no packet has exercised').toEqual([]);
  expect(leftOutWrongly(), 'what could be compared').toEqual([]);
});
