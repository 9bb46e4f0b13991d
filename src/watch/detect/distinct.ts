import { Decay } from './decay.ts';
import type { Records } from './records.ts';

/** Below this, what was seen before is forgotten: the same things then count anew. */
export const forgottenBelow = 0.5;

export interface DistinctOptions {
  /** Things are numbers below `bits` rather than hashes: each has a bit of its own. */
  readonly isExact?: boolean;
  /** Where a slot never gets quiet: its bitmap begins anew when half full, while the count goes on. */
  readonly renews?: boolean;
}

/** Words that it takes of each record. */
export function distinctWords(bits: number): number {
  return bits / 32 + 2;
}

/**
 * How many distinct things each of many slots has had lately: a bitmap of their hashes a slot, and a count that halves every so often. A thing
 * that sets a new bit counts by the inverse of the chance that a new thing does so, which makes the count right on average (Cohen 2014; Ting 2014).
 * Things that come again and again count once, until there was nothing new for some half-lives.
 *
 * With `bits` bits it is right within some 10 % up to `bits / 4` things, and goes up to about 5 times `bits`.
 */
export class Distinct {
  readonly bits: number;
  readonly decay: Decay;
  private readonly words: Uint32Array;
  private readonly floats: Float32Array;
  private readonly stride: number;
  /** Where in a record the count is, the number of bits that are set, and the bitmap. */
  private readonly counted: number;
  private readonly isExact: boolean;
  private readonly renewsAt: number;

  /** @param bits a power of two, 32 or more. */
  constructor(records: Records, bits: number, halfLifeMs: number, options: DistinctOptions = {}) {
    const { isExact = false, renews = false } = options;
    this.bits = bits;
    this.isExact = isExact;
    this.renewsAt = renews ? bits / 2 : -1;
    this.counted = records.reserve(distinctWords(bits));
    ({ words: this.words, floats: this.floats, stride: this.stride } = records);
    const { floats, stride, counted } = this;
    this.decay = new Decay(halfLifeMs, (factor) => {
      for (let at = counted; at < floats.length; at += stride) floats[at] = (floats[at] as number) * factor;
    });
  }

  /** @param second of the epoch. @returns how many there were lately, up to 1 where this begins a count; -1 if the thing is not new. */
  add(slot: number, hash: number, second: number): number {
    const counted = slot * this.stride + this.counted;
    let count = this.floats[counted] as number;
    if (count < forgottenBelow * this.decay.weight && this.words[counted + 1] !== 0) {
      this.forget(slot);
      count = 0;
    }
    const bit = hash & (this.bits - 1);
    const word = counted + 2 + (bit >>> 5);
    const mask = 1 << (bit & 31);
    if (((this.words[word] as number) & mask) !== 0) return -1;
    if (this.words[counted + 1] === this.renewsAt) this.clear(counted);
    const set = this.words[counted + 1] as number;
    this.words[word] = (this.words[word] as number) | mask;
    this.words[counted + 1] = set + 1;
    const weight = this.decay.weightAt(second);
    count += this.isExact ? weight : (weight * this.bits) / (this.bits - set);
    this.floats[counted] = count;
    return count / this.decay.weight;
  }

  /** How many there were lately. */
  count(slot: number): number {
    return (this.floats[slot * this.stride + this.counted] as number) / this.decay.weight;
  }

  /** Whether one slot has had fewer lately than another. */
  isFewer(one: number, other: number): boolean {
    const { floats, stride, counted } = this;
    return (floats[one * stride + counted] as number) < (floats[other * stride + counted] as number);
  }

  /** Nothing was there. */
  forget(slot: number): void {
    const counted = slot * this.stride + this.counted;
    this.clear(counted);
    this.floats[counted] = 0;
  }

  private clear(counted: number): void {
    for (let word = counted + 1; word < counted + 2 + this.bits / 32; word += 1) this.words[word] = 0;
  }
}
