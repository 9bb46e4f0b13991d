import { Decay } from './decay.ts';

/** Below this, what was seen before is forgotten: the same things then count anew. */
export const forgottenBelow = 0.5;

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
  private readonly words: number;
  private readonly map: Uint32Array;
  private readonly zeros: Uint16Array;
  private readonly counts: Float32Array;
  private readonly isExact: boolean;

  /**
   * @param bits a power of two, 32 or more.
   * @param isExact things are numbers below `bits` rather than hashes: each has a bit of its own.
   */
  constructor(slots: number, bits: number, halfLifeMs: number, isExact = false) {
    this.bits = bits;
    this.isExact = isExact;
    this.words = bits / 32;
    this.map = new Uint32Array(slots * this.words);
    this.zeros = new Uint16Array(slots).fill(bits);
    this.counts = new Float32Array(slots);
    this.decay = new Decay(halfLifeMs, (factor) => {
      for (let slot = 0; slot < slots; slot += 1) this.counts[slot] = (this.counts[slot] as number) * factor;
    });
  }

  /** @returns how many there were lately, up to 1 where this begins a count; -1 if the thing is not new. */
  add(slot: number, hash: number, at: number): number {
    const bit = hash & (this.bits - 1);
    const word = slot * this.words + (bit >>> 5);
    const mask = 1 << (bit & 31);
    let count = this.counts[slot] as number;
    if (count < forgottenBelow * this.decay.weight && this.zeros[slot] !== this.bits) {
      this.forget(slot);
      count = 0;
    }
    const held = this.map[word] as number;
    if ((held & mask) !== 0) return -1;
    const zeros = this.zeros[slot] as number;
    this.map[word] = held | mask;
    this.zeros[slot] = zeros - 1;
    const weight = this.decay.weightAt(at);
    count += this.isExact ? weight : (weight * this.bits) / zeros;
    this.counts[slot] = count;
    return count / this.decay.weight;
  }

  /** How many there were lately. */
  count(slot: number): number {
    return (this.counts[slot] as number) / this.decay.weight;
  }

  forget(slot: number): void {
    this.map.fill(0, slot * this.words, (slot + 1) * this.words);
    this.zeros[slot] = this.bits;
    this.counts[slot] = 0;
  }

  /** Of its arrays. */
  get bytes(): number {
    return this.map.byteLength + this.zeros.byteLength + this.counts.byteLength;
  }
}
