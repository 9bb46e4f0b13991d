import { expect, test } from 'vitest';
import { Distinct, distinctWords, forgottenBelow } from './distinct.ts';
import { mix } from './probe.ts';
import { Records } from './records.ts';

/** The same score, of a set that keeps everything. */
class Exact {
  private readonly seen = new Map<number, number>();
  private readonly halfLifeMs: number;

  constructor(halfLifeMs: number) {
    this.halfLifeMs = halfLifeMs;
  }

  add(thing: number, at: number, now: number): void {
    if (this.count(now) < forgottenBelow) this.seen.clear();
    if (!this.seen.has(thing)) this.seen.set(thing, at);
  }

  count(now: number): number {
    let sum = 0;
    for (const at of this.seen.values()) sum += 2 ** (-(now - at) / this.halfLifeMs);
    return sum;
  }
}

/** Numbers from 0 to below 1 that only the seed decides (xorshift32). */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

const begin = Date.UTC(2026, 10, 22);
const second = 1000;

test.each([
  { bits: 64, things: 20, paceMs: 30 * second, error: 0.14 },
  { bits: 256, things: 60, paceMs: 5 * second, error: 0.09 },
  { bits: 256, things: 400, paceMs: second, error: 0.12 },
  { bits: 8192, things: 3000, paceMs: second, error: 0.05 },
])('the count of $things things in $bits bits is that of a set that keeps everything, but for $error', (plan) => {
  const halfLifeMs = 10 * 60 * second;
  const sources = 200;
  let [squares, bias, judged] = [0, 0, 0];
  const records = new Records(sources, distinctWords(plan.bits));
  const sketch = new Distinct(records, plan.bits, halfLifeMs);
  const exact = Array.from({ length: sources }, () => new Exact(halfLifeMs));
  const random = dice(4711);
  const rounds = Math.min(2 * plan.things, 400);
  for (let round = 0; round < rounds; round += 1) {
    const now = begin + round * plan.paceMs;
    sketch.decay.advance(now);
    for (let slot = 0; slot < sources; slot += plan.things > 1000 ? 10 : 1) {
      const thing = Math.floor(random() * plan.things);
      // Some come late.
      const at = random() < 0.1 ? now - 60 * second : now;
      sketch.add(slot, mix(mix(99, slot), thing), at / second);
      exact[slot]?.add(thing, at, now);
    }
  }
  const now = begin + (rounds - 1) * plan.paceMs;
  for (let slot = 0; slot < sources; slot += plan.things > 1000 ? 10 : 1) {
    const right = exact[slot]?.count(now) as number;
    const off = sketch.count(slot) / right - 1;
    squares += off ** 2;
    bias += off;
    judged += 1;
  }
  expect(Math.sqrt(squares / judged)).toBeLessThan(plan.error);
  // On average it is right: what it errs is chance.
  expect(Math.abs(bias / judged)).toBeLessThan(plan.error / 3);
});

test('what is known comes for nothing until its source has been quiet, and then counts anew', () => {
  const sketch = new Distinct(new Records(1, distinctWords(64)), 64, 60 * second);
  sketch.decay.advance(begin);
  expect([1, 2, 3].map((thing) => Math.round(sketch.add(0, thing, begin / second)))).toEqual([1, 2, 3]);
  expect(sketch.add(0, 2, begin / second)).toBe(-1);
  sketch.decay.advance(begin + 60 * second);
  expect(sketch.count(0)).toBeCloseTo(1.5, 1);
  expect(sketch.add(0, 2, begin / second + 60)).toBe(-1);
  sketch.decay.advance(begin + 240 * second);
  expect(sketch.add(0, 2, begin / second + 240)).toBe(1);
});

test('over days nothing grows beyond what numbers hold, and a clock that is set back takes nothing away', () => {
  const sketch = new Distinct(new Records(2, distinctWords(64)), 64, 60 * second);
  for (let minute = 0; minute < 3 * 24 * 60; minute += 1) {
    const now = begin + minute * 60 * second;
    for (let each = 0; each < 60; each += 1) sketch.decay.advance(now + each * second);
    // One that is always new, as 64 bits allow.
    sketch.add(0, mix(1, minute), now / second + 59);
  }
  const count = sketch.count(0);
  // One a minute, halved each minute, is 2; how much of it is seen hangs on which bits are free.
  expect(count).toBeGreaterThan(0);
  expect(count).toBeLessThan(6);
  sketch.decay.advance(begin);
  expect(sketch.count(0)).toBeCloseTo(count, 4);
});
