/** Places that are looked at for the one that makes room. */
const sample = 6;

/**
 * Things by a key of two words, of which 32 bits each count, in a fixed number of places. A new one takes the place of one that counts least among some
 * (as in Space-Saving: Metwally, Agrawal and El Abbadi 2005, but of a sample, and without its count).
 */
export class Places {
  readonly capacity: number;
  private readonly keys: Int32Array;
  private readonly heads: Int32Array;
  private readonly next: Int32Array;
  /** The bucket that each is in. */
  private readonly hashes: Int32Array;
  private readonly mask: number;
  private filled = 0;
  private hand = 0;
  private readonly isLess: (one: number, other: number) => boolean;
  private readonly forget: (place: number) => void;

  /** @param isLess whether one counts less than another, asked when one has to go; @param forget it is given to another one. */
  constructor(capacity: number, isLess: (one: number, other: number) => boolean, forget: (place: number) => void) {
    this.capacity = capacity;
    this.isLess = isLess;
    this.forget = forget;
    this.keys = new Int32Array(2 * capacity);
    let heads = 1;
    while (heads < 2 * capacity) heads *= 2;
    this.heads = new Int32Array(heads).fill(-1);
    this.next = new Int32Array(capacity).fill(-1);
    this.hashes = new Int32Array(capacity);
    this.mask = heads - 1;
  }

  holds(place: number, a: number, b: number): boolean {
    return this.keys[2 * place] === (a | 0) && this.keys[2 * place + 1] === (b | 0);
  }

  /** The place of a thing, a new one if it has none. @param hash of both words, mixed with a seed. */
  of(a: number, b: number, hash: number): number {
    const bucket = hash & this.mask;
    for (let place = this.heads[bucket] as number; place >= 0; place = this.next[place] as number)
      if (this.holds(place, a, b)) return place;
    const place = this.filled < this.capacity ? this.filled++ : this.evict();
    this.keys[2 * place] = a;
    this.keys[2 * place + 1] = b;
    this.hashes[place] = bucket;
    this.next[place] = this.heads[bucket] as number;
    this.heads[bucket] = place;
    return place;
  }

  private evict(): number {
    let least = this.hand;
    for (let each = 0; each < sample; each += 1) {
      if (this.isLess(this.hand, least)) least = this.hand;
      this.hand = (this.hand + 1) % this.capacity;
    }
    const bucket = this.hashes[least] as number;
    if (this.heads[bucket] === least) this.heads[bucket] = this.next[least] as number;
    else {
      let before = this.heads[bucket] as number;
      while (this.next[before] !== least) before = this.next[before] as number;
      this.next[before] = this.next[least] as number;
    }
    this.forget(least);
    return least;
  }
}
