import type { Codes } from './atoms.ts';
import { all, type Diagram, type Node, none } from './diagram.ts';

/** Where a field's bits stand in the diagram: `width` levels from `level` on, the most significant first. */
export interface Axis {
  readonly level: number;
  readonly width: number;
  /** Codes in use. Those above read as the last one, so that no code means nothing. */
  readonly size: number;
}

/** Bits that `size` codes need. */
export function widthOf(size: number): number {
  return size <= 1 ? 0 : 32 - Math.clz32(size - 1);
}

/**
 * The function that is `nodes[i]` where the field's code is from `starts[i]` up to the next start. `starts` begins with 0;
 * every node lies below the field's levels.
 */
export function assemble(diagram: Diagram, axis: Axis, starts: ArrayLike<number>, nodes: ArrayLike<Node>): Node {
  const { level, width } = axis;
  const build = (depth: number, base: number, from: number, to: number): Node => {
    if (from === to) return nodes[from] as Node;
    const middle = base + (1 << (width - depth - 1));
    // The first interval that begins at the middle or after it.
    let [lo, hi] = [from + 1, to + 1];
    while (lo < hi) {
      const probe = (lo + hi) >> 1;
      if ((starts[probe] as number) < middle) lo = probe + 1;
      else hi = probe;
    }
    const left = build(depth + 1, base, from, lo - 1);
    const begins = lo <= to && (starts[lo] as number) === middle;
    const right = build(depth + 1, middle, begins ? lo : lo - 1, to);
    return diagram.make(level + depth, left, right);
  };
  return build(0, 0, 0, starts.length - 1);
}

/** The function that is `inside` where the field's code is in the set, else `outside`. */
export function within(diagram: Diagram, axis: Axis, codes: Codes, inside: Node = all, outside: Node = none): Node {
  if (codes.length === 2) return between(diagram, axis, codes[0] as number, codes[1] as number, inside, outside);
  const starts: number[] = [];
  const nodes: Node[] = [];
  let from = 0;
  for (let index = 0; index < codes.length; index += 2) {
    const [lo, hi] = [codes[index] as number, codes[index + 1] as number];
    if (lo > from) {
      starts.push(from);
      nodes.push(outside);
    }
    starts.push(lo);
    nodes.push(inside);
    from = hi + 1;
  }
  if (from < axis.size) {
    starts.push(from);
    nodes.push(outside);
  }
  return assemble(diagram, axis, starts, nodes);
}

/** `inside` for codes from `lo` to `hi`, bit by bit from the least significant: most sets are one interval, or one code. */
function between(diagram: Diagram, { level, width, size }: Axis, lo: number, hi: number, inside: Node, outside: Node): Node {
  const last = hi === size - 1 ? (1 << width) - 1 : hi;
  // Below the highest bit that differs each end counts by itself, above it both have the same bits.
  const parts = 32 - Math.clz32(lo ^ last);
  let [from, upTo] = [inside, inside];
  let bit = 0;
  for (; bit < parts - 1; bit += 1) {
    const own = level + width - 1 - bit;
    from = ((lo >> bit) & 1) === 1 ? diagram.make(own, outside, from) : diagram.make(own, from, inside);
    upTo = ((last >> bit) & 1) === 1 ? diagram.make(own, inside, upTo) : diagram.make(own, upTo, outside);
  }
  let node = inside;
  if (parts > 0) {
    node = diagram.make(level + width - 1 - bit, from, upTo);
    bit += 1;
  }
  for (; bit < width; bit += 1) {
    const own = level + width - 1 - bit;
    node = ((lo >> bit) & 1) === 1 ? diagram.make(own, outside, node) : diagram.make(own, node, outside);
  }
  return node;
}
