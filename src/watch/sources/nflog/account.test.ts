import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { HandedLook } from '../../../kernel/index.ts';
import { type Account, createAccount } from './account.ts';
import { formatPlace, type Place, parsePlace } from './place.ts';

const processors = 2;

interface Rules {
  readonly rules?: string;
  readonly origin?: string;
  /** What its one rule has met, and another of its table. */
  readonly met: number;
  readonly other?: number;
}

function look({ rules = 'a', origin = 'this', met, other = 1000 }: Rules): HandedLook {
  const counters = new Map([
    ['log', met],
    ['other', other],
  ]);
  return { kind: 'counted', origin, rules, names: ['log'], counters };
}

/** A life of whoever reads: counters stood at so much when it began. */
function live(before: Place | null, rules: Rules): Account {
  const account = createAccount(before, processors);
  account.looked(look(rules));
  for (const at of [0, 20, 40]) expect(account.took({ met: rules.met, before: 0, after: 0, at })).toBe(true);
  expect(account.isSettled()).toBe(true);
  return account;
}

/** As it is kept and found again. */
const kept = (place: Place): Place | null => parsePlace(formatPlace(place));

test('what nobody read is what the counters say more than was read', () => {
  const first = live(null, { met: 500 });
  expect(first.gap()).toBe(null);
  const second = live(kept(first.place(40, 1)), { met: 547 });
  expect(second.gap()).toEqual({ kind: 'counted', packets: 7, more: 7 });
  // Once.
  expect(second.gap()).toBe(null);
  expect(live(kept(second.place(3, 2)), { met: 550 }).gap()).toEqual({ kind: 'counted', packets: 0, more: 0 });
});

test('lives that end before it was said are counted in, and the time since the first', () => {
  const first = live(null, { met: 0 });
  const second = live(kept(first.place(10, 1000)), { met: 15 });
  const place = kept(second.place(2, 2000));
  expect(place).toMatchObject({ at: 2000, since: 1000 });
  // 15 by the beginning of the second, 2 that it read, 4 more.
  expect(live(place, { met: 21 }).gap()).toEqual({ kind: 'counted', packets: 9, more: 9 });
});

test('whatever comes while counters are read, bounds hold, and what several readings agree on is exact', () => {
  const reading = fc.record({ begins: fc.nat(3), during: fc.nat(3), ends: fc.nat(3), flying: fc.nat(processors) });
  fc.assert(
    fc.property(fc.array(reading, { minLength: 1, maxLength: 30 }), fc.nat(1000), (readings, truth) => {
      const before: Place = { at: 0, since: null, counted: { low: 0, high: 0, origin: 'this', rules: 'a', witnesses: {} } };
      const account = createAccount(before, processors);
      account.looked(look({ met: truth }));
      let come = 0;
      for (const [turn, { begins, during, ends, flying }] of readings.entries()) {
        // Two readings meet packets that are counted and not logged yet; they come right after.
        const late = turn < 2 ? flying : 0;
        const met = truth + come + begins + late;
        const numbers = { before: come, after: come + begins + during + ends };
        expect(account.took({ met, ...numbers, at: turn * 20 })).toBe(true);
        come = numbers.after + late;
      }
      const gap = account.gap();
      if (gap?.kind === 'between') {
        expect(gap.low).toBeLessThanOrEqual(truth);
        expect(gap.high).toBeGreaterThanOrEqual(truth);
      } else expect(gap).toEqual({ kind: 'counted', packets: truth, more: truth });
    }),
  );
});

test('what could only be said within bounds is said exactly once it is known, and counts as lost once', () => {
  const place = kept(live(null, { met: 500 }).place(40, 1));
  const account = createAccount(place, processors);
  account.looked(look({ met: 600 }));
  expect(account.gap()).toBe(null);
  // A packet came during each reading.
  account.took({ met: 600, before: 0, after: 2, at: 0 });
  account.took({ met: 603, before: 2, after: 4, at: 20 });
  expect(account.gap()).toEqual({ kind: 'between', low: 57, high: 60, more: 57 });
  expect(account.gap()).toBe(null);
  // Whoever is killed now has counted 57 of them, and read 4 packets.
  expect(live(kept(account.place(4, 2)), { met: 604 }).gap()).toEqual({ kind: 'counted', packets: 3, more: 3 });
  for (const at of [40, 60, 80]) account.took({ met: 604, before: 4, after: 4, at });
  expect(account.gap()).toEqual({ kind: 'counted', packets: 60, more: 3 });
  expect(live(kept(account.place(4, 3)), { met: 604 }).gap()).toEqual({ kind: 'counted', packets: 0, more: 0 });
});

test('where counters were begun anew nothing is known, and it is said why', () => {
  const first = live(null, { met: 500 });
  const place = kept(first.place(40, 1));
  const gap = (rules: Rules) => live(place, rules).gap();
  const changed = 'the rules that log to it were changed or loaded anew meanwhile';
  const setBack = 'the counters of its rules were set back meanwhile';
  expect(gap({ met: 600, rules: 'b' })).toEqual({ kind: 'unknown', why: changed });
  expect(gap({ met: 3 })).toEqual({ kind: 'unknown', why: setBack });
  // It has come further than it was by now; another of its table has not.
  expect(gap({ met: 9000, other: 12 })).toEqual({ kind: 'unknown', why: setBack });
  expect(gap({ met: 600, origin: 'next' })).toMatchObject({ kind: 'unknown', why: expect.stringContaining('started anew') });
  const uncounted = createAccount(place, processors);
  uncounted.looked({ kind: 'uncounted', why: 'a rule has no counter' });
  expect(uncounted.isSettled()).toBe(true);
  expect(uncounted.gap()).toEqual({ kind: 'unknown', why: 'a rule has no counter' });
  expect(live(kept(uncounted.place(1, 1)), { met: 1 }).gap()).toEqual({ kind: 'unknown', why: 'a rule has no counter' });
  // As earlier palisades kept it.
  expect(live(parsePlace('1795000000000'), { met: 1 }).gap()).toMatchObject({ kind: 'unknown' });
  expect([parsePlace('{}'), parsePlace('x'), parsePlace('null')]).toEqual([null, null, null]);
});

test('counters that are set back while it is read cost nothing', () => {
  const account = live(null, { met: 500 });
  expect(account.took({ met: 2, before: 10, after: 10, at: 1000 })).toBe(false);
  account.looked(look({ met: 2 }));
  for (const at of [1020, 1040]) account.took({ met: 2, before: 10, after: 10, at });
  const next = live(kept(account.place(15, 1)), { met: 9 });
  expect(next.gap()).toEqual({ kind: 'counted', packets: 2, more: 2 });
});

test('what something else logs too is not known', () => {
  const account = live(null, { met: 500 });
  for (const turn of [1, 2, 3]) {
    // More come than the rules have met.
    account.took({ met: 500, before: turn * 50, after: turn * 50, at: turn * 1000 });
    account.looked(look({ met: 500 }));
  }
  expect(live(kept(account.place(150, 1)), { met: 600 }).gap()).toMatchObject({
    kind: 'unknown',
    why: expect.stringContaining('something beside'),
  });
});
