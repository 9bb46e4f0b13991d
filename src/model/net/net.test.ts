import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contains, formatProtocol, parsePort, parseProtocol, ranges, shared, without } from './index.ts';

describe('ranges', () => {
  const interval = fc.tuple(fc.nat(60), fc.nat(60));
  it('less others, and what both hold, are so value by value, sorted and apart', () => {
    const list = fc.array(interval, { maxLength: 8 });
    fc.assert(
      fc.property(list, list, (one, other) => {
        const [left, right] = [one, other].map((of) => ranges(...of.map(([lo, hi]) => [BigInt(lo), BigInt(hi)] as const)));
        if (left === undefined || right === undefined) return;
        const [rest, both] = [without(left, right), shared(left, right)];
        for (let value = -1n; value <= 61n; value += 1n) {
          expect(contains(rest, value)).toBe(contains(left, value) && !contains(right, value));
          expect(contains(both, value)).toBe(contains(left, value) && contains(right, value));
        }
        expect([ranges(...rest), ranges(...both)]).toEqual([rest, both]);
      }),
    );
  });
  it('hold what any of the intervals holds, sorted, apart and merged', () => {
    fc.assert(
      fc.property(fc.array(interval, { maxLength: 8 }), (intervals) => {
        const set = ranges<number>(...intervals);
        for (let value = -1; value <= 61; value += 1)
          expect(contains(set, value)).toBe(intervals.some(([lo, hi]) => lo <= value && value <= hi));
        for (const [index, [lo, hi]] of set.entries()) {
          expect(lo <= hi).toBe(true);
          const before = set[index - 1];
          if (before !== undefined) expect(before[1] + 1).toBeLessThan(lo);
        }
        const big = ranges<bigint>(...intervals.map(([lo, hi]) => [BigInt(lo), BigInt(hi)] as const));
        expect(big).toEqual(set.map(([lo, hi]) => [BigInt(lo), BigInt(hi)]));
      }),
    );
  });
});

describe('protocols', () => {
  it('print as what reads back, all 256 of them', () => {
    for (let number = 0; number < 256; number += 1) expect(parseProtocol(formatProtocol(number))).toBe(number);
  });

  it.each([
    ['tcp', 6],
    ['TCP', 6],
    ['ipv6-icmp', 58],
    ['icmpv6', 58],
    ['mh', 135],
    ['0', 0],
    ['255', 255],
    ['256', undefined],
    ['nope', undefined],
    ['all', undefined],
    ['', undefined],
    ['constructor', undefined],
  ])('%j is %s', (text, number) => {
    expect(parseProtocol(text)).toBe(number);
  });
});

describe('ports', () => {
  it.each([
    ['0', 0],
    ['65535', 65535],
    ['65536', undefined],
    ['ssh', 22],
    ['https', 443],
    ['constructor', undefined],
    ['-1', undefined],
    ['', undefined],
  ])('%j is %s', (text, port) => {
    expect(parsePort(text)).toBe(port);
  });
});
