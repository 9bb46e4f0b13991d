import type { Ranges } from '../../model/net/index.ts';

/**
 * A set of codes as closed intervals, flat: `[lo, hi, lo, hi, …]`, sorted, disjoint and not adjacent.
 *
 * Each field's values are cut where any rule tells them apart; the pieces (atoms) are numbered in order, and the number
 * is what a diagram's bits spell. All values of an atom have the same answers.
 */
export type Codes = Int32Array;

/** Where values of one field are told apart, while they are being gathered. */
export class Cuts<T extends number | bigint> {
  readonly first: T;
  readonly last: T;
  readonly #starts: T[];
  /** Instead of them where numbers hold every value exactly: those sort and compare much quicker. */
  readonly #numbers: number[] | null;

  constructor(first: T, last: T) {
    this.first = first;
    this.last = last;
    this.#starts = [first];
    this.#numbers = last <= Number.MAX_SAFE_INTEGER ? [Number(first)] : null;
  }

  add(within: Ranges<T>): void {
    for (const [lo, hi] of within) {
      if (this.#numbers === null) {
        if (lo > this.first) this.#starts.push(lo);
        if (hi < this.last) this.#starts.push(next(hi));
      } else {
        if (lo > this.first) this.#numbers.push(Number(lo));
        if (hi < this.last) this.#numbers.push(Number(hi) + 1);
      }
    }
  }

  /** First values of the atoms, in order. */
  values(): readonly T[] {
    const starts = this.starts();
    if (!(starts instanceof Float64Array)) return starts;
    return Array.from(starts, (start) => (typeof this.first === 'bigint' ? BigInt(start) : start) as T);
  }

  /** The same, as numbers where those hold every value of the field. */
  starts(): Float64Array | readonly T[] {
    if (this.#numbers !== null) {
      const sorted = Float64Array.from(this.#numbers).sort();
      let to = 0;
      for (const start of sorted) {
        if (start === sorted[to]) continue;
        to += 1;
        sorted[to] = start;
      }
      return sorted.subarray(0, to + 1);
    }
    const unique: T[] = [];
    for (const start of [...this.#starts].sort((left, right) => (left < right ? -1 : left > right ? 1 : 0)))
      if (start !== unique.at(-1)) unique.push(start);
    return unique;
  }
}

/** The atoms of a field whose values are ordered. A field that a packet may lack has one more, the last, for that. */
export class Atoms<T extends number | bigint> {
  readonly size: number;
  /** The code of packets that lack the field; `null` when all have it. */
  readonly absent: number | null;
  readonly #starts: Float64Array | readonly T[];
  readonly #first: T;
  readonly #last: T;

  constructor(cuts: Cuts<T>, mayLack: boolean) {
    this.#starts = cuts.starts();
    this.#first = cuts.first;
    this.#last = cuts.last;
    this.absent = mayLack ? this.#starts.length : null;
    this.size = this.#starts.length + (mayLack ? 1 : 0);
  }

  codeOf(value: T): number {
    const starts = this.#starts;
    return starts instanceof Float64Array ? lastUpTo(starts, Number(value)) : lastUpTo(starts, value);
  }

  /** The ranges must have been among the cuts. */
  codesOf(within: Ranges<T>): Codes {
    const [only] = within;
    const codes = new Int32Array(within.length * 2);
    if (within.length === 1 && only !== undefined) {
      codes[0] = this.codeOf(only[0]);
      codes[1] = only[0] === only[1] ? (codes[0] as number) : this.codeOf(only[1]);
      return codes;
    }
    for (const [index, [lo, hi]] of within.entries()) {
      codes[2 * index] = this.codeOf(lo);
      codes[2 * index + 1] = this.codeOf(hi);
    }
    return joined(codes);
  }

  /** First and last value of an atom; `null` for the one of packets that lack the field. */
  valuesOf(code: number): readonly [T, T] | null {
    const lo = this.#starts[code];
    if (lo === undefined) return null;
    const after = this.#starts[code + 1];
    return [this.#typed(lo), after === undefined ? this.#last : previous(this.#typed(after))];
  }

  /** Numbers that stand for bigints read as these. */
  #typed(value: T | number): T {
    return (typeof this.#first === 'bigint' ? BigInt(value) : value) as T;
  }
}

/** The place of the last of the sorted values that is not above the value; the first is not. */
function lastUpTo<V extends number | bigint>(sorted: ArrayLike<V>, value: V): number {
  let lo = 0;
  let hi = sorted.length - 1;
  while (lo < hi) {
    const middle = (lo + hi + 1) >> 1;
    if ((sorted[middle] as V) <= value) lo = middle;
    else hi = middle - 1;
  }
  return lo;
}

/** The codes below `size` that are not in the set. */
export function complement(codes: Codes, size: number): Codes {
  const rest: number[] = [];
  let from = 0;
  for (let index = 0; index < codes.length; index += 2) {
    const lo = codes[index] as number;
    if (from < lo) rest.push(from, lo - 1);
    from = (codes[index + 1] as number) + 1;
  }
  if (from < size) rest.push(from, size - 1);
  return Int32Array.from(rest);
}

export function common(left: Codes, right: Codes): Codes {
  const both: number[] = [];
  let [i, j] = [0, 0];
  while (i < left.length && j < right.length) {
    const lo = Math.max(left[i] as number, right[j] as number);
    const hi = Math.min(left[i + 1] as number, right[j + 1] as number);
    if (lo <= hi) both.push(lo, hi);
    if ((left[i + 1] as number) < (right[j + 1] as number)) i += 2;
    else j += 2;
  }
  return Int32Array.from(both);
}

/** Codes, in order and each once, as intervals. */
export function listed(sorted: readonly number[]): Codes {
  const flat: number[] = [];
  for (const code of sorted) {
    if (flat.length > 0 && (flat.at(-1) as number) === code - 1) flat[flat.length - 1] = code;
    else flat.push(code, code);
  }
  return Int32Array.from(flat);
}

/** Intervals in any order as a set. */
export function unionOf(intervals: readonly (readonly [lo: number, hi: number])[]): Codes {
  const sorted = [...intervals].sort(([left], [right]) => left - right);
  const codes = new Int32Array(sorted.length * 2);
  for (const [index, [lo, hi]] of sorted.entries()) {
    codes[2 * index] = lo;
    codes[2 * index + 1] = hi;
  }
  return joined(codes);
}

/** Adjacent intervals made one. */
function joined(codes: Codes): Codes {
  let to = 0;
  for (let index = 2; index < codes.length; index += 2) {
    if ((codes[index] as number) <= (codes[to + 1] as number) + 1)
      codes[to + 1] = Math.max(codes[to + 1] as number, codes[index + 1] as number);
    else {
      to += 2;
      codes[to] = codes[index] as number;
      codes[to + 1] = codes[index + 1] as number;
    }
  }
  return codes.length === 0 ? codes : codes.subarray(0, to + 2);
}

function next<T extends number | bigint>(value: T): T {
  return (typeof value === 'bigint' ? value + 1n : (value as number) + 1) as T;
}

function previous<T extends number | bigint>(value: T): T {
  return (typeof value === 'bigint' ? value - 1n : (value as number) - 1) as T;
}
