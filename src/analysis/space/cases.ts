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
/** Runs of cases that ask alike are short below this length: cutting between them would cut everywhere. */
const shortRun = 16;
/** As `spread`, where short runs take turns. */
const mixedSpread = 64;

/**
 * The function of a list of cases.
 *
 * Cases that ask for the same field are dealt out over its pieces and built below each, so that no two functions of
 * that field need merging: the cost is about the number of cases. Where a list mixes cases that ask for a field with
 * others, or its pieces overlap too much, its halves are built by themselves and merged.
 */
export function buildCases(diagram: Diagram, axes: readonly Axis[], given: readonly Case[]): Node {
  // What gives nothing wherever it holds is as good as absent.
  const cases = given.map((one) => folded(diagram, axes, one)).filter((one) => one.gives !== none);
  // What a case by itself has become, and while which field's pieces were built.
  const nodeOf = new Int32Array(cases.length);
  const turnOf = new Int32Array(cases.length);
  let turns = 0;
  return build(
    Int32Array.from(cases, (_, index) => index),
    0,
    none,
  );

  /**
   * Of the cases in the list, as far as they ask for fields from `from` on: those above have been dealt with. `otherwise` is
   * the leaf where none holds.
   */
  function build(list: Int32Array, from: number, otherwise: Node): Node {
    const { length } = list;
    if (length === 0) return otherwise;
    if (length === 1) return single(cases[list[0] as number] as Case, from, otherwise);
    let axis = Number.POSITIVE_INFINITY;
    for (let at = 0; at < length; at += 1) {
      const one = cases[list[at] as number] as Case;
      const asks = one.axes[placeOf(one, from)];
      if (asks === undefined) {
        // Nothing comes behind one that has an answer for every packet.
        if (one.gives < 0 && one.gives !== none) return build(list.subarray(0, at), from, one.gives);
      } else if (asks < axis) axis = asks;
    }
    if (axis === Number.POSITIVE_INFINITY) {
      let node = otherwise;
      for (let at = length - 1; at >= 0; at -= 1) node = diagram.first((cases[list[at] as number] as Case).gives, node);
      return node;
    }
    const most = mostDealt(list, from, axis);
    return (most > 0 ? deal(list, from, axis, most, otherwise) : null) ?? halves(list, from, otherwise);
  }

  /** Only where it may give nothing has what comes otherwise to be merged. */
  function single(one: Case, from: number, otherwise: Node): Node {
    if (one.gives < 0) return alone(diagram, axes, one, placeOf(one, from), otherwise);
    return diagram.first(alone(diagram, axes, one, placeOf(one, from), none), otherwise);
  }

  function asksFor(one: Case, from: number, axis: number): boolean {
    return one.axes[placeOf(one, from)] === axis;
  }

  function halves(list: Int32Array, from: number, otherwise: Node): Node {
    const middle = seam(list, from);
    return diagram.first(build(list.subarray(0, middle), from, none), build(list.subarray(middle), from, otherwise));
  }

  /**
   * How many cases the pieces of the field may hold in all: few more than there are where all ask for it, more where those that
   * ask and those that do not take turns, any number in a short list; none where long runs are better built by themselves,
   * or where what comes behind a case that does not ask looks at something as high.
   */
  function mostDealt(list: Int32Array, from: number, axis: number): number {
    const { level, width } = axes[axis] as Axis;
    let runs = 1;
    let asking = true;
    for (let at = 0; at < list.length; at += 1) {
      const one = cases[list[at] as number] as Case;
      const asks = asksFor(one, from, axis);
      if (!asks && diagram.level(one.gives) < level + width) return 0;
      if (at > 0 && asks !== asking) runs += 1;
      asking = asks;
    }
    if (list.length <= few) return Number.POSITIVE_INFINITY;
    if (runs === 1) return spread * list.length + 64;
    return runs * shortRun > list.length ? mixedSpread * list.length : 0;
  }

  /** Builds the cases of each piece of the field by themselves; `null` if the pieces hold too many in all. */
  function deal(list: Int32Array, from: number, axis: number, most: number, otherwise: Node): Node | null {
    const starts = piecesOf(list, from, axis);
    const pieces = starts.length;
    // First how many cases each piece holds, then which, one piece behind the other.
    const ends = new Int32Array(pieces + 1);
    let total = 0;
    for (const index of list) {
      const one = cases[index] as Case;
      const place = placeOf(one, from);
      if (one.axes[place] !== axis) {
        for (let piece = 0; piece < pieces; piece += 1) ends[piece + 1] = (ends[piece + 1] as number) + 1;
        total += pieces;
        if (total > most) return null;
        continue;
      }
      const codes = one.codes[place] as Codes;
      for (let at = 0; at < codes.length; at += 2) {
        const last = codes[at + 1] as number;
        for (let piece = find(starts, codes[at] as number); piece < pieces && (starts[piece] as number) <= last; piece += 1) {
          ends[piece + 1] = (ends[piece + 1] as number) + 1;
          total += 1;
        }
        if (total > most) return null;
      }
    }
    for (let piece = 0; piece < pieces; piece += 1) ends[piece + 1] = (ends[piece + 1] as number) + (ends[piece] as number);
    const held = new Int32Array(total);
    const next = ends.slice(0, pieces);
    for (const index of list) {
      const one = cases[index] as Case;
      const place = placeOf(one, from);
      const codes = one.axes[place] === axis ? (one.codes[place] as Codes) : everything;
      for (let at = 0; at < codes.length; at += 2) {
        const last = codes[at + 1] as number;
        for (let piece = find(starts, codes[at] as number); piece < pieces && (starts[piece] as number) <= last; piece += 1) {
          const to = next[piece] as number;
          held[to] = index;
          next[piece] = to + 1;
        }
      }
    }
    const nodes = new Int32Array(pieces);
    turns += 1;
    const turn = turns;
    const built = new Map<number, number[]>();
    for (let piece = 0; piece < pieces; piece += 1) {
      const [begin, end] = [ends[piece] as number, ends[piece + 1] as number];
      if (begin === end) {
        nodes[piece] = otherwise;
        continue;
      }
      if (end - begin === 1) {
        // Most pieces of long lists hold one case, which may stand in several.
        const index = held[begin] as number;
        if (turnOf[index] !== turn) {
          turnOf[index] = turn;
          nodeOf[index] = single(cases[index] as Case, axis + 1, otherwise);
        }
        nodes[piece] = nodeOf[index] as Node;
        continue;
      }
      const key = keyOf(held, begin, end);
      const alike = built.get(key);
      const same = alike?.find((other) => isSame(held, begin, end, ends[other] as number, ends[other + 1] as number));
      if (same !== undefined) {
        nodes[piece] = nodes[same] as Node;
        continue;
      }
      nodes[piece] = build(held.subarray(begin, end), axis + 1, otherwise);
      if (alike === undefined) built.set(key, [piece]);
      else alike.push(piece);
    }
    return assemble(diagram, axes[axis] as Axis, starts, nodes);
  }

  /** First codes of the pieces into which the cases cut the field, from 0 on. */
  function piecesOf(list: Int32Array, from: number, axis: number): Int32Array {
    const { size } = axes[axis] as Axis;
    let count = 1;
    for (const index of list) {
      const one = cases[index] as Case;
      const place = placeOf(one, from);
      if (one.axes[place] === axis) count += (one.codes[place] as Codes).length;
    }
    const starts = new Int32Array(count);
    let to = 1;
    for (const index of list) {
      const one = cases[index] as Case;
      const place = placeOf(one, from);
      if (one.axes[place] !== axis) continue;
      const codes = one.codes[place] as Codes;
      for (let at = 0; at < codes.length; at += 2) {
        starts[to] = codes[at] as number;
        starts[to + 1] = Math.min((codes[at + 1] as number) + 1, size);
        to += 2;
      }
    }
    starts.sort();
    let last = 0;
    for (let at = 1; at < count; at += 1) {
      if (starts[at] === starts[last] || starts[at] === size) continue;
      last += 1;
      starts[last] = starts[at] as number;
    }
    return starts.subarray(0, last + 1);
  }

  /** Where to cut: where cases begin to ask for another field, as near to the middle as may be; else in the middle. */
  function seam(list: Int32Array, from: number): number {
    const middle = list.length >> 1;
    const asks = (at: number): number | undefined => {
      const one = cases[list[at] as number] as Case;
      return one.axes[placeOf(one, from)];
    };
    for (let away = 0; away < middle; away += 1) {
      const [before, behind] = [middle - away, middle + away];
      if (before > 0 && asks(before - 1) !== asks(before)) return before;
      if (behind < list.length && asks(behind - 1) !== asks(behind)) return behind;
    }
    return middle;
  }
}

/** Every code of any field. */
const everything = Int32Array.of(0, 0x7fff_ffff);

/** The place of the first field from `from` on that the case asks for. */
function placeOf({ axes }: Case, from: number): number {
  let place = 0;
  while (place < axes.length && (axes[place] as number) < from) place += 1;
  return place;
}

/** The piece that begins with the code. */
function find(starts: Int32Array, code: number): number {
  let lo = 0;
  let hi = starts.length - 1;
  while (lo < hi) {
    const middle = (lo + hi) >> 1;
    if ((starts[middle] as number) < code) lo = middle + 1;
    else hi = middle;
  }
  return lo;
}

function keyOf(held: Int32Array, begin: number, end: number): number {
  let key = end - begin;
  for (let at = begin; at < end; at += 1) key = (Math.imul(key, 31) + (held[at] as number)) | 0;
  return key;
}

function isSame(held: Int32Array, begin: number, end: number, other: number, otherEnd: number): boolean {
  if (end - begin !== otherEnd - other) return false;
  for (let at = 0; at < end - begin; at += 1) if (held[begin + at] !== held[other + at]) return false;
  return true;
}

/** A case by itself, from its `from`th field on. */
function alone(diagram: Diagram, axes: readonly Axis[], one: Case, from: number, outside: Node): Node {
  let node = one.gives;
  for (let index = one.axes.length - 1; index >= from; index -= 1)
    node = within(diagram, axes[one.axes[index] as number] as Axis, one.codes[index] as Codes, node, outside);
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
