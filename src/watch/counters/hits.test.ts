import { expect, test } from 'vitest';
import { type Counted, createCounters } from './index.ts';

const rule = (name: string, packets: number): Counted => ({ rule: name, packets, bytes: packets * 60 });
const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

function said(counters: ReturnType<typeof createCounters>): Record<string, readonly [number, number | null]> {
  return Object.fromEntries([...counters.all()].map((hits) => [hits.rule, [hits.packets, hits.lastHit]]));
}

test('counters are kept when rules are loaded anew, set to zero, or put in another order', () => {
  const counters = createCounters([]);
  counters.take(0, [rule('a', 10), rule('b', 0)]);
  counters.take(minute, [rule('a', 15), rule('b', 0)]);
  // Loaded anew, in another order.
  counters.take(2 * minute, [rule('b', 0), rule('a', 2)]);
  counters.take(3 * minute, [rule('b', 0), rule('a', 2)]);
  expect(said(counters)).toEqual({ a: [17, 2 * minute], b: [0, null] });
});

test('only what has changed is said, and what stands still once an hour', () => {
  const counters = createCounters([]);
  expect(counters.take(0, [rule('a', 1), rule('b', 1)]).map((hits) => hits.rule)).toEqual(['a', 'b']);
  expect(counters.take(minute, [rule('a', 1), rule('b', 2)]).map((hits) => hits.rule)).toEqual(['b']);
  expect(counters.take(2 * minute, [rule('a', 1), rule('b', 2)])).toEqual([]);
  expect(counters.take(2 * hour, [rule('a', 1), rule('b', 2)]).map((hits) => hits.seen)).toEqual([2 * hour, 2 * hour]);
});

test('a counter that began at zero and stands at zero again is no hit', () => {
  const counters = createCounters([]);
  counters.take(0, [rule('a', 5)]);
  expect(counters.take(minute, [rule('a', 0)])).toMatchObject([{ packets: 5, lastHit: 0, read: { packets: 0 } }]);
  expect(counters.take(2 * minute, [rule('a', 3)])).toMatchObject([{ packets: 8, lastHit: 2 * minute }]);
});

test('rules that say the same are told apart by their order', () => {
  const counters = createCounters([]);
  counters.take(0, [rule('a', 1), rule('a', 7)]);
  counters.take(minute, [rule('a', 1), rule('a', 9)]);
  expect(said(counters)).toEqual({ a: [1, 0], 'a #2': [9, minute] });
});

test('what was kept goes on, and a rule that is long gone is forgotten', () => {
  const before = createCounters([]);
  before.take(0, [rule('a', 4), rule('gone', 4)]);
  const counters = createCounters(before.all());
  counters.take(day, [rule('a', 6)]);
  expect(said(counters)).toEqual({ a: [6, day], gone: [4, 0] });
  counters.take(91 * day, [rule('a', 6)]);
  expect(Object.keys(said(counters))).toEqual(['a']);
});
