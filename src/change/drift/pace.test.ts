import { expect, it } from 'vitest';
import type { What } from '../history/entry.ts';
import { repairsTooOften } from './pace.ts';

it('three times in ten minutes are enough, also where the clock was set back meanwhile', () => {
  const now = 1_800_000_000_000;
  const entries = (what: What, ...minutes: readonly number[]) => minutes.map((ago) => ({ at: now - ago * 60_000, what }));
  expect(repairsTooOften(entries('repaired', 9, 1), now)).toBe(false);
  expect(repairsTooOften(entries('repaired', 9, 5, 1), now)).toBe(true);
  expect(repairsTooOften(entries('repaired', 11, 5, 1), now)).toBe(false);
  expect(repairsTooOften(entries('drift', 9, 5, 1), now)).toBe(false);
  expect(repairsTooOften(entries('repaired', -60, -59, 1), now)).toBe(true);
});
