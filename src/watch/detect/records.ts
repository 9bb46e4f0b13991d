/**
 * What is kept of each of many things: so many 32-bit words, all 0 at first, of which each detector reserves some. All of one thing stands
 * together, since fetching memory is what costs here.
 */
export class Records {
  readonly slots: number;
  /** Words of a thing. */
  readonly stride: number;
  readonly words: Uint32Array;
  /** The same memory. */
  readonly floats: Float32Array;
  readonly doubles: Float64Array;
  private reserved = 0;

  /** @param stride an even number. */
  constructor(slots: number, stride: number) {
    this.slots = slots;
    this.stride = stride;
    this.words = new Uint32Array(slots * stride);
    this.floats = new Float32Array(this.words.buffer);
    this.doubles = new Float64Array(this.words.buffer);
  }

  /** So many words more. @returns where they begin in a thing's. */
  reserve(words: number): number {
    const at = this.reserved;
    this.reserved += words;
    if (this.reserved > this.stride) throw new Error(`${this.reserved} words are reserved, and there are ${this.stride}`);
    return at;
  }

  /** A number of 64 bits. @returns its place among half as many of a thing's. */
  reserveDouble(): number {
    if ((this.reserved & 1) === 1) this.reserve(1);
    return this.reserve(2) >>> 1;
  }

  /** A slot is another thing's from now on. */
  clear(slot: number): void {
    this.words.fill(0, slot * this.stride, (slot + 1) * this.stride);
  }
}
