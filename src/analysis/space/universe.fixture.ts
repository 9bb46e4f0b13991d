import fc from 'fast-check';
import { type Axis, all, type Codes, Diagram, leaf, listed, type Node, none, widthOf, within } from './index.ts';

/** A few fields of a few codes each, small enough to ask every point. */
export interface Universe {
  readonly diagram: Diagram;
  readonly axes: readonly Axis[];
  /** Every combination of codes. */
  readonly points: readonly (readonly number[])[];
}

/** A set of one or more boxes: of each field the codes in it. */
export type Boxes = readonly (readonly (readonly number[])[])[];

export function universe(sizes: readonly number[]): Universe {
  let level = 0;
  const axes = sizes.map((size) => {
    const axis: Axis = { level, width: widthOf(size), size };
    level += axis.width;
    return axis;
  });
  const points = sizes.reduce<readonly (readonly number[])[]>(
    (before, size) => before.flatMap((point) => Array.from({ length: size }, (_, code) => [...point, code])),
    [[]],
  );
  return { diagram: new Diagram(), axes, points };
}

/** The leaf of a function at a point. */
export function at({ diagram, axes }: Universe, f: Node, point: readonly number[]): Node {
  const bits: number[] = [];
  for (const [index, { level, width }] of axes.entries())
    for (let depth = 0; depth < width; depth += 1) bits[level + depth] = ((point[index] as number) >> (width - depth - 1)) & 1;
  let node = f;
  while (node >= 0) node = bits[diagram.level(node)] === 1 ? diagram.hi(node) : diagram.lo(node);
  return node;
}

export function codesOf(values: readonly number[]): Codes {
  return listed([...new Set(values)].sort((left, right) => left - right));
}

export function setOf({ diagram, axes }: Universe, boxes: Boxes): Node {
  return boxes.reduce<Node>((union, box) => {
    const inside = box.reduce<Node>((set, values, index) => {
      const axis = axes[index] as Axis;
      return diagram.mask(set, within(diagram, axis, codesOf(values)));
    }, all);
    return diagram.first(union, inside);
  }, none);
}

export function isIn(boxes: Boxes, point: readonly number[]): boolean {
  return boxes.some((box) => box.every((values, index) => values.includes(point[index] as number)));
}

/** A function by the boxes of each leaf, of which the first counts. */
export function functionOf(within: Universe, parts: readonly Boxes[]): Node {
  return parts.reduceRight<Node>(
    (rest, boxes, value) => within.diagram.choose(setOf(within, boxes), leaf(value + 1), rest),
    none,
  );
}

/** Sizes of up to six fields, no more than a few thousand points in all. */
export const sizes: fc.Arbitrary<readonly number[]> = fc
  .array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 })
  .map((all) => {
    let left = 3000;
    return all.map((size) => {
      const kept = Math.max(1, Math.min(size, left));
      left = Math.floor(left / kept);
      return kept;
    });
  });

export function boxesOf(of: readonly number[]): fc.Arbitrary<Boxes> {
  const box = fc.tuple(...of.map((size) => valuesOf(size)));
  return fc.array(box, { minLength: 0, maxLength: 3 });
}

/** Codes of one field: often all of them, or few. */
export function valuesOf(size: number): fc.Arbitrary<readonly number[]> {
  const every = Array.from({ length: size }, (_, code) => code);
  return fc.oneof(
    { weight: 1, arbitrary: fc.constant(every) },
    { weight: 2, arbitrary: fc.subarray(every, { minLength: 1 }) },
    {
      weight: 2,
      arbitrary: fc.tuple(fc.nat(size - 1), fc.nat(size - 1)).map(([a, b]) => every.slice(Math.min(a, b), Math.max(a, b) + 1)),
    },
  );
}
