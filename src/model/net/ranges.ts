/**
 * A set of integers as sorted, disjoint, non-adjacent closed intervals. Numbers for ports and the like,
 * bigints for addresses; one set never mixes them.
 */
export type Ranges<T extends number | bigint> = readonly (readonly [lo: T, hi: T])[];

/** Sorts and merges; overlapping and touching intervals become one. Intervals with `lo > hi` are dropped. */
export function ranges<T extends number | bigint>(...intervals: readonly (readonly [T, T])[]): Ranges<T> {
  return rangesOf(intervals);
}

/** The same of a list, which may be longer than a call takes arguments. */
export function rangesOf<T extends number | bigint>(intervals: readonly (readonly [T, T])[]): Ranges<T> {
  const merged: [T, T][] = [];
  for (const [lo, hi] of inOrder(intervals)) {
    if (lo > hi) continue;
    const last = merged.at(-1);
    if (last !== undefined && lo <= successor(last[1])) {
      if (hi > last[1]) last[1] = hi;
    } else merged.push([lo, hi]);
  }
  return merged;
}

/** Long lists are mostly in order already, and sorting asks each pair many times. */
function inOrder<T extends number | bigint>(intervals: readonly (readonly [T, T])[]): readonly (readonly [T, T])[] {
  const rises = intervals.every(([lo], index) => index === 0 || (intervals[index - 1] as readonly [T, T])[0] <= lo);
  return rises ? intervals : intervals.toSorted((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
}

/** Binary search. */
export function contains<T extends number | bigint>(set: Ranges<T>, value: T): boolean {
  let lo = 0;
  let hi = set.length - 1;
  while (lo <= hi) {
    const middle = (lo + hi) >> 1;
    const interval = set[middle] as readonly [T, T];
    if (value < interval[0]) hi = middle - 1;
    else if (value > interval[1]) lo = middle + 1;
    else return true;
  }
  return false;
}

function successor<T extends number | bigint>(value: T): T {
  return (typeof value === 'bigint' ? value + 1n : (value as number) + 1) as T;
}

/** `left` outside `right`. */
export function without(left: Ranges<bigint>, right: Ranges<bigint>): Ranges<bigint> {
  const rest: (readonly [bigint, bigint])[] = [];
  let next = 0;
  for (const [lo, hi] of left) {
    let from = lo;
    while ((right[next]?.[1] ?? hi) < lo) next += 1;
    // One of the right may lie over several of the left: it is looked at again.
    for (let at = next; ; at += 1) {
      const taken = right[at];
      if (taken === undefined || taken[0] > hi) break;
      if (taken[0] > from) rest.push([from, taken[0] - 1n]);
      from = taken[1] + 1n;
    }
    if (from <= hi) rest.push([from, hi]);
  }
  return rest;
}

/** What both hold. */
export function shared(left: Ranges<bigint>, right: Ranges<bigint>): Ranges<bigint> {
  const both: (readonly [bigint, bigint])[] = [];
  for (let one = 0, other = 0; ; ) {
    const [mine, theirs] = [left[one], right[other]];
    if (mine === undefined || theirs === undefined) return both;
    const lo = mine[0] > theirs[0] ? mine[0] : theirs[0];
    const hi = mine[1] < theirs[1] ? mine[1] : theirs[1];
    if (lo <= hi) both.push([lo, hi]);
    if (mine[1] < theirs[1]) one += 1;
    else other += 1;
  }
}
