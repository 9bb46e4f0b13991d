import { Tries } from './tries.ts';

/** How many milliseconds local time is ahead of UTC at a moment that is given as its calendar reads there, as if that were UTC. */
export type Zone = (localMs: number) => number;

const DAY = 86_400_000;

/**
 * What the lines of one source do not say of their time, and what is remembered from one to the next.
 *
 * Traditional syslog has neither year nor zone: the zone is handed in, and the year is the latest in which the line is not of the future.
 * So the roll-over at New Year needs no care, a file that was written until long ago is to be read with `now` as of its end, and a
 * line that is older than a year is given one too late.
 */
export class LineClock {
  /** Epoch milliseconds; no line is of more than a day later. Whoever follows something sets it before each piece. */
  now: number;
  /** Epoch milliseconds at which the kernel's own clock stood at 0, for dmesg and /dev/kmsg. It drifts: set anew as `now` is. */
  bootedAt: number;
  readonly zone: Zone;
  /** What has been said of logins whose end is not known yet. */
  readonly tries = new Tries();
  /** The month, day and hour asked for last, as one number, and when that hour began. */
  private hour = -1;
  private hourAt = 0;

  constructor(now: number, options: { readonly zone?: Zone; readonly bootedAt?: number } = {}) {
    this.now = now;
    this.zone = options.zone ?? (() => 0);
    this.bootedAt = options.bootedAt ?? 0;
  }

  /**
   * Writes epoch milliseconds of a stamp without a year to `at[row]` (an answer would be an object for each line); `false` if there is no such day.
   * January is 0.
   */
  withoutYear(month: number, day: number, hour: number, second: number, at: Float64Array, row: number): boolean {
    const key = (month * 32 + day) * 24 + hour;
    // The same hour again, unless it would now be of the future, or of a year ago.
    if (key !== this.hour || this.hourAt > this.now + DAY || this.hourAt < this.now - 360 * DAY) {
      const began = this.latest(month, day, hour);
      if (began === null) return false;
      this.hour = key;
      this.hourAt = began;
    }
    at[row] = this.hourAt + second * 1000;
    return true;
  }

  /** Epoch milliseconds of local time that tells its year. */
  local(localMs: number): number {
    return localMs - this.zone(localMs);
  }

  private latest(month: number, day: number, hour: number): number | null {
    // Leap days are up to eight years apart.
    const thisYear = new Date(this.now + DAY).getUTCFullYear() + 1;
    for (let year = thisYear; year > thisYear - 10; year -= 1) {
      const local = Date.UTC(year, month, day, hour);
      const at = local - this.zone(local);
      if (new Date(local).getUTCDate() === day && at <= this.now + DAY) return at;
    }
    return null;
  }
}
