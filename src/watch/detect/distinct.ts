import { Decay } from './decay.ts';

/** Below this, what was seen before is forgotten: the same things then count anew. */
export const forgottenBelow = 0.5;

export interface DistinctOptions {
  /** Things are numbers below `bits` rather than hashes: each has a bit of its own. */
  readonly isExact?: boolean;
  /** Where a slot never gets quiet: its bitmap begins anew when half full, while the count goes on. */
  readonly renews?: boolean;
  /** Words of others beside a slot's own, which are then fetched with it. */
  readonly extra?: number;
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
  /** All that is kept of a slot stands together, since memory is what costs here: bitmap, count, bits not set, words of others. */
  readonly words: Uint32Array;
  readonly stride: number;
  /** Where the words of others begin in a slot. */
  readonly extra: number;
  private readonly floats: Float32Array;
  private readonly mapWords: number;
  private readonly isExact: boolean;
  private readonly renewsAt: number;

  /** @param bits a power of two, 32 or more. */
  constructor(slots: number, bits: number, halfLifeMs: number, options: DistinctOptions = {}) {
    const { isExact = false, renews = false, extra = 0 } = options;
    this.bits = bits;
    this.isExact = isExact;
    this.renewsAt = renews ? bits / 2 : -1;
    this.mapWords = bits / 32;
    this.extra = this.mapWords + 2;
    this.stride = this.extra + extra;
    this.words = new Uint32Array(slots * this.stride);
    this.floats = new Float32Array(this.words.buffer);
    const { stride, mapWords } = this;
    for (let at = mapWords + 1; at < this.words.length; at += stride) this.words[at] = bits;
    this.decay = new Decay(halfLifeMs, (factor) => {
      for (let at = mapWords; at < this.floats.length; at += stride) this.floats[at] = (this.floats[at] as number) * factor;
    });
  }

  /** @returns how many there were lately, up to 1 where this begins a count; -1 if the thing is not new. */
  add(slot: number, hash: number, at: number): number {
    const bit = hash & (this.bits - 1);
    const own = slot * this.stride;
    const counted = own + this.mapWords;
    let count = this.floats[counted] as number;
    if (count < forgottenBelow * this.decay.weight && this.words[counted + 1] !== this.bits) {
      this.forget(slot);
      count = 0;
    }
    const word = own + (bit >>> 5);
    const mask = 1 << (bit & 31);
    if (((this.words[word] as number) & mask) !== 0) return -1;
    if (this.words[counted + 1] === this.renewsAt) this.clear(own);
    const zeros = this.words[counted + 1] as number;
    this.words[word] = (this.words[word] as number) | mask;
    this.words[counted + 1] = zeros - 1;
    const weight = this.decay.weightAt(at);
    count += this.isExact ? weight : (weight * this.bits) / zeros;
    this.floats[counted] = count;
    return count / this.decay.weight;
  }

  /** How many there were lately. */
  count(slot: number): number {
    return (this.floats[slot * this.stride + this.mapWords] as number) / this.decay.weight;
  }

  /** Nothing was there; words of others stay. */
  forget(slot: number): void {
    const own = slot * this.stride;
    this.clear(own);
    this.floats[own + this.mapWords] = 0;
  }

  private clear(own: number): void {
    for (let word = own; word < own + this.mapWords; word += 1) this.words[word] = 0;
    this.words[own + this.mapWords + 1] = this.bits;
  }
}
