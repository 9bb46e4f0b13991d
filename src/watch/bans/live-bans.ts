import { formatPrefix, type Prefix } from '../../model/net/index.ts';
import type { Ban } from './ban.ts';
import { sourceOf } from './never.ts';

/** Networks that may be shut out, from the narrowest: where a source is looked for. */
const lengths = { 4: [32, 24, 16], 6: [64, 56, 48, 32] } as const;

/** Bans that hold now, with those that end first at hand: a heap in which what was taken away meanwhile stays until it comes up. */
export class LiveBans {
  private readonly bans = new Map<string, Ban>();
  private heap: Ban[] = [];
  /** How many bans have each unusual length, so that these are found too. */
  private readonly odd = new Map<number, number>();
  private shortBans = 0;
  private readonly isShort: (ban: Ban) => boolean;

  /** @param isShort those that rest on what may be forged, which are counted apart. */
  constructor(isShort: (ban: Ban) => boolean) {
    this.isShort = isShort;
  }

  get size(): number {
    return this.bans.size;
  }

  get short(): number {
    return this.shortBans;
  }

  all(): IterableIterator<Ban> {
    return this.bans.values();
  }

  get(source: Prefix): Ban | null {
    return this.bans.get(formatPrefix(source)) ?? null;
  }

  /** The ban that shuts a source out: its own, or that of a network around it. */
  covering(source: Prefix): Ban | null {
    for (const length of lengths[source.family]) {
      if (length > source.length) continue;
      const found = this.get(sourceOf({ ...source, length }));
      if (found !== null) return found;
    }
    for (const [key] of this.odd) {
      const [family, length] = key > 1000 ? ([6, key - 1000] as const) : ([4, key] as const);
      if (family !== source.family || length > source.length) continue;
      const found = this.get(sourceOf({ ...source, length }));
      if (found !== null) return found;
    }
    return null;
  }

  /** In the place of an earlier one of the same source. */
  add(ban: Ban): void {
    this.remove(ban.source);
    this.bans.set(formatPrefix(ban.source), ban);
    if (this.isShort(ban)) this.shortBans += 1;
    this.count(ban.source, 1);
    this.push(ban);
  }

  remove(source: Prefix): Ban | null {
    const key = formatPrefix(source);
    const ban = this.bans.get(key);
    if (ban === undefined) return null;
    this.bans.delete(key);
    if (this.isShort(ban)) this.shortBans -= 1;
    this.count(source, -1);
    return ban;
  }

  /** The one that ends first; `null`: there is none. */
  first(): Ban | null {
    for (let top = this.heap[0]; top !== undefined; top = this.heap[0]) {
      if (this.bans.get(formatPrefix(top.source)) === top) return top;
      this.pop();
    }
    return null;
  }

  private count({ family, length }: Prefix, by: number): void {
    if ((lengths[family] as readonly number[]).includes(length)) return;
    const key = family === 6 ? 1000 + length : length;
    const count = (this.odd.get(key) ?? 0) + by;
    if (count === 0) this.odd.delete(key);
    else this.odd.set(key, count);
  }

  private push(ban: Ban): void {
    // What was taken away stays in the heap; where it is most of it, the heap is made anew.
    if (this.heap.length > 2 * this.bans.size + 64) this.heap = [...this.bans.values()].toSorted((a, b) => a.until - b.until);
    else {
      let at = this.heap.push(ban) - 1;
      while (at > 0) {
        const above = (at - 1) >> 1;
        if ((this.heap[above] as Ban).until <= ban.until) break;
        this.heap[at] = this.heap[above] as Ban;
        at = above;
      }
      this.heap[at] = ban;
    }
  }

  private pop(): void {
    const last = this.heap.pop();
    if (last === undefined || this.heap.length === 0) return;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= this.heap.length) break;
      if (below + 1 < this.heap.length && (this.heap[below + 1] as Ban).until < (this.heap[below] as Ban).until) below += 1;
      if ((this.heap[below] as Ban).until >= last.until) break;
      this.heap[at] = this.heap[below] as Ban;
      at = below;
    }
    this.heap[at] = last;
  }
}
