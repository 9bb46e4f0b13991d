import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ranges } from '../../model/net/index.ts';
import { Atoms, type Codes, Cuts, common, complement, listed } from './index.ts';

const last: number = 40;
const interval = fc.tuple(fc.nat(last), fc.nat(last)).map(([a, b]): [number, number] => [Math.min(a, b), Math.max(a, b)]);
const intervals = fc.array(interval, { maxLength: 4 }).map((list) => ranges(...list));
const codes = fc.uniqueArray(fc.nat(20), { maxLength: 12 }).map((values) => listed(values.sort((left, right) => left - right)));

function has(set: Codes, code: number): boolean {
  for (let at = 0; at < set.length; at += 2) if ((set[at] as number) <= code && code <= (set[at + 1] as number)) return true;
  return false;
}

/** Sorted, disjoint and not adjacent. */
function isTidy(set: Codes): boolean {
  for (let at = 0; at < set.length; at += 2) {
    if ((set[at] as number) > (set[at + 1] as number)) return false;
    if (at > 0 && (set[at] as number) <= (set[at - 1] as number) + 1) return false;
  }
  return true;
}

describe('atoms', () => {
  it.each([false, true])('tell apart what was cut, and nothing else (packets that may lack the field: %s)', (mayLack) => {
    fc.assert(
      fc.property(fc.array(intervals, { maxLength: 5 }), (sets) => {
        const cuts = new Cuts<number>(0, last);
        for (const set of sets) cuts.add(set);
        const atoms = new Atoms(cuts, mayLack);
        const signs = Array.from({ length: last + 1 }, (_, value) =>
          sets.map((set) => (set.some(([lo, hi]) => lo <= value && value <= hi) ? 1 : 0)).join(''),
        );
        const inside = sets.map((set) => atoms.codesOf(set));
        expect(inside.every(isTidy)).toBe(true);
        const values = Array.from({ length: last + 1 }, (_, value) => value);
        const wrong = values.filter((value) => {
          const code = atoms.codeOf(value);
          const [lo, hi] = atoms.valuesOf(code) as readonly [number, number];
          const alike = values.slice(lo, hi + 1).every((other) => signs[other] === signs[value]);
          const sign = inside.map((set) => (has(set, code) ? 1 : 0)).join('');
          return value < lo || value > hi || !alike || sign !== signs[value];
        });
        expect(wrong).toEqual([]);
        expect(atoms.codeOf(0)).toBe(0);
        expect(atoms.absent).toBe(mayLack ? atoms.size - 1 : null);
        if (atoms.absent !== null) expect(atoms.valuesOf(atoms.absent)).toBeNull();
      }),
      { numRuns: 150 },
    );
  });

  it('cut addresses of 128 bits as they cut small numbers', () => {
    const most = (1n << 128n) - 1n;
    const cuts = new Cuts(0n, most);
    cuts.add([
      [0n, 0n],
      [most - 1n, most],
    ]);
    const atoms = new Atoms(cuts, false);
    expect(atoms.size).toBe(3);
    expect(atoms.valuesOf(1)).toEqual([1n, most - 2n]);
    expect(atoms.codeOf(most)).toBe(2);
  });
});

describe('codes', () => {
  it('are in a complement when they are not in the set', () => {
    fc.assert(
      fc.property(codes, (set) => {
        const rest = complement(set, 21);
        for (let code = 0; code <= 20; code += 1) expect(has(rest, code)).toBe(!has(set, code));
        expect(isTidy(rest)).toBe(true);
        expect(complement(rest, 21)).toEqual(set);
      }),
    );
  });

  it('are common when both sets have them', () => {
    fc.assert(
      fc.property(codes, codes, (left, right) => {
        const both = common(left, right);
        for (let code = 0; code <= 20; code += 1) expect(has(both, code)).toBe(has(left, code) && has(right, code));
        expect(isTidy(both)).toBe(true);
      }),
    );
  });
});
