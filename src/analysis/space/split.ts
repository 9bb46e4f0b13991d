import type { Axis } from './axis.ts';
import { all, type Diagram, type Node, none } from './diagram.ts';

/** Functions by the codes of one field: runs of codes, in order, that lead to the same rest. */
export type Runs = readonly { readonly first: number; readonly rest: Node }[];

/** What is left of a function for each code of a field, whatever stands above it in the diagram. */
export function splitBy(diagram: Diagram, f: Node, { level, width, size }: Axis): Runs {
  const known = new Map<Node, Runs>();
  const visit = (node: Node): Runs => {
    const own = diagram.level(node);
    if (own >= level + width || size === 1) return [{ first: 0, rest: node }];
    const before = known.get(node);
    if (before !== undefined) return before;
    const made = own >= level ? within(node) : above(visit(diagram.lo(node)), visit(diagram.hi(node)), own);
    known.set(node, made);
    return made;
  };
  return visit(f);

  /** The node tests the field itself. */
  function within(node: Node): Runs {
    const runs: { first: number; rest: Node }[] = [];
    const walk = (at: Node, depth: number, code: number): void => {
      const first = code << (width - depth);
      if (first >= size) return;
      const own = diagram.level(at);
      if (own >= level + width) {
        if (runs.at(-1)?.rest !== at) runs.push({ first, rest: at });
        return;
      }
      const tests = own === level + depth;
      walk(tests ? diagram.lo(at) : at, depth + 1, code * 2);
      walk(tests ? diagram.hi(at) : at, depth + 1, code * 2 + 1);
    };
    walk(node, 0, 0);
    return runs;
  }

  function above(lo: Runs, hi: Runs, own: number): Runs {
    const runs: { first: number; rest: Node }[] = [];
    let [i, j] = [0, 0];
    for (;;) {
      const [left, right] = [lo[i], hi[j]];
      if (left === undefined || right === undefined) return runs;
      const rest = diagram.make(own, left.rest, right.rest);
      if (runs.at(-1)?.rest !== rest) runs.push({ first: Math.max(left.first, right.first), rest });
      const [nextLeft, nextRight] = [lo[i + 1]?.first ?? size, hi[j + 1]?.first ?? size];
      if (nextLeft <= nextRight) i += 1;
      if (nextRight <= nextLeft) j += 1;
    }
  }
}

/** Runs with the same rest taken together: each rest with its codes as closed intervals `[lo, hi]`. */
export function grouped(runs: Runs, size: number): ReadonlyMap<Node, readonly (readonly [number, number])[]> {
  const groups = new Map<Node, (readonly [number, number])[]>();
  for (const [index, { first, rest }] of runs.entries()) {
    const interval = [first, (runs[index + 1]?.first ?? size) - 1] as const;
    const group = groups.get(rest);
    if (group === undefined) groups.set(rest, [interval]);
    else group.push(interval);
  }
  return groups;
}

/**
 * The function without levels that only say for which packets it is not defined (`none`): where two codes lead to different
 * leaves the level matters, and the function stays as it is.
 */
export function withoutNeed(diagram: Diagram, f: Node, { level, width }: Pick<Axis, 'level' | 'width'>): Node {
  if (width === 0) return f;
  const known = new Map<Node, Node | null>();
  const merges = new Map<string, Node | null>();
  const visit = (node: Node): Node | null => {
    const own = diagram.level(node);
    if (own >= level + width) return node;
    const before = known.get(node);
    if (before !== undefined) return before;
    const [lo, hi] = [visit(diagram.lo(node)), visit(diagram.hi(node))];
    const made = lo === null || hi === null ? null : own >= level ? merged(lo, hi) : diagram.make(own, lo, hi);
    known.set(node, made);
    return made;
  };
  const merged = (left: Node, right: Node): Node | null => {
    if (left === none || left === right) return right;
    if (right === none) return left;
    if (left < 0 && right < 0) return null;
    const key = left < right ? `${left} ${right}` : `${right} ${left}`;
    const before = merges.get(key);
    if (before !== undefined) return before;
    const own = Math.min(diagram.level(left), diagram.level(right));
    const [inLeft, inRight] = [diagram.level(left) === own, diagram.level(right) === own];
    const lo = merged(inLeft ? diagram.lo(left) : left, inRight ? diagram.lo(right) : right);
    const hi = lo === null ? null : merged(inLeft ? diagram.hi(left) : left, inRight ? diagram.hi(right) : right);
    const made = lo === null || hi === null ? null : diagram.make(own, lo, hi);
    merges.set(key, made);
    return made;
  };
  return visit(f) ?? f;
}

/** The function where a field's value follows from others, without the field: of two codes at most one is defined. */
export function withoutField(diagram: Diagram, f: Node, { level, width }: Pick<Axis, 'level' | 'width'>): Node {
  if (width === 0) return f;
  const known = new Map<Node, Node>();
  const visit = (node: Node): Node => {
    const own = diagram.level(node);
    if (own >= level + width) return node;
    const before = known.get(node);
    if (before !== undefined) return before;
    const [lo, hi] = [visit(diagram.lo(node)), visit(diagram.hi(node))];
    const made = own >= level ? diagram.first(lo, hi) : diagram.make(own, lo, hi);
    known.set(node, made);
    return made;
  };
  return visit(f);
}

/** The set as far as the kept levels tell: packets that agree there with one of its members. */
export function projected(diagram: Diagram, set: Node, keeps: (level: number) => boolean): Node {
  const known = new Map<Node, Node>();
  const visit = (node: Node): Node => {
    if (node < 0) return node;
    const before = known.get(node);
    if (before !== undefined) return before;
    const own = diagram.level(node);
    const lo = visit(diagram.lo(node));
    const made = keeps(own)
      ? diagram.make(own, lo, visit(diagram.hi(node)))
      : lo === all
        ? all
        : diagram.first(lo, visit(diagram.hi(node)));
    known.set(node, made);
    return made;
  };
  return visit(set);
}
