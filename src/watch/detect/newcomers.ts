/** Above so many new sources a second, they are taken for forged: nothing is kept of new ones. */
export const mostNewSources = 200;
/** While it is so, one of so many events of unknown sources is followed all the same: who sends many is found among those who send one each. */
const sampled = 512;
/** Bits by which distinct unknown sources of a second are counted (linear counting: Whang et al. 1990). */
const bits = 16_384;

/** How many new sources come, and whether they are followed. */
export class Newcomers {
  /** New sources that came in the second before this one; an estimate where there are more than are followed. */
  perSecond = 0;
  /** Nothing is kept of new sources. */
  isGuarding = false;
  /** Events of sources that were not followed, since the beginning. */
  unfollowed = 0;
  private followed = 0;
  private zeros = bits;
  private readonly seen = new Uint32Array(bits / 32);
  private turn = 0;

  /** May a source that is not known yet be followed? Asked once for each event of one. */
  admits(hash: number): boolean {
    if (!this.isGuarding) {
      this.followed += 1;
      if (this.followed <= mostNewSources) return true;
      this.isGuarding = true;
    }
    const bit = hash & (bits - 1);
    const word = bit >>> 5;
    const mask = 1 << (bit & 31);
    if (((this.seen[word] as number) & mask) === 0) {
      this.seen[word] = (this.seen[word] as number) | mask;
      this.zeros -= 1;
    }
    this.turn += 1;
    if (this.turn % sampled === 0) return true;
    this.unfollowed += 1;
    return false;
  }

  /** A second has gone by; in `seconds` of them nothing else came. */
  tick(seconds: number): void {
    const unknown = this.zeros === bits ? 0 : Math.round(bits * Math.log(bits / Math.max(1, this.zeros)));
    this.perSecond = seconds > 1 ? 0 : this.followed + unknown;
    this.isGuarding = this.perSecond > mostNewSources;
    this.followed = 0;
    if (this.zeros < bits) this.seen.fill(0);
    this.zeros = bits;
  }
}
