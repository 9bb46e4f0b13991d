import { expect, test } from 'vitest';
import { Attempts, mostTimes } from './attempts.ts';

/** Numbers that look like chance, the same each time. */
function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const secondOf = (at: number): number => Math.floor(at / 1000);

/** Slots, and how often each has changed hands. */
function hands() {
  const stamps = new Map<number, number>();
  const stampOf = (slot: number): number => stamps.get(slot) ?? 0;
  return { stampOf, give: (slot: number) => void stamps.set(slot, stampOf(slot) + 1) };
}

test('times and scores are those of a list that keeps everything', () => {
  const random = chance(1);
  const halfLifeMs = 1_200_000;
  const slots = hands();
  const attempts = new Attempts(1024, slots, 7, halfLifeMs);
  const kept = new Map<number, number[]>();
  let at = Date.UTC(2026, 10, 22);
  for (let each = 0; each < 2000; each += 1) {
    at += random(20_000);
    const slot = random(20);
    const place = attempts.placeOf(slot, 9, 22, secondOf(at));
    const times = kept.get(slot) ?? [];
    kept.set(slot, times);
    if (times.length > 0 && random(40) === 0) {
      // What is older than a ring holds cannot come back.
      const forgiven = 1 + random(4);
      times.splice(Math.max(0, times.length - mostTimes), times.length);
      attempts.forgive(place, mostTimes);
      expect(attempts.secondsOf(place, 1), `${forgiven}`).toBe(Number.POSITIVE_INFINITY);
      times.length = 0;
      kept.delete(slot);
      slots.give(slot);
      continue;
    }
    attempts.add(place, secondOf(at));
    times.push(at);
    for (const count of [1, 2, 4, 5, mostTimes]) {
      const nth = times.at(-count);
      const seconds = nth === undefined ? Number.POSITIVE_INFINITY : Math.floor(at / 1000) - Math.floor(nth / 1000);
      expect(attempts.secondsOf(place, count)).toBe(seconds);
      if (count <= 4) expect(attempts.secondsOfLast(place, count)).toBe(seconds);
    }
    const score = times.reduce((sum, time) => sum + 2 ** ((time - at) / halfLifeMs), 0);
    expect(Math.abs(attempts.scoreAt(place, secondOf(at)) - score)).toBeLessThan(0.001 * score);
    expect(attempts.count(place)).toBe(times.length);
  }
});

test('what is forgiven are the last tries', () => {
  const attempts = new Attempts(64, hands(), 7, 1e12);
  const place = attempts.placeOf(3, 0, 22, 0);
  for (let second = 0; second < 20; second += 1) attempts.add(place, 10 * second);
  attempts.forgive(place, 4);
  // Left are those of 100 to 150 s: of twenty, ten are kept, and four of these are gone.
  expect(attempts.secondsOf(place, 6)).toBe(50);
  expect(attempts.secondsOf(place, 7)).toBe(Number.POSITIVE_INFINITY);
  expect(Math.round(attempts.scoreAt(place, 190))).toBe(16);
  attempts.add(place, 200);
  expect(attempts.secondsOf(place, 2)).toBe(50);
});

test('a SYN that is sent again is no new connection, however many are at it', () => {
  const attempts = new Attempts(64, hands(), 7, 1e12);
  const place = attempts.placeOf(0, 1, 443, 0);
  const sent: [at: number, sport: number][] = [];
  for (const [index, sport] of [40_000, 40_002, 40_004, 40_006, 40_008, 40_010].entries())
    for (const second of [0, 1, 2, 3, 4, 5, 7, 11, 19, 35, 67]) sent.push([1000 * second + index, sport]);
  sent.sort(([one], [other]) => one - other);
  expect(sent.filter(([at, sport]) => attempts.connects(place, sport, secondOf(at)))).toHaveLength(6);
});

test('what is no try counts among the last, and fades the score no more than time does', () => {
  const attempts = new Attempts(64, hands(), 7, 60_000);
  const place = attempts.placeOf(0, 1, 22, 0);
  for (let second = 0; second < 60; second += 1) attempts.add(place, second, second % 20 === 0);
  expect(attempts.count(place)).toBe(60);
  expect(attempts.secondsOf(place, 3)).toBe(40);
  expect(attempts.secondsOfLast(place, 4)).toBe(3);
  expect(attempts.scoreAt(place, 60)).toBeCloseTo(2 ** -1 + 2 ** (-40 / 60) + 2 ** (-20 / 60), 3);
});

test('who always uses the same port is not excused for ever', () => {
  const attempts = new Attempts(64, hands(), 7, 1e12);
  const place = attempts.placeOf(0, 1, 22, 0);
  const connections = Array.from({ length: 110 }, (_, each) => attempts.connects(place, 61_000, each));
  expect(connections.filter(Boolean)).toHaveLength(10);
  // After minutes it is another one.
  expect(attempts.connects(place, 61_000, 500)).toBe(true);
});

test('those who keep trying stay, whoever comes once; and a slot that is given away begins anew', () => {
  const slots = hands();
  const attempts = new Attempts(256, slots, 7, 3_600_000);
  const place = attempts.placeOf(0, 1, 22, 0);
  for (let each = 0; each < 20; each += 1) attempts.add(place, each * 600);
  for (let slot = 1; slot < 20_000; slot += 1) attempts.add(attempts.placeOf(slot, 1, 22, 20 * 600), 20 * 600);
  expect(attempts.find(0, 1, 22)).toBe(place);
  expect(attempts.count(place)).toBe(20);
  slots.give(0);
  expect(attempts.isAlive(place)).toBe(false);
  expect(attempts.find(0, 1, 22)).toBe(-1);
  expect(attempts.count(attempts.placeOf(0, 1, 22, 1))).toBe(0);
});
