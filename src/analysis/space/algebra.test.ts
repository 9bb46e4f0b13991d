import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { all, leaf, none } from './index.ts';
import { at, type Boxes, boxesOf, functionOf, isIn, setOf, sizes, universe } from './universe.fixture.ts';

const runs = 300;

/** So many sets of the same small universe. */
function sets(count: number): fc.Arbitrary<readonly [readonly number[], readonly Boxes[]]> {
  return sizes.chain((of) => fc.tuple(fc.constant(of), fc.array(boxesOf(of), { minLength: count, maxLength: count })));
}

type Law = (boxes: readonly Boxes[], of: readonly number[]) => void;

function holds(count: number, law: Law): void {
  fc.assert(
    fc.property(sets(count), ([of, boxes]) => law(boxes, of)),
    { numRuns: runs },
  );
}

describe('sets of packets', () => {
  it('hold what their boxes hold, and so do union, intersection, difference and complement', () => {
    holds(2, ([a = [], b = []], of) => {
      const space = universe(of);
      const { diagram } = space;
      const [left, right] = [setOf(space, a), setOf(space, b)];
      const union = diagram.first(left, right);
      const both = diagram.mask(left, right);
      const rest = diagram.without(left, right);
      const other = diagram.not(left);
      const wrong = space.points.filter((point) => {
        const [x, y] = [isIn(a, point), isIn(b, point)];
        const has = (set: number): boolean => at(space, set, point) === all;
        return has(union) !== (x || y) || has(both) !== (x && y) || has(rest) !== (x && !y) || has(other) === x;
      });
      expect(wrong).toEqual([]);
    });
  });

  it('are the same node when they hold the same packets, and only then', () => {
    holds(2, ([a = [], b = []], of) => {
      const space = universe(of);
      const same = space.points.every((point) => isIn(a, point) === isIn(b, point));
      expect(setOf(space, a) === setOf(space, b)).toBe(same);
    });
  });

  it('obey the laws of a Boolean algebra', () => {
    holds(3, ([x = [], y = [], z = []], of) => {
      const space = universe(of);
      const { diagram } = space;
      const [a, b, c] = [setOf(space, x), setOf(space, y), setOf(space, z)];
      const or = diagram.first.bind(diagram);
      const and = diagram.mask.bind(diagram);
      const not = diagram.not.bind(diagram);
      const laws: readonly (readonly [string, number, number])[] = [
        ['union commutes', or(a, b), or(b, a)],
        ['intersection commutes', and(a, b), and(b, a)],
        ['union associates', or(or(a, b), c), or(a, or(b, c))],
        ['intersection associates', and(and(a, b), c), and(a, and(b, c))],
        ['intersection distributes over union', and(a, or(b, c)), or(and(a, b), and(a, c))],
        ['union distributes over intersection', or(a, and(b, c)), and(or(a, b), or(a, c))],
        ['De Morgan of a union', not(or(a, b)), and(not(a), not(b))],
        ['De Morgan of an intersection', not(and(a, b)), or(not(a), not(b))],
        ['union is idempotent', or(a, a), a],
        ['intersection is idempotent', and(a, a), a],
        ['union absorbs', or(a, and(a, b)), a],
        ['intersection absorbs', and(a, or(a, b)), a],
        ['the complement of the complement', not(not(a)), a],
        ['nothing is in both a set and its complement', and(a, not(a)), none],
        ['all is in one of a set and its complement', or(a, not(a)), all],
        ['difference is intersection with the complement', diagram.without(a, b), and(a, not(b))],
        ['nothing is neutral in unions', or(a, none), a],
        ['all is neutral in intersections', and(a, all), a],
        ['a set parts another', or(and(a, b), diagram.without(a, b)), a],
        ['a choice is what it chooses', diagram.choose(a, b, c), or(and(a, b), and(not(a), c))],
      ];
      for (const [name, left, right] of laws) expect(left, name).toBe(right);
    });
  });
});

describe('functions of packets', () => {
  it('give what the first of two gives, which associates', () => {
    holds(6, (boxes, of) => {
      const space = universe(of);
      const { diagram } = space;
      const [f, g, h] = [boxes.slice(0, 2), boxes.slice(2, 4), boxes.slice(4, 6)].map((parts, index) => {
        const own = functionOf(space, parts);
        return diagram.mapLeaves(own, (value) => (value === 0 ? none : leaf(value + 10 * index)));
      }) as [number, number, number];
      expect(diagram.first(diagram.first(f, g), h)).toBe(diagram.first(f, diagram.first(g, h)));
      const both = diagram.first(f, g);
      const wrong = space.points.filter((point) => {
        const here = at(space, f, point);
        return at(space, both, point) !== (here === none ? at(space, g, point) : here);
      });
      expect(wrong).toEqual([]);
    });
  });

  it('are masked, chosen, counted by leaf and replaced point by point', () => {
    holds(4, (boxes, of) => {
      const space = universe(of);
      const { diagram } = space;
      const [f, g] = [functionOf(space, boxes.slice(0, 2)), functionOf(space, boxes.slice(2, 3))];
      const inside = boxes[3] ?? [];
      const set = setOf(space, inside);
      const chosen = diagram.choose(set, f, g);
      const replaced = diagram.mapLeaves(f, (value) => leaf(value * 2));
      const where = diagram.where(f, (value) => value === 1);
      const seen = new Set<number>();
      const masked = diagram.mask(set, f);
      const rest = diagram.without(f, set);
      const wrong = space.points.filter((point) => {
        const here = at(space, f, point);
        const within = isIn(inside, point);
        seen.add(~here);
        return (
          at(space, masked, point) !== (within ? here : none) ||
          at(space, rest, point) !== (within ? none : here) ||
          at(space, chosen, point) !== (within ? here : at(space, g, point)) ||
          at(space, replaced, point) !== leaf(~here * 2) ||
          at(space, where, point) !== (here === leaf(1) ? all : none)
        );
      });
      expect(wrong).toEqual([]);
      expect(diagram.leaves(f)).toEqual(seen);
    });
  });

  it('stay the same however large the diagram grows meanwhile', () => {
    // The table and the cache are made anew as it grows.
    const space = universe([60_000, 7]);
    const { diagram } = space;
    const every = Array.from({ length: 7 }, (_, code) => code);
    const boxes: Boxes = [[[1, 5, 9, 4000, 59_999], [2, 3]], [[7], every]]; // biome-ignore format: boxes
    const before = setOf(space, boxes);
    let grown = before;
    for (let code = 0; code < 60_000; code += 7) grown = diagram.first(grown, setOf(space, [[[code], [code % 7]]]));
    expect(setOf(space, boxes)).toBe(before);
    expect(diagram.mask(before, grown)).toBe(before);
    expect(diagram.without(before, grown)).toBe(none);
  });
});
