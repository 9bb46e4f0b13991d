/**
 * Weights by which what was counted halves every so often, without ever touching it: what comes counts for more the later it comes (forward
 * decay: Cormode, Shkapenyuk, Srivastava and Xu 2009). A count is a sum of weights, and is worth that sum over the weight of the moment.
 * Events may come in any order.
 */
export class Decay {
  readonly halfLifeMs: number;
  /** What an event counts that happens now. */
  weight = 1;
  private landmark = Number.NaN;
  private now = Number.NaN;
  private second = 0;
  /** What a second more makes of a weight. */
  private readonly step: number;
  private steps = 0;
  private readonly renew: (factor: number) => void;

  /**
   * @param renew multiplies all that was counted by a factor, once in a long time, since weights would grow beyond what numbers hold.
   */
  constructor(halfLifeMs: number, renew: (factor: number) => void) {
    this.halfLifeMs = halfLifeMs;
    this.step = 2 ** (1000 / halfLifeMs);
    this.renew = renew;
  }

  /** The clock stands at another moment; it may also have been set back, with which nothing decays. */
  advance(now: number): void {
    this.second = Math.floor(now / 1000);
    // The next second, as nearly always; now and then it is reckoned anew, before small errors add up.
    if (now === this.now + 1000 && this.steps < 64) {
      this.now = now;
      this.steps += 1;
      this.weight *= this.step;
      return;
    }
    this.steps = 0;
    if (Number.isNaN(this.now)) this.landmark = now;
    else if (now < this.now) this.landmark -= this.now - now;
    this.now = now;
    let halves = (now - this.landmark) / this.halfLifeMs;
    // 32-bit floating point numbers end at 2^127.
    if (halves > 64) {
      this.renew(halves > 120 ? 0 : 2 ** -halves);
      this.landmark = now;
      halves = 0;
    }
    this.weight = 2 ** halves;
  }

  /** What an event counts that happened in that second of the epoch: no more than one of now. */
  weightAt(second: number): number {
    const ago = this.second - second;
    return ago <= 0 ? this.weight : this.weight * 2 ** ((-1000 * ago) / this.halfLifeMs);
  }
}
