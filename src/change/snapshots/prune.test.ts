import { describe, expect, it } from 'vitest';
import type { Kept } from './folder.ts';
import { snapshotWith } from './made.fixture.ts';
import { type Keeping, prunable } from './prune.ts';

const hour = 3_600_000;
const now = Date.parse('2026-11-30T12:30:00Z');
const kept = (number: number, at: number, tag: string | null = null): Kept => ({
  id: `${number}`,
  path: `/${number}`,
  bytes: 1,
  signature: null,
  meta: snapshotWith({ number, at, tag }).meta,
});
const none: Keeping = { last: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0 };
const stays = (all: readonly Kept[], keeping: Keeping, needed: readonly string[] = []): readonly number[] => {
  const going = new Set(prunable(all, keeping, new Set(needed), now));
  return all.filter((one) => !going.has(one)).map(({ meta }) => meta.number);
};

/** One every twenty minutes for a hundred days, the newest first. */
const many = Array.from({ length: 100 * 72 }, (_, index) => kept(100 * 72 - index, now - index * (hour / 3)));

describe('which snapshots go', () => {
  it('the last of each period stays, of as many as are asked for', () => {
    expect(stays(many, { ...none, last: 3 })).toEqual([7200, 7199, 7198]);
    expect(stays(many, { ...none, hourly: 3 })).toHaveLength(3);
    expect(stays(many, { ...none, daily: 1 })).toEqual([7200]);
    const monthly = stays(many, { ...none, monthly: 3 }).map(
      (number) => many.find(({ meta }) => meta.number === number)?.meta.at ?? 0,
    );
    expect(monthly.map((at) => new Date(at).toISOString().slice(0, 16))).toEqual([
      '2026-11-30T12:30',
      '2026-10-31T23:50',
      '2026-09-30T23:50',
    ]);
    const weekly = stays(many, { ...none, weekly: 3 }).map((number) =>
      new Date(many.find(({ meta }) => meta.number === number)?.meta.at ?? 0).getUTCDay(),
    );
    // 30 November 2026 is a Monday; other weeks end on Sundays.
    expect(weekly).toEqual([1, 0, 0]);
    expect(stays(many, { last: 20, hourly: 24, daily: 14, weekly: 8, monthly: 12 }).length).toBeLessThan(20 + 24 + 14 + 8 + 12);
  });

  it('never what is needed, what has a tag, or what a wrong clock put into the future', () => {
    const all = [kept(4, now + 400 * 24 * hour), kept(3, now - hour), kept(2, now - 2 * hour, 'mine'), kept(1, now - 3 * hour)];
    expect(stays(all, none)).toEqual([4, 2]);
    expect(stays(all, none, ['1'])).toEqual([4, 2, 1]);
    // The one of the future takes no place from others.
    expect(stays(all, { ...none, daily: 1 })).toEqual([4, 3, 2]);
  });
});
