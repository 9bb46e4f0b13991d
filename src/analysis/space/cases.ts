import { type Codes, common } from './atoms.ts';
import { type Axis, assemble, within } from './axis.ts';
import { all, type Diagram, type Node, none } from './diagram.ts';

/** One line of a list of which the first that holds counts: what it asks of fields, and what comes then. */
export interface Case {
  /** Numbers of axes, rising, and which codes of each are asked for. All others may have any. */
  readonly axes: readonly number[];
  readonly codes: readonly Codes[];
  /** Where the fields hold; `none` in it lets later cases have their turn. */
  readonly gives: Node;
}

/** So few cases are taken apart field by field whatever they ask for. */
const few = 6;
/** A case may be met by so many pieces of a field before the list is rather cut in two, which costs merging. */
const spread = 4;

/**
 * The function of a list of cases.
 *
 * Cases that ask for the same field are dealt out over its pieces and built below each, so that no two functions of
 * that field need merging: the cost is about the number of cases. Where a list mixes cases that ask for a field with
 * others, or its pieces overlap too much, its halves are built by themselves and merged.
 */
export function buildCases(diagram: Diagram, axes: readonly Axis[], cases: readonly Case[]): Node {
  return build(cases.map((one) => folded(diagram, axes, one)));

  function build(list: readonly Case[]): Node {
    const [only] = list;
    if (only === undefined) return none;
    if (list.length === 1) return alone(diagram, axes, only, 0);
    const total = list.findIndex(isTotal);
    if (total >= 0 && total < list.length - 1) return build(list.slice(0, total + 1));
    const axis = topmost(list);
    if (axis === null) return list.reduceRight<Node>((rest, one) => diagram.first(one.gives, rest), none);
    return (isDealable(list, axis) ? deal(list, axis) : null) ?? halves(list);
  }

  function halves(list: readonly Case[]): Node {
    const middle = seam(list);
    return diagram.first(build(list.slice(0, middle)), build(list.slice(middle)));
  }

  /** All ask for the field, or the list is short; and what comes behind those that do not looks at nothing so high. */
  function isDealable(list: readonly Case[], axis: number): boolean {
    const { level, width } = axes[axis] as Axis;
    for (const one of list)
      if (one.axes[0] !== axis && (list.length > few || diagram.level(one.gives) < level + width)) return false;
    return true;
  }

  /** Builds the cases of each piece of the field by themselves; `null` if the pieces hold too many in all. */
  function deal(list: readonly Case[], axis: number): Node | null {
    const starts = piecesOf(list, axis, (axes[axis] as Axis).size);
    const most = list.length <= few ? Number.POSITIVE_INFINITY : spread * list.length + 64;
    const dealt: number[][] = starts.map(() => []);
    let count = 0;
    for (const [index, one] of list.entries()) {
      if (one.axes[0] !== axis) {
        count += starts.length;
        if (count > most) return null;
        for (const piece of dealt) piece.push(index);
        continue;
      }
      const codes = one.codes[0] as Codes;
      for (let at = 0; at < codes.length; at += 2) {
        const last = codes[at + 1] as number;
        for (
          let piece = find(starts, codes[at] as number);
          piece < starts.length && (starts[piece] as number) <= last;
          piece += 1
        ) {
          (dealt[piece] as number[]).push(index);
          count += 1;
        }
        if (count > most) return null;
      }
    }
    const built = new Map<string, Node>();
    const nodes = dealt.map((indexes) => {
      if (indexes.length === 0) return none;
      const key = indexes.length === 1 ? String(indexes[0]) : indexes.join();
      let node = built.get(key);
      if (node === undefined) {
        node = build(indexes.map((index) => rest(list[index] as Case, axis)));
        built.set(key, node);
      }
      return node;
    });
    return assemble(diagram, axes[axis] as Axis, starts, nodes);
  }
}

/** The case below a field that it has been dealt by. */
function rest(one: Case, axis: number): Case {
  return one.axes[0] === axis ? { axes: one.axes.slice(1), codes: one.codes.slice(1), gives: one.gives } : one;
}

function isTotal(one: Case): boolean {
  return one.axes.length === 0 && one.gives < 0 && one.gives !== none;
}

/** The first field that any case asks for, unless what comes then looks at it or above it already. */
function topmost(list: readonly Case[]): number | null {
  let top: number | null = null;
  for (const one of list) {
    const [first] = one.axes;
    if (first !== undefined && (top === null || first < top)) top = first;
  }
  return top;
}

/** First codes of the pieces into which the cases cut the field, from 0 on. */
function piecesOf(list: readonly Case[], axis: number, size: number): readonly number[] {
  const starts = [0];
  for (const one of list) {
    if (one.axes[0] !== axis) continue;
    const codes = one.codes[0] as Codes;
    for (let at = 0; at < codes.length; at += 2) {
      starts.push(codes[at] as number);
      if ((codes[at + 1] as number) + 1 < size) starts.push((codes[at + 1] as number) + 1);
    }
  }
  const sorted = Int32Array.from(starts).sort();
  const unique: number[] = [];
  for (const start of sorted) if (start !== unique.at(-1)) unique.push(start);
  return unique;
}

/** The piece that holds the code, which is one of its first. */
function find(starts: readonly number[], code: number): number {
  let lo = 0;
  let hi = starts.length - 1;
  while (lo < hi) {
    const middle = (lo + hi) >> 1;
    if ((starts[middle] as number) < code) lo = middle + 1;
    else hi = middle;
  }
  return lo;
}

/** Where to cut: where cases begin to ask for other fields, as near to the middle as may be; else in the middle. */
function seam(list: readonly Case[]): number {
  const middle = list.length >> 1;
  for (let away = 0; away < middle; away += 1) {
    for (const at of [middle - away, middle + away]) {
      if (at > 0 && at < list.length && !alike(list[at - 1] as Case, list[at] as Case)) return at;
    }
  }
  return middle;
}

function alike(left: Case, right: Case): boolean {
  return left.axes[0] === right.axes[0];
}

/** A case by itself, from its `from`th field on. */
function alone(diagram: Diagram, axes: readonly Axis[], one: Case, from: number): Node {
  let node = one.gives;
  for (let index = one.axes.length - 1; index >= from; index -= 1)
    node = within(diagram, axes[one.axes[index] as number] as Axis, one.codes[index] as Codes, node);
  return node;
}

/** Fields at which, or below which, `then` looks already are worked into it: a list is dealt from the top down. */
function folded(diagram: Diagram, axes: readonly Axis[], one: Case): Case {
  const level = diagram.level(one.gives);
  let keep = one.axes.length;
  while (
    keep > 0 &&
    (axes[one.axes[keep - 1] as number] as Axis).level + (axes[one.axes[keep - 1] as number] as Axis).width > level
  )
    keep -= 1;
  if (keep === one.axes.length) return one;
  let set: Node = all;
  for (let index = one.axes.length - 1; index >= keep; index -= 1)
    set = within(diagram, axes[one.axes[index] as number] as Axis, one.codes[index] as Codes, set);
  const gives = diagram.mask(set, one.gives);
  return folded(diagram, axes, { axes: one.axes.slice(0, keep), codes: one.codes.slice(0, keep), gives });
}

/** The case narrowed to codes of a field; `null` when nothing is left of it. */
export function narrowed(one: Case, axis: number, codes: Codes): Case | null {
  const index = one.axes.indexOf(axis);
  if (index >= 0) {
    const both = common(one.codes[index] as Codes, codes);
    if (both.length === 0) return null;
    return { ...one, codes: one.codes.map((old, at) => (at === index ? both : old)) };
  }
  const place = one.axes.findIndex((other) => other > axis);
  const at = place < 0 ? one.axes.length : place;
  return {
    axes: [...one.axes.slice(0, at), axis, ...one.axes.slice(at)],
    codes: [...one.codes.slice(0, at), codes, ...one.codes.slice(at)],
    gives: one.gives,
  };
}
