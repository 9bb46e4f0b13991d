/** An event this far ahead of all others is believed only when another one agrees. */
const leapMs = 60 * 60_000;
/** So many events one after the other that are all far behind: the clock was set back, or was wrong before. */
const behindToTurnBack = 256;
const farBehindMs = 5 * 60_000;

/**
 * The moment of the newest event. Events may come late; one that bears a wrong date does not move it; and where all bear earlier dates than it,
 * it follows them.
 */
export class EventClock {
  /** Epoch milliseconds; `NaN` before the first event. */
  now = Number.NaN;
  private ahead = Number.NaN;
  private behind = 0;

  /** @returns whether the clock stands elsewhere than before. */
  see(at: number): boolean {
    if (at <= this.now) {
      this.ahead = Number.NaN;
      if (at >= this.now - farBehindMs) this.behind = 0;
      else if (++this.behind >= behindToTurnBack) return this.set(at);
      return false;
    }
    if (at > this.now + leapMs && !(at >= this.ahead - farBehindMs)) {
      this.ahead = at;
      return false;
    }
    if (!Number.isFinite(at)) return false;
    return this.set(at);
  }

  /** Time goes by without events. */
  go(now: number): boolean {
    return now > this.now || Number.isNaN(this.now) ? this.set(now) : false;
  }

  private set(at: number): boolean {
    this.now = at;
    this.ahead = Number.NaN;
    this.behind = 0;
    return true;
  }
}
