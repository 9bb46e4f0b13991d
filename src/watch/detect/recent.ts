/**
 * The different things that were there lately, exactly, up to a number of them: those that were seen last. For the few things that happen
 * on the host itself; each look goes through all of them.
 */
export class Recent {
  private readonly hashes: Int32Array;
  private readonly times: Float64Array;
  private used = 0;

  constructor(capacity: number) {
    this.hashes = new Int32Array(capacity);
    this.times = new Float64Array(capacity);
  }

  /** @returns how many different ones there were since `since`, this one included. */
  see(hash: number, at: number, since: number): number {
    let [count, mine, oldest] = [1, -1, 0];
    for (let each = 0; each < this.used; each += 1) {
      if (this.hashes[each] === hash) mine = each;
      else if ((this.times[each] as number) >= since) count += 1;
      if ((this.times[each] as number) < (this.times[oldest] as number)) oldest = each;
    }
    const isBeyond = mine < 0 && this.used === this.hashes.length;
    const place = mine >= 0 ? mine : isBeyond ? oldest : this.used++;
    // Whoever had to go was one of them.
    if (isBeyond && (this.times[oldest] as number) >= since) count -= 1;
    this.hashes[place] = hash;
    this.times[place] = mine >= 0 ? Math.max(at, this.times[place] as number) : at;
    return count;
  }
}
