import { type Diagram, type Node, none } from '../space/index.ts';

/** Something that covers part of the packets: in each of several spaces of packets (visits to a chain) a set. */
export interface Piece {
  readonly sets: readonly Node[];
  /** Of two that cover as much, one that is preferred is taken. */
  readonly preferred: boolean;
}

/** Sizes of sets, in any unit. */
type Size = (set: Node) => number;

/**
 * A set of pieces that together cover all packets, of which none can be left out: greedily the piece that covers most of what is
 * left (Chvátal 1979), then without those that the others make needless.
 *
 * @param whole what is to be covered, in each space; all pieces together must cover it.
 * @param kept a piece that is taken first and given up last.
 * @returns places of pieces, rising
 */
export function coverOf(
  diagram: Diagram,
  whole: readonly Node[],
  pieces: readonly Piece[],
  size: Size,
  kept: number | null = null,
): readonly number[] {
  const chosen: number[] = kept === null ? [] : [kept];
  let left = whole;
  if (kept !== null) left = without(left, kept);
  const open = new Set(pieces.keys());
  if (kept !== null) open.delete(kept);
  // What a piece covers of the rest only shrinks, so that an old size is a bound.
  const bounds = pieces.map(({ sets }) => total(sets));
  while (left.some((set) => set !== none)) {
    const best = largest(left);
    if (best === null) throw new Error('the pieces do not cover everything');
    chosen.push(best);
    open.delete(best);
    left = without(left, best);
  }
  return minimal(chosen.reverse()).sort((a, b) => a - b);

  function largest(of: readonly Node[]): number | null {
    const fresh = new Set<number>();
    for (;;) {
      let best: number | null = null;
      for (const at of open) if (best === null || isBefore(at, best)) best = at;
      if (best === null) return null;
      if (fresh.has(best)) return best;
      const gains = of.map((set, space) => diagram.mask(set, pieces[best]?.sets[space] ?? none));
      if (gains.every((set) => set === none)) open.delete(best);
      bounds[best] = total(gains);
      fresh.add(best);
    }
  }

  function isBefore(left: number, right: number): boolean {
    const [one, other] = [bounds[left] as number, bounds[right] as number];
    if (one !== other) return one > other;
    return pieces[left]?.preferred === true && pieces[right]?.preferred !== true;
  }

  /** Leaves out what the rest covers, the first of the list first. */
  function minimal(list: readonly number[]): number[] {
    const behind: (readonly Node[])[] = [whole.map(() => none)];
    for (const at of [...list].reverse()) behind.unshift(union(behind[0] as readonly Node[], at));
    let staying: readonly Node[] = whole.map(() => none);
    const stay: number[] = [];
    for (const [index, at] of list.entries()) {
      const others = behind[index + 1] as readonly Node[];
      const isCovered = whole.every(
        (set, space) => diagram.without(diagram.without(set, staying[space] as Node), others[space] as Node) === none,
      );
      if (isCovered) continue;
      stay.push(at);
      staying = union(staying, at);
    }
    return stay;
  }

  function union(sets: readonly Node[], at: number): readonly Node[] {
    return sets.map((set, space) => diagram.first(set, pieces[at]?.sets[space] ?? none));
  }

  function without(sets: readonly Node[], at: number): readonly Node[] {
    return sets.map((set, space) => diagram.without(set, pieces[at]?.sets[space] ?? none));
  }

  function total(sets: readonly Node[]): number {
    return sets.reduce((sum, set) => sum + size(set), 0);
  }
}
