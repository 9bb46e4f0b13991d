import type { Family, Prefix } from '../../model/net/index.ts';
import { addressAt, type Batch } from '../events/batch.ts';

/**
 * Sources, each in a slot for as long as it sends: an address of IPv4, or a /64 of IPv6, within which one machine can take any address.
 * The number of slots is fixed; a new source takes that of one that has not been heard of for long (CLOCK, Corbató 1969). Columns of
 * detectors are arrays as long as the table.
 */
export class SourceTable {
  readonly capacity: number;
  /** Four words a slot, as in batches; of IPv6 the last two are 0. */
  readonly words: Uint32Array;
  readonly family: Uint8Array;
  private readonly heads: Int32Array;
  private readonly next: Int32Array;
  private readonly used: Uint8Array;
  private readonly mask: number;
  private readonly seed: number;
  private hand = 0;
  private filled = 0;
  private readonly forgetting: ((slot: number) => void)[] = [];

  /** @param seed unlike any that others know, or they choose addresses that collide. */
  constructor(capacity: number, seed: number) {
    this.capacity = capacity;
    this.seed = seed | 0;
    this.words = new Uint32Array(4 * capacity);
    this.family = new Uint8Array(capacity);
    this.used = new Uint8Array(capacity);
    let heads = 1;
    while (heads < 2 * capacity) heads *= 2;
    this.heads = new Int32Array(heads).fill(-1);
    this.next = new Int32Array(capacity).fill(-1);
    this.mask = heads - 1;
  }

  /** Calls back when a slot is given to another source. */
  onForget(forget: (slot: number) => void): void {
    this.forgetting.push(forget);
  }

  get size(): number {
    return this.filled;
  }

  /** The slot of a row's source, or -1 if it has none. */
  find(batch: Batch, row: number): number {
    const family = batch.family[row] as number;
    const at = 4 * row;
    const [a, b] = [batch.src[at] as number, batch.src[at + 1] as number];
    const d = family === 4 ? (batch.src[at + 3] as number) : 0;
    return this.lookup(family, a, b, d, this.bucketOf(family, a, b, d));
  }

  /** The slot of a row's source, a new one if it has none. */
  slotOf(batch: Batch, row: number): number {
    const family = batch.family[row] as number;
    const at = 4 * row;
    const a = batch.src[at] as number;
    const b = batch.src[at + 1] as number;
    const d = family === 4 ? (batch.src[at + 3] as number) : 0;
    const bucket = this.bucketOf(family, a, b, d);
    const found = this.lookup(family, a, b, d, bucket);
    if (found >= 0) {
      this.used[found] = 1;
      return found;
    }
    const slot = this.filled < this.capacity ? this.filled++ : this.evict();
    const word = 4 * slot;
    this.words[word] = a;
    this.words[word + 1] = b;
    this.words[word + 3] = d;
    this.family[slot] = family;
    this.next[slot] = this.heads[bucket] as number;
    this.heads[bucket] = slot;
    return slot;
  }

  /** The source as people know it: a /32, or a /64. */
  source(slot: number): Prefix {
    const family = this.family[slot] as Family;
    return { ...addressAt(this.words, 4 * slot, family), length: family === 4 ? 32 : 64 };
  }

  private lookup(family: number, a: number, b: number, d: number, bucket: number): number {
    for (let slot = this.heads[bucket] as number; slot >= 0; slot = this.next[slot] as number) {
      const word = 4 * slot;
      if (this.words[word + 3] === d && this.words[word] === a && this.words[word + 1] === b && this.family[slot] === family)
        return slot;
    }
    return -1;
  }

  /** Words mixed with the seed (the finalizer of MurmurHash3). */
  private bucketOf(family: number, a: number, b: number, d: number): number {
    let hash = this.seed ^ Math.imul(d ^ family, 0xcc9e2d51);
    hash = Math.imul(hash ^ a, 0x1b873593) ^ Math.imul(b, 0x85ebca6b);
    hash ^= hash >>> 16;
    hash = Math.imul(hash, 0x85ebca6b);
    hash ^= hash >>> 13;
    hash = Math.imul(hash, 0xc2b2ae35);
    return (hash ^ (hash >>> 16)) & this.mask;
  }

  private evict(): number {
    while (this.used[this.hand] === 1) {
      this.used[this.hand] = 0;
      this.hand = (this.hand + 1) % this.capacity;
    }
    const slot = this.hand;
    this.hand = (this.hand + 1) % this.capacity;
    this.unlink(slot);
    for (const forget of this.forgetting) forget(slot);
    return slot;
  }

  private unlink(slot: number): void {
    const word = 4 * slot;
    const bucket = this.bucketOf(
      this.family[slot] as number,
      this.words[word] as number,
      this.words[word + 1] as number,
      this.words[word + 3] as number,
    );
    let before = -1;
    for (let each = this.heads[bucket] as number; each >= 0; each = this.next[each] as number) {
      if (each === slot) {
        if (before < 0) this.heads[bucket] = this.next[slot] as number;
        else this.next[before] = this.next[slot] as number;
        return;
      }
      before = each;
    }
  }
}
