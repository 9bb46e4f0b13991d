import type { Effect } from '../../model/packet/index.ts';

/**
 * What MARK and CONNMARK make of the packet's and the connection's mark: each new bit is a sum (XOR) of old bits and a
 * constant, which stays so however many follow each other. Rows are bits: the mark's in even ones, the connmark's in odd.
 */
export interface MarkChange {
  /** Bits of the old mark in the sum. */
  readonly ofMark: Uint32Array;
  readonly ofConnmark: Uint32Array;
  /** 1 where the sum is inverted. */
  readonly flips: Uint8Array;
}

/**
 * The change of a rule that writes or copies a mark (evaluate/rewrite.ts).
 *
 * @param bits those that any rule looks at
 * @returns `null` if it changes none of these
 */
export function marksOf(effect: Extract<Effect, { kind: 'write' | 'copy' }>, bits: readonly number[]): MarkChange | null {
  const change = kept();
  const odd = (field: 'mark' | 'connmark'): number => (field === 'mark' ? 0 : 1);
  const shift = effect.shift ?? 0;
  const target = odd(effect.kind === 'write' ? effect.field : effect.to);
  const own = target === 0 ? change.ofMark : change.ofConnmark;
  for (const bit of bits) {
    const row = 2 * bit + target;
    const from = bit - shift;
    const inside = from >= 0 && from < 32;
    if (effect.kind === 'write') {
      own[row] = inside && !has(effect.mask, from) ? (1 << from) >>> 0 : 0;
      change.flips[row] = inside && has(effect.value, from) ? 1 : 0;
      continue;
    }
    if (has(effect.toMask, bit)) own[row] = 0;
    if (!inside || !has(effect.fromMask, from)) continue;
    const source = effect.from === 'mark' ? change.ofMark : change.ofConnmark;
    source[row] = ((source[row] as number) ^ (1 << from)) >>> 0;
  }
  const same = kept();
  const changes = bits.some((bit) =>
    [2 * bit, 2 * bit + 1].some(
      (row) =>
        change.ofMark[row] !== same.ofMark[row] || change.ofConnmark[row] !== same.ofConnmark[row] || change.flips[row] === 1,
    ),
  );
  return changes ? change : null;
}

export function marksThen(first: MarkChange, second: MarkChange): MarkChange {
  const change: MarkChange = { ofMark: new Uint32Array(64), ofConnmark: new Uint32Array(64), flips: second.flips.slice() };
  for (let row = 0; row < 64; row += 1) {
    let [ofMark, ofConnmark, flip] = [0, 0, change.flips[row] as number];
    for (let odd = 0; odd < 2; odd += 1) {
      let sum = (odd === 0 ? second.ofMark : second.ofConnmark)[row] as number;
      while (sum !== 0) {
        const bit = 31 - Math.clz32(sum);
        sum = (sum ^ (1 << bit)) >>> 0;
        const source = 2 * bit + odd;
        ofMark ^= first.ofMark[source] as number;
        ofConnmark ^= first.ofConnmark[source] as number;
        flip ^= first.flips[source] as number;
      }
    }
    change.ofMark[row] = ofMark;
    change.ofConnmark[row] = ofConnmark;
    change.flips[row] = flip;
  }
  return change;
}

function kept(): MarkChange {
  const change: MarkChange = { ofMark: new Uint32Array(64), ofConnmark: new Uint32Array(64), flips: new Uint8Array(64) };
  for (let bit = 0; bit < 32; bit += 1) {
    change.ofMark[2 * bit] = (1 << bit) >>> 0;
    change.ofConnmark[2 * bit + 1] = (1 << bit) >>> 0;
  }
  return change;
}

function has(mask: number, bit: number): boolean {
  return ((mask >>> bit) & 1) === 1;
}

/** One step of {@link affineSteps}: a row becomes 0, or its own sum with another row, or its own opposite. */
export type MarkStep =
  | { readonly kind: 'clear' | 'flip'; readonly row: number }
  | { readonly kind: 'add'; readonly row: number; readonly by: number };

/**
 * The change as steps that each touch one row, one after the other. The matrix of its sums is taken apart into a triangular one
 * above, one below and exchanges of rows (LU decomposition with pivoting, over the field of two elements), each of which can be
 * worked in place.
 *
 * @param bits those that any rule looks at
 */
export function affineSteps(change: MarkChange, bits: readonly number[]): readonly MarkStep[] {
  const rows = bits.flatMap((bit) => [2 * bit, 2 * bit + 1]);
  const size = rows.length;
  const upper = rows.map((row) =>
    Uint8Array.from(rows, (column) =>
      has((column % 2 === 0 ? change.ofMark : change.ofConnmark)[row] as number, column >> 1) ? 1 : 0,
    ),
  );
  const lower = rows.map(() => new Uint8Array(size));
  const exchanges: (readonly [number, number])[] = [];
  for (let k = 0; k < size; k += 1) {
    let pivot = k;
    while (pivot < size && upper[pivot]?.[k] !== 1) pivot += 1;
    if (pivot === size) continue;
    if (pivot !== k) {
      exchanges.push([k, pivot]);
      for (const matrix of [upper, lower])
        [matrix[k], matrix[pivot]] = [matrix[pivot] as Uint8Array<ArrayBuffer>, matrix[k] as Uint8Array<ArrayBuffer>];
    }
    const top = upper[k] as Uint8Array;
    for (let below = k + 1; below < size; below += 1) {
      const row = upper[below] as Uint8Array;
      if (row[k] !== 1) continue;
      for (let column = k; column < size; column += 1) row[column] = (row[column] as number) ^ (top[column] as number);
      (lower[below] as Uint8Array)[k] = 1;
    }
  }
  const steps: MarkStep[] = [];
  const add = (row: number, by: number): void =>
    void steps.push({ kind: 'add', row: rows[row] as number, by: rows[by] as number });
  for (let row = 0; row < size; row += 1) {
    if (upper[row]?.[row] !== 1) steps.push({ kind: 'clear', row: rows[row] as number });
    for (let column = row + 1; column < size; column += 1) if (upper[row]?.[column] === 1) add(row, column);
  }
  for (let row = size - 1; row >= 0; row -= 1)
    for (let column = 0; column < row; column += 1) if (lower[row]?.[column] === 1) add(row, column);
  for (const [one, other] of exchanges.reverse()) {
    add(one, other);
    add(other, one);
    add(one, other);
  }
  for (const row of rows) if (change.flips[row] === 1) steps.push({ kind: 'flip', row });
  return steps;
}
