/**
 * How often each key comes, when first and when last, of at most `capacity` events: keys are four words and a tag. Its memory is fixed, and
 * it is emptied to count anew.
 */
export class Tally {
  private readonly capacity: number;
  private readonly words: Uint32Array;
  private readonly tags: Uint8Array;
  private readonly counts: Uint32Array;
  private readonly firsts: Float64Array;
  private readonly lasts: Float64Array;
  private readonly next: Int32Array;
  private readonly heads: Int32Array;
  private readonly mask: number;
  private readonly seed: number;
  private filled = 0;

  /** @param seed unlike any that others know, or they choose keys that collide. */
  constructor(capacity: number, seed: number) {
    this.capacity = capacity;
    this.seed = seed | 0;
    this.words = new Uint32Array(4 * capacity);
    this.tags = new Uint8Array(capacity);
    this.counts = new Uint32Array(capacity);
    this.firsts = new Float64Array(capacity);
    this.lasts = new Float64Array(capacity);
    this.next = new Int32Array(capacity);
    let heads = 1024;
    while (heads < capacity) heads *= 2;
    this.heads = new Int32Array(heads).fill(-1);
    this.mask = heads - 1;
  }

  get size(): number {
    return this.filled;
  }

  clear(): void {
    this.filled = 0;
    this.heads.fill(-1);
  }

  /** Words are unsigned. */
  add(a: number, b: number, c: number, d: number, tag: number, at: number): void {
    // Words mixed with the seed (the finalizer of MurmurHash3).
    let hash = this.seed ^ Math.imul(d ^ tag, 0xcc9e2d51);
    hash = Math.imul(hash ^ a, 0x1b873593) ^ Math.imul(b, 0x85ebca6b) ^ Math.imul(c ^ (hash >>> 15), 0xc2b2ae35);
    hash ^= hash >>> 16;
    hash = Math.imul(hash, 0x85ebca6b);
    hash ^= hash >>> 13;
    hash = Math.imul(hash, 0xc2b2ae35);
    const bucket = (hash ^ (hash >>> 16)) & this.mask;
    const { words } = this;
    for (let each = this.heads[bucket] as number; each >= 0; each = this.next[each] as number) {
      const word = 4 * each;
      if (words[word + 3] !== d || words[word] !== a || words[word + 1] !== b || words[word + 2] !== c || this.tags[each] !== tag)
        continue;
      this.counts[each] = (this.counts[each] as number) + 1;
      if (at < (this.firsts[each] as number)) this.firsts[each] = at;
      if (at > (this.lasts[each] as number)) this.lasts[each] = at;
      return;
    }
    if (this.filled === this.capacity) throw new Error('a tally is asked to count more than its capacity');
    const each = this.filled++;
    words[4 * each] = a;
    words[4 * each + 1] = b;
    words[4 * each + 2] = c;
    words[4 * each + 3] = d;
    this.tags[each] = tag;
    this.counts[each] = 1;
    this.firsts[each] = at;
    this.lasts[each] = at;
    this.next[each] = this.heads[bucket] as number;
    this.heads[bucket] = each;
  }

  /** The keys that came most often, at most `most`, in no order; how many events are of others, and of one of these at most. */
  heaviest(most: number): { readonly keys: readonly TallyKey[]; readonly others: number; readonly mostOfOne: number } {
    const counts = this.counts.subarray(0, this.filled);
    const least = this.filled <= most ? 0 : (counts.slice().sort()[this.filled - most] as number);
    // Of those that came as often as the last that is kept, as many as there is room for.
    let room = most - counts.reduce((sum, count) => sum + (count > least ? 1 : 0), 0);
    const keys: TallyKey[] = [];
    let others = 0;
    let mostOfOne = 0;
    for (let each = 0; each < this.filled; each += 1) {
      const events = counts[each] as number;
      if (events > least || room-- > 0) {
        const words = this.words.subarray(4 * each, 4 * each + 4);
        keys.push({
          words,
          tag: this.tags[each] as number,
          events,
          first: this.firsts[each] as number,
          last: this.lasts[each] as number,
        });
      } else {
        others += events;
        mostOfOne = Math.max(mostOfOne, events);
      }
    }
    return { keys, others, mostOfOne };
  }
}

export interface TallyKey {
  /** Valid until the tally is emptied. */
  readonly words: Uint32Array;
  readonly tag: number;
  readonly events: number;
  readonly first: number;
  readonly last: number;
}
