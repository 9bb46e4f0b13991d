import { expect, test } from 'vitest';
import { Many } from './many.ts';
import { mix } from './probe.ts';
import { Recent } from './recent.ts';

test('few are counted nearly exactly, and many within a tenth, as a set counts them', () => {
  const many = new Many(2);
  const set = new Set<number>();
  for (let each = 0; each < 300_000; each += 1) {
    const thing = (each * 7) % 200_003;
    set.add(thing);
    many.add(1, mix(5, thing));
    if ([1, 2, 10, 100, 1000, 10_000, 100_000, 299_999].includes(each))
      expect(Math.abs(many.count(1) - set.size), `${set.size}`).toBeLessThanOrEqual(Math.max(1, 0.1 * set.size));
  }
  expect(many.count(0)).toBe(0);
  many.forget(1);
  expect(many.count(1)).toBe(0);
});

test('millions are counted too, of which some share a hash', () => {
  const many = new Many(1);
  for (let each = 0; each < 3_000_000; each += 1) many.add(0, mix(9, each));
  expect(Math.abs(many.count(0) - 3_000_000)).toBeLessThan(300_000);
});

test('what was there lately is what a map of times says', () => {
  const recent = new Recent(32);
  const map = new Map<number, number>();
  let state = 3;
  let at = 0;
  for (let each = 0; each < 5000; each += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    at += state % 1000;
    // Sometimes more of them than it holds.
    const thing = (state >>> 8) % (each % 1000 < 500 ? 20 : 200);
    map.set(thing, at);
    const lately = [...map.values()].filter((time) => time >= at - 30_000).length;
    expect(recent.see(thing, at, at - 30_000)).toBe(Math.min(32, lately));
  }
});
