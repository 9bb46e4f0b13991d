import { ranges } from '../../model/net/index.ts';
import { all, type Codes, common, complement, type Diagram, listed, type Node, none, within } from '../space/index.ts';
import { type Dimension, eachRun } from './dimensions.ts';

/** Codes of some dimensions; of those that are not named any. */
export type Cube = ReadonlyMap<Dimension, Codes>;

/** A cube, and its packets as far as they can exist, whatever open matches answer. */
export interface Part {
  readonly cube: Cube;
  readonly packets: Node;
  /** What the set says of all its packets. */
  readonly leaf: Node;
}

export function packetsOf(diagram: Diagram, cube: Cube, possible: Node): Node {
  let set = all;
  for (const [{ axis }, codes] of [...cube].sort(([left], [right]) => right.axis.level - left.axis.level))
    set = within(diagram, axis, codes, set);
  return diagram.mask(set, possible);
}

/**
 * The cube as wide as it can be made within a set, dimension by dimension. A condition that the others imply is left out,
 * but not a protocol or state: people say those first.
 */
export function grown(diagram: Diagram, cube: Cube, set: Node, possible: Node): Cube {
  const wide = new Map(cube);
  for (const dimension of [...cube.keys()].sort((left, right) => right.axis.level - left.axis.level)) {
    wide.delete(dimension);
    const among = packetsOf(diagram, wide, possible);
    const outside = codesIn(diagram, diagram.without(among, set), dimension);
    const has = codesIn(diagram, among, dimension);
    const isSaid = dimension.kind === 'field' && (dimension.field === 'proto' || dimension.field === 'state');
    if (outside.length > 0 || (isSaid && widthOf(has) < dimension.axis.size))
      wide.set(dimension, common(complement(outside, dimension.axis.size), has));
  }
  return wide;
}

/** Codes of a dimension that packets of the set have. */
function codesIn(diagram: Diagram, set: Node, { axis }: Dimension): Codes {
  const has = new Uint8Array(axis.size);
  const tops = new Set<Node>();
  diagram.visit(set, (node) => {
    if (diagram.level(node) < axis.level) return true;
    tops.add(node);
    return false;
  });
  for (const top of tops) {
    if (top === none) continue;
    eachRun(diagram, top, axis, (first, last, rest) => {
      if (rest !== none) has.fill(1, first, last + 1);
    });
  }
  return listed(Array.from(has.keys()).filter((code) => has[code] === 1));
}

/** Of parts with the same leaf: cubes that differ in one dimension only are one; again until none do. */
export function merged(diagram: Diagram, parts: readonly Part[]): readonly Part[] {
  let list = parts;
  for (let before = Number.POSITIVE_INFINITY; list.length < before; ) {
    before = list.length;
    for (const dimension of new Set(list.flatMap(({ cube }) => [...cube.keys()]))) list = mergedBy(diagram, list, dimension);
  }
  return list;
}

function mergedBy(diagram: Diagram, parts: readonly Part[], dimension: Dimension): readonly Part[] {
  const alike = Map.groupBy(parts, ({ cube }) => keyOf(cube, dimension));
  return [...alike.values()].map((group) => {
    const [first] = group as [Part];
    if (group.length === 1) return first;
    const cube = new Map(first.cube);
    const several = group.map((part) => part.cube.get(dimension));
    const codes = several.every((one) => one !== undefined) ? several.reduce(union) : null;
    if (codes === null || widthOf(codes) === dimension.axis.size) cube.delete(dimension);
    else cube.set(dimension, codes);
    return { ...first, cube, packets: group.reduce<Node>((sum, part) => diagram.first(sum, part.packets), none) };
  });
}

function keyOf(cube: Cube, leftOut: Dimension): string {
  return [...cube]
    .filter(([dimension]) => dimension !== leftOut)
    .map(([{ axis }, codes]) => `${axis.level}=${textOf(codes)}`)
    .sort()
    .join(' ');
}

const texts = new WeakMap<Codes, string>();

/** Lists of codes may be long, and are asked for again and again. */
function textOf(codes: Codes): string {
  let text = texts.get(codes);
  if (text === undefined) {
    text = codes.join();
    texts.set(codes, text);
  }
  return text;
}

/** How many codes they are. */
export function widthOf(codes: Codes): number {
  let width = 0;
  for (let at = 0; at < codes.length; at += 2) width += (codes[at + 1] as number) - (codes[at] as number) + 1;
  return width;
}

export function union(left: Codes, right: Codes): Codes {
  const pairs: (readonly [number, number])[] = [];
  for (const codes of [left, right])
    for (let at = 0; at < codes.length; at += 2) pairs.push([codes[at] as number, codes[at + 1] as number]);
  return Int32Array.from(ranges(...pairs).flat());
}
