import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { all, buildCases, type Case, leaf, type Node, narrowed, none, within } from './index.ts';
import { at, codesOf, sizes, type Universe, universe, valuesOf } from './universe.fixture.ts';

/** What a case asks of each field (`null`: nothing), and what it gives: a leaf, or one inside a set and nothing outside. */
interface Line {
  readonly asks: readonly (readonly number[] | null)[];
  readonly value: number;
  /** The leaf is given only where this field has one of these codes: above or below those asked for. */
  readonly only: { readonly field: number; readonly values: readonly number[] } | null;
}

function linesOf(of: readonly number[], most: number): fc.Arbitrary<readonly Line[]> {
  const line = fc.record({
    asks: fc.tuple(...of.map((size) => fc.option(valuesOf(size), { freq: 2 }))),
    value: fc.integer({ min: 1, max: 5 }),
    only: fc.option(
      fc.nat(of.length - 1).chain((field) => fc.record({ field: fc.constant(field), values: valuesOf(of[field] as number) })),
      { freq: 2 },
    ),
  });
  return fc.array(line, { maxLength: most });
}

function caseOf({ diagram, axes }: Universe, { asks, value, only }: Line): Case {
  const gives: Node =
    only === null ? leaf(value) : within(diagram, axes[only.field] as (typeof axes)[0], codesOf(only.values), leaf(value), none);
  const fields = asks.flatMap((values, index) => (values === null ? [] : [{ index, codes: codesOf(values) }]));
  return { axes: fields.map(({ index }) => index), codes: fields.map(({ codes }) => codes), gives };
}

/** One line after the other. */
function firstOf(lines: readonly Line[], point: readonly number[]): Node {
  for (const { asks, value, only } of lines) {
    if (!asks.every((values, index) => values === null || values.includes(point[index] as number))) continue;
    if (only !== null && !only.values.includes(point[only.field] as number)) continue;
    return leaf(value);
  }
  return none;
}

describe('a list of cases', () => {
  it.each([
    ['few', 6, 200],
    ['many', 60, 60],
  ])('gives what the first that holds gives: %s', (_, most, numRuns) => {
    fc.assert(
      fc.property(
        sizes.chain((of) => fc.tuple(fc.constant(of), linesOf(of, most))),
        ([of, lines]) => {
          const space = universe(of);
          const cases = lines.map((line) => caseOf(space, line));
          const built = buildCases(space.diagram, space.axes, cases);
          expect(space.points.filter((point) => at(space, built, point) !== firstOf(lines, point))).toEqual([]);
        },
      ),
      { numRuns },
    );
  });

  it('is one function however it is cut in two', () => {
    fc.assert(
      fc.property(
        sizes.chain((of) => fc.tuple(fc.constant(of), linesOf(of, 20), fc.nat(20))),
        ([of, lines, cut]) => {
          const space = universe(of);
          const cases = lines.map((line) => caseOf(space, line));
          const build = (some: readonly Case[]): Node => buildCases(space.diagram, space.axes, some);
          expect(space.diagram.first(build(cases.slice(0, cut)), build(cases.slice(cut)))).toBe(build(cases));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('deals long lists of one field, and of two that overlap', () => {
    const space = universe([300, 300]);
    const { diagram, axes } = space;
    const cases = Array.from({ length: 600 }, (_, index): Case => {
      const one = index % 300;
      const span = codesOf(Array.from({ length: 1 + (index % 17) }, (_, step) => Math.min(299, one + step)));
      return {
        axes: index % 3 === 0 ? [0] : index % 3 === 1 ? [1] : [0, 1],
        codes: index % 3 === 2 ? [span, span] : [span],
        gives: leaf(1 + (index % 7)),
      };
    });
    const built = buildCases(diagram, axes, cases);
    for (const [x, y] of [[0, 0], [1, 299], [150, 3], [299, 299], [17, 200], [298, 1]] as const) {
      const found = cases.find((one) =>
        one.axes.every((axis, index) => {
          const codes = one.codes[index] as Int32Array;
          const value = axis === 0 ? x : y;
          return codes.some((lo, place) => place % 2 === 0 && lo <= value && value <= (codes[place + 1] as number));
        }),
      );
      expect(at(space, built, [x, y])).toBe(found?.gives ?? none);
    } // biome-ignore format: points
  });
});

describe('a case', () => {
  it('is narrowed to codes of a field that it asks for already, or of another', () => {
    fc.assert(
      fc.property(
        sizes.chain((of) =>
          fc.tuple(
            fc.constant(of),
            linesOf(of, 1).filter((lines) => lines.length === 1),
            fc.nat(of.length - 1).chain((axis) => fc.tuple(fc.constant(axis), valuesOf(of[axis] as number))),
          ),
        ),
        ([of, [line], [axis, values]]) => {
          const space = universe(of);
          const plain: Line = { ...(line as Line), only: null };
          const made = narrowed({ ...caseOf(space, plain), gives: all }, axis, codesOf(values));
          const set = made === null ? none : buildCases(space.diagram, space.axes, [made]);
          const wrong = space.points.filter((point) => {
            const wanted = firstOf([plain], point) !== none && values.includes(point[axis] as number);
            return (at(space, set, point) === all) !== wanted;
          });
          expect(wrong).toEqual([]);
        },
      ),
      { numRuns: 100 },
    );
  });
});
