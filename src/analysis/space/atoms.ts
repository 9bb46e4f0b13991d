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

  constructor(first: T, last: T) {
    this.first = first;
    this.last = last;
    this.#starts = [first];
  }

  add(within: Ranges<T>): void {
    for (const [lo, hi] of within) {
      if (lo > this.first) this.#starts.push(lo);
      if (hi < this.last) this.#starts.push(next(hi));
    }
  }

  /** First values of the atoms, in order. */
  starts(): readonly T[] {
    const sorted =
      typeof this.first === 'number'
        ? Float64Array.from(this.#starts as number[]).sort()
        : [...this.#starts].sort((left, right) => (left < right ? -1 : left > right ? 1 : 0));
    const unique: T[] = [];
    for (const start of sorted as Iterable<T>) if (start !== unique.at(-1)) unique.push(start);
    return unique;
  }
}

/** The atoms of a field whose values are ordered. A field that a packet may lack has one more, the last, for that. */
export class Atoms<T extends number | bigint> {
  readonly size: number;
  /** The code of packets that lack the field; `null` when all have it. */
  readonly absent: number | null;
  readonly #starts: readonly T[];
  readonly #last: T;

  constructor(cuts: Cuts<T>, mayLack: boolean) {
    this.#starts = cuts.starts();
    this.#last = cuts.last;
    this.absent = mayLack ? this.#starts.length : null;
    this.size = this.#starts.length + (mayLack ? 1 : 0);
  }

  codeOf(value: T): number {
    const starts = this.#starts;
    let lo = 0;
    let hi = starts.length - 1;
    while (lo < hi) {
      const middle = (lo + hi + 1) >> 1;
      if ((starts[middle] as T) <= value) lo = middle;
      else hi = middle - 1;
    }
    return lo;
  }

  /** The ranges must have been among the cuts. */
  codesOf(within: Ranges<T>): Codes {
    const [only] = within;
    if (within.length === 1 && only !== undefined) return Int32Array.of(this.codeOf(only[0]), this.codeOf(only[1]));
    const codes = new Int32Array(within.length * 2);
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
    return [lo, after === undefined ? this.#last : previous(after)];
  }
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
