import { describe, expect, it } from 'vitest';
import { all, Diagram, leaf, none, OverBudget, pairOf } from './index.ts';

describe('two nodes as one number', () => {
  it('are told apart up to the largest node, where products of 2^32 would lose their last bits', () => {
    const nodes = [-(2 ** 26) + 1, -2, -1, 0, 1, 2, 2 ** 21, 2 ** 21 + 1, 2 ** 25, 2 ** 26 - 2, 2 ** 26 - 1];
    const pairs = nodes.flatMap((left) => nodes.map((right) => pairOf(left, right)));
    expect(new Set(pairs).size).toBe(nodes.length ** 2);
    expect(pairs.every(Number.isSafeInteger)).toBe(true);
  });
});

describe('leaves that are met inside a set', () => {
  it('are those of the product, which is not built', () => {
    const diagram = new Diagram();
    const set = diagram.make(0, none, diagram.make(2, all, none));
    const f = diagram.make(1, leaf(5), diagram.make(2, leaf(6), leaf(7)));
    const size = diagram.size;
    const met: number[] = [];
    diagram.meet(set, f, (value) => {
      met.push(value);
      return false;
    });
    expect(diagram.size).toBe(size);
    expect(met.sort()).toEqual([5, 6]);
  });
});

describe('a diagram', () => {
  it('gives up when it grows over its budget', () => {
    const diagram = new Diagram(1 << 14);
    const grow = (): void => {
      for (let value = 0; value < 1 << 16; value += 1) diagram.make(value & 0xff, leaf(value), leaf(value + 1));
    };
    expect(grow).toThrow(OverBudget);
  });

  it('has something left for others when one question goes over its share', () => {
    const diagram = new Diagram(1 << 16);
    const grow = (from: number): void => {
      for (let value = from; value < 1 << 20; value += 1) diagram.make(value & 0xff, leaf(value), leaf(value + 1));
    };
    expect(() => diagram.within(0.75, () => grow(0))).toThrow(OverBudget);
    expect(diagram.size).toBeLessThan((1 << 16) * 0.76);
    expect(diagram.within(0.75, () => diagram.first(diagram.make(1, all, none), diagram.make(2, all, none)))).toBeGreaterThan(0);
    expect(() => diagram.within(0.75, () => grow(1 << 18))).toThrow(OverBudget);
    expect(diagram.size).toBeLessThan((1 << 16) * 0.95);
  });
});
