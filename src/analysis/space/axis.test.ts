import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { all, assemble, leaf, none, widthOf, within } from './index.ts';
import { at, codesOf, universe, valuesOf } from './universe.fixture.ts';

describe('a field', () => {
  it('has as many bits as its codes need', () => {
    expect([0, 1, 2, 3, 4, 5, 8, 9, 65_536, 65_537].map(widthOf)).toEqual([0, 0, 1, 2, 2, 3, 3, 4, 16, 17]);
  });

  it('leads each code to the node of its interval', () => {
    const lists = fc
      .integer({ min: 1, max: 70 })
      .chain((size) =>
        fc.tuple(fc.constant(size), fc.uniqueArray(fc.nat(size - 1), { maxLength: 12 }), fc.array(fc.nat(3), { minLength: 13 })),
      );
    fc.assert(
      fc.property(lists, ([size, cuts, values]) => {
        const space = universe([size]);
        const [axis] = space.axes;
        if (axis === undefined) throw new Error('a universe of one field has one');
        const starts = [0, ...cuts.filter((cut) => cut > 0).sort((left, right) => left - right)];
        const nodes = starts.map((_, index) => leaf(values[index] as number));
        const f = assemble(space.diagram, axis, starts, nodes);
        for (let code = 0; code < size; code += 1) {
          const index = starts.findLastIndex((start) => start <= code);
          expect(at(space, f, [code])).toBe(nodes[index]);
        }
        // Codes that are not in use read as the last one, so that equal functions are equal nodes.
        const unused = 1 << axis.width;
        for (let code = size; code < unused; code += 1) expect(at(space, f, [code])).toBe(nodes.at(-1));
      }),
    );
  });

  it('is inside a set where its code is', () => {
    const sets = fc.integer({ min: 1, max: 70 }).chain((size) => fc.tuple(fc.constant(size), valuesOf(size)));
    fc.assert(
      fc.property(sets, ([size, values]) => {
        const space = universe([size]);
        const [axis] = space.axes;
        if (axis === undefined) throw new Error('a universe of one field has one');
        const set = within(space.diagram, axis, codesOf(values));
        for (let code = 0; code < size; code += 1) expect(at(space, set, [code])).toBe(values.includes(code) ? all : none);
        expect(within(space.diagram, axis, codesOf([]))).toBe(none);
      }),
    );
  });
});
