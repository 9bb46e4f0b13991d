import type { Family, Prefix } from '../../model/net/index.ts';
import type { Batch } from '../events/batch.ts';
import { Records } from './records.ts';

/** What makes a source of events that can be forged another one than the same of trusted events. */
const forgeable = 8;

/** Words of each source, its own and those of all detectors. */
const stride = 80;
/** Its own: the first two words of an address of IPv6, that of IPv4, the kind, the next slot of its bucket and one more (0: none), the stamp. */
const [A, B, D, KIND, NEXT, STAMP, OWN] = [0, 1, 2, 3, 4, 5, 6] as const;

/**
 * Sources, each in a slot for as long as it sends: an address of IPv4, or a /64 of IPv6, within which one machine can take any address.
 * The number of slots is fixed; a new source takes that of one that has not been heard of for long (CLOCK, Corbató 1969). Columns of
 * detectors are arrays as long as the table.
 *
 * A source has one slot for trusted events and another for those that somebody may have written into a file: what is counted of the one
 * is never evidence for the other.
 */
export class SourceTable {
  readonly capacity: number;
  /** What is kept of each source, at its slot. What a detector reserves of it is all 0 when a slot is given to another source. */
  readonly records: Records;
  private readonly words: Uint32Array;
  private readonly heads: Int32Array;
  /** Heard of since the hand came by. */
  private readonly used: Uint8Array;
  private readonly mask: number;
  private readonly seed: number;
  private hand = 0;
  private filled = 0;

  /** @param seed unlike any that others know, or they choose addresses that collide. */
  constructor(capacity: number, seed: number) {
    this.capacity = capacity;
    this.seed = seed | 0;
    this.records = new Records(capacity, stride);
    this.records.reserve(OWN);
    this.words = this.records.words;
    this.used = new Uint8Array(capacity);
    let heads = 1;
    while (heads < 2 * capacity) heads *= 2;
    this.heads = new Int32Array(heads).fill(-1);
    this.mask = heads - 1;
  }

  get size(): number {
    return this.filled;
  }

  /** The slot of a row's source, or -1 if it has none. */
  find(batch: Batch, row: number): number {
    const hash = this.hashOf(batch, row);
    return this.lookup(batch, row, hash);
  }

  /**
   * The slot of a row's source: a new one if it has none, and `admits` lets it have one; else -1.
   *
   * @param admits is asked once for each event of a source without a slot, with its hash.
   */
  slotOf(batch: Batch, row: number, admits?: { admits(hash: number): boolean }): number {
    const hash = this.hashOf(batch, row);
    const found = this.lookup(batch, row, hash);
    if (found >= 0) {
      this.used[found] = 1;
      return found;
    }
    if (admits !== undefined && !admits.admits(hash)) return -1;
    const slot = this.filled < this.capacity ? this.filled++ : this.evict();
    const record = stride * slot;
    const at = 4 * row;
    const isFour = batch.family[row] === 4;
    const bucket = hash & this.mask;
    this.words[record + A] = isFour ? 0 : (batch.src[at] as number);
    this.words[record + B] = isFour ? 0 : (batch.src[at + 1] as number);
    this.words[record + D] = isFour ? (batch.src[at + 3] as number) : 0;
    this.words[record + KIND] = kindOf(batch, row);
    this.words[record + NEXT] = (this.heads[bucket] as number) + 1;
    this.heads[bucket] = slot;
    return slot;
  }

  /** The source as people know it: a /32, or a /64. */
  source(slot: number): Prefix {
    const family = this.familyOf(slot);
    const record = stride * slot;
    const [a, b, d] = [A, B, D].map((word) => BigInt(this.words[record + word] as number)) as [bigint, bigint, bigint];
    return family === 4 ? { family, value: d, length: 32 } : { family, value: (a << 96n) | (b << 64n), length: 64 };
  }

  familyOf(slot: number): Family {
    return ((this.words[stride * slot + KIND] as number) & ~forgeable) as Family;
  }

  /** How often the slot has been given to another source: what is known of a slot with another stamp is known of somebody else. */
  stampOf(slot: number): number {
    return this.words[stride * slot + STAMP] as number;
  }

  /** Its events are such as nobody without rights over this machine could have written. */
  isTrusted(slot: number): boolean {
    return ((this.words[stride * slot + KIND] as number) & forgeable) === 0;
  }

  /** Bytes of its arrays. */
  get bytes(): number {
    return this.words.byteLength + this.heads.byteLength + this.used.byteLength;
  }

  private hashOf(batch: Batch, row: number): number {
    const at = 4 * row;
    const kind = kindOf(batch, row);
    return batch.family[row] === 4
      ? this.hashed(kind, 0, 0, batch.src[at + 3] as number)
      : this.hashed(kind, batch.src[at] as number, batch.src[at + 1] as number, 0);
  }

  private lookup(batch: Batch, row: number, hash: number): number {
    const { words } = this;
    const { src } = batch;
    const at = 4 * row;
    const kind = kindOf(batch, row);
    for (let slot = this.heads[hash & this.mask] as number; slot >= 0; slot = (words[stride * slot + NEXT] as number) - 1) {
      const record = stride * slot;
      if (words[record + KIND] !== kind) continue;
      if (
        (kind & 2) === 0 ? words[record + D] === src[at + 3] : words[record + A] === src[at] && words[record + B] === src[at + 1]
      )
        return slot;
    }
    return -1;
  }

  /** Words mixed with the seed (the finalizer of MurmurHash3). */
  private hashed(kind: number, a: number, b: number, d: number): number {
    let hash = this.seed ^ Math.imul(d ^ kind, 0xcc9e2d51);
    hash = Math.imul(hash ^ a, 0x1b873593) ^ Math.imul(b, 0x85ebca6b);
    hash ^= hash >>> 16;
    hash = Math.imul(hash, 0x85ebca6b);
    hash ^= hash >>> 13;
    hash = Math.imul(hash, 0xc2b2ae35);
    return hash ^ (hash >>> 16);
  }

  private evict(): number {
    while (this.used[this.hand] === 1) {
      this.used[this.hand] = 0;
      this.hand = (this.hand + 1) % this.capacity;
    }
    const slot = this.hand;
    this.hand = (this.hand + 1) % this.capacity;
    this.unlink(slot);
    const stamp = this.stampOf(slot);
    this.records.clear(slot);
    this.words[stride * slot + STAMP] = stamp + 1;
    return slot;
  }

  private unlink(slot: number): void {
    const { words } = this;
    const record = stride * slot;
    const next = (words[record + NEXT] as number) - 1;
    const bucket =
      this.hashed(
        words[record + KIND] as number,
        words[record + A] as number,
        words[record + B] as number,
        words[record + D] as number,
      ) & this.mask;
    let before = this.heads[bucket] as number;
    if (before === slot) this.heads[bucket] = next;
    else {
      while ((words[stride * before + NEXT] as number) - 1 !== slot) before = (words[stride * before + NEXT] as number) - 1;
      words[stride * before + NEXT] = next + 1;
    }
  }
}

function kindOf(batch: Batch, row: number): number {
  return (batch.family[row] as number) | (batch.trusted ? 0 : forgeable);
}
