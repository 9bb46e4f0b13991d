import { expect, it } from 'vitest';
import { isFlood } from './noting.ts';

it('of changes without end a snapshot a minute is kept, and of some each', () => {
  const now = 1_800_000_000_000;
  const seen = (count: number, lastMs: number, after: string | null = 'id') =>
    Array.from({ length: count }, (_, index) => ({
      at: now - lastMs - (count - 1 - index) * 1000,
      what: 'drift' as const,
      snapshots: { before: null, after },
    }));
  expect(isFlood(seen(9, 0), now)).toBe(false);
  expect(isFlood(seen(10, 1000), now)).toBe(true);
  expect(isFlood(seen(10, 61_000), now)).toBe(false);
  expect(isFlood(seen(30, 1000, null), now)).toBe(false);
  expect(isFlood(seen(30, 700_000), now)).toBe(false);
});
