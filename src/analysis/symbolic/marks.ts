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
    for (const [odd, sum] of [
      [0, second.ofMark[row]],
      [1, second.ofConnmark[row]],
    ] as const) {
      // biome-ignore format: pairs
      for (let bit = 0; bit < 32; bit += 1) {
        if (!has(sum as number, bit)) continue;
        const source = 2 * bit + odd;
        change.ofMark[row] = ((change.ofMark[row] as number) ^ (first.ofMark[source] as number)) >>> 0;
        change.ofConnmark[row] = ((change.ofConnmark[row] as number) ^ (first.ofConnmark[source] as number)) >>> 0;
        change.flips[row] = (change.flips[row] as number) ^ (first.flips[source] as number);
      }
    }
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
