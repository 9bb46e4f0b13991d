import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Ranges } from '../model/net/index.ts';
import { type Part, partsOf, ports, world } from './atoms.ts';

const span = fc
  .tuple(fc.nat(65535), fc.oneof(fc.nat(3), fc.nat(65535)))
  .map(([lo, more]): readonly [number, number] => [lo, Math.min(65535, lo + more)]);
const asked = fc.array(fc.array(span, { minLength: 1, maxLength: 3 }), { maxLength: 10 });

describe('parts', () => {
  it('hold the values with the same answers, no more and no less', () => {
    fc.assert(
      fc.property(asked, (questions) => {
        const answers = (port: number): string =>
          questions.map((spans) => (spans.some(([lo, hi]) => lo <= port && port <= hi) ? '1' : '0')).join('');
        const counted = new Map<string, number>();
        for (let port = 1; port <= 65535; port += 1) counted.set(answers(port), (counted.get(answers(port)) ?? 0) + 1);
        const parts = partsOf(questions, ports);
        expect(new Map(parts.map(({ value, size }) => [answers(value), Number(size)]))).toEqual(counted);
        expect(parts).toHaveLength(counted.size);
        for (const { lo, value, hi } of parts) {
          expect(lo <= value && value <= hi).toBe(true);
          expect([answers(lo), answers(hi)]).toEqual([answers(value), answers(value)]);
        }
        expect(parts.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
      }),
      { numRuns: 30 },
    );
  });

  it('are few where rules name many single addresses', () => {
    const single = Array.from({ length: 3000 }, (_, index): Ranges<bigint> => {
      const address = BigInt((index * 2654435761) % 2 ** 32);
      return [[address, address]];
    });
    const [first, second] = partsOf(single, world(4));
    expect(first?.share).toBeGreaterThan(0.999);
    expect(second?.size).toBe(1n);
  });

  it('of the uncut world begin with a documentation address', () => {
    const first = (parts: readonly Part<bigint>[]): string => (parts[0]?.value ?? 0n).toString(16);
    expect(first(partsOf([], world(4)))).toBe('cb007109');
    expect(first(partsOf([], world(6)))).toBe('20010db8ffff00000000000000000009');
  });
});
