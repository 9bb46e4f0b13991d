/** One of a list that is compared: equal keys are the same. */
export interface Item {
  readonly key: string;
  /** It decides what stays in its place; others stand between those that do, and follow. */
  readonly weighs: boolean;
}

/** Indexes of what is the same in both lists: as a pair, in the old one and in the new one. */
export type Pair = readonly [old: number, now: number];

/** How one list became another: old ones without `removed` and the left of `moved`, then the new ones put in from the top, give it. */
export interface Edits {
  /** In the same order in both. */
  readonly kept: readonly Pair[];
  readonly moved: readonly Pair[];
  readonly removed: readonly number[];
  readonly added: readonly number[];
}

/**
 * The fewest edits of those that weigh, and then of the others between them. What goes in one place and comes in another has been moved.
 */
export function editsBetween(old: readonly Item[], now: readonly Item[]): Edits {
  const kept: Pair[] = [];
  let [from, to] = [0, 0];
  const anchors = commonOf(placed(old, true), placed(now, true));
  for (const [left, right] of [...anchors, [old.length, now.length] as const]) {
    kept.push(...commonOf(placed(old, false, from, left), placed(now, false, to, right)));
    if (left < old.length) kept.push([left, right]);
    [from, to] = [left + 1, right + 1];
  }
  return withMoves(old, now, kept);
}

function withMoves(old: readonly Item[], now: readonly Item[], kept: readonly Pair[]): Edits {
  const [stays, stands] = [new Set(kept.map(([left]) => left)), new Set(kept.map(([, right]) => right))];
  const gone = new Map<string, number[]>();
  for (const [index, { key }] of old.entries()) {
    if (stays.has(index)) continue;
    const known = gone.get(key);
    if (known === undefined) gone.set(key, [index]);
    else known.push(index);
  }
  const moved: Pair[] = [];
  const added: number[] = [];
  for (const [index, { key }] of now.entries()) {
    if (stands.has(index)) continue;
    const was = gone.get(key)?.shift();
    if (was === undefined) added.push(index);
    else moved.push([was, index]);
  }
  return { kept, moved, added, removed: [...gone.values()].flat().toSorted((one, other) => one - other) };
}

type Placed = readonly (readonly [index: number, key: string])[];

function placed(items: readonly Item[], weighs: boolean, from = 0, end = items.length): Placed {
  const found: (readonly [number, string])[] = [];
  for (let index = from; index < end; index += 1) {
    const item = items[index] as Item;
    if (item.weighs === weighs) found.push([index, item.key]);
  }
  return found;
}

/** Equal lines that a long list has many of would be compared with one another. */
const mostMatches = 2_000_000;

/**
 * A longest common subsequence (J. W. Hunt and T. G. Szymanski, 1977): of all places where the same stands, the longest run that rises in
 * both. Where very much is the same, each is paired only with the one that stands there as often: the run may then be shorter.
 */
function commonOf(old: Placed, now: Placed): readonly Pair[] {
  let start = 0;
  while (start < old.length && start < now.length && old[start]?.[1] === now[start]?.[1]) start += 1;
  let [oldEnd, nowEnd] = [old.length, now.length];
  while (oldEnd > start && nowEnd > start && old[oldEnd - 1]?.[1] === now[nowEnd - 1]?.[1])
    [oldEnd, nowEnd] = [oldEnd - 1, nowEnd - 1];
  const at = (left: number, right: number): Pair => [old[left]?.[0] as number, now[right]?.[0] as number];
  const head = Array.from({ length: start }, (_, index) => at(index, index));
  const tail = Array.from({ length: old.length - oldEnd }, (_, index) => at(oldEnd + index, nowEnd + index));
  const middle = risingRun(matchesOf(old, now, start, oldEnd, nowEnd));
  return [...head, ...middle.map(([left, right]) => at(left, right)), ...tail];
}

/** Of each old one where it stands in the new list, the last first. */
function matchesOf(old: Placed, now: Placed, start: number, oldEnd: number, nowEnd: number): readonly Pair[] {
  const places = new Map<string, number[]>();
  for (let right = nowEnd - 1; right >= start; right -= 1) {
    const key = now[right]?.[1] as string;
    const known = places.get(key);
    if (known === undefined) places.set(key, [right]);
    else known.push(right);
  }
  let count = 0;
  for (let left = start; left < oldEnd; left += 1) count += places.get(old[left]?.[1] as string)?.length ?? 0;
  const matches: Pair[] = [];
  for (let left = start; left < oldEnd; left += 1) {
    const found = places.get(old[left]?.[1] as string);
    if (found === undefined) continue;
    if (count <= mostMatches) for (const right of found) matches.push([left, right]);
    else if (found.length > 0) matches.push([left, found.pop() as number]);
  }
  return matches;
}

/** A longest run of pairs that rise in both; pairs of one old index stand together, and fall. */
function risingRun(matches: readonly Pair[]): readonly Pair[] {
  // Of runs of each length the match that ends lowest, and which match stands before each.
  const ends: number[] = [];
  const before = new Int32Array(matches.length).fill(-1);
  for (const [index, [, right]] of matches.entries()) {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((matches[ends[middle] as number]?.[1] as number) < right) low = middle + 1;
      else high = middle;
    }
    before[index] = low === 0 ? -1 : (ends[low - 1] as number);
    ends[low] = index;
  }
  const run: Pair[] = [];
  for (let index = ends.at(-1) ?? -1; index >= 0; index = before[index] as number) run.push(matches[index] as Pair);
  return run.reverse();
}
