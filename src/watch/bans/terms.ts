/** How long, from when on, and how many. Durations are milliseconds. */
export interface BanTerms {
  /** The first ban of a source, the second, …; the last one goes on. */
  readonly steps: readonly number[];
  /** Bans that are older do not count. */
  readonly remembered: number;
  /** No ban is longer than this, except a person's. */
  readonly longest: number;
  /** Where all of the evidence may be forged: shorter than the first step, so that a ban's length tells which it is. */
  readonly spoofable: number;
  /** So much weight is enough. */
  readonly threshold: number;
  /** After so long what was suspected counts half. */
  readonly halfLife: number;
  /** What goes on since before a person let its source in again counts so much of it. */
  readonly forgiven: number;
  /** Bans at one time; beyond them those that end first go. */
  readonly most: number;
  /** Of these, such as rest on what may be forged. */
  readonly mostSpoofable: number;
  /** So many of these at once, and then so many a second: whoever forges sources must not fill the set. */
  readonly spoofableBurst: number;
  readonly spoofablePerSecond: number;
  /** So many addresses of a /24 make it one. */
  readonly members: number;
  /** Within this. */
  readonly together: number;
  /** Sources and networks of which something is kept at one time. */
  readonly known: number;
}

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

export const usualTerms: BanTerms = {
  steps: [15 * minute, hour, 6 * hour, day, 7 * day],
  remembered: 30 * day,
  longest: 7 * day,
  spoofable: 10 * minute,
  threshold: 1,
  halfLife: hour,
  forgiven: 0.1,
  most: 65_536,
  mostSpoofable: 8192,
  spoofableBurst: 200,
  spoofablePerSecond: 10,
  members: 16,
  together: day,
  known: 65_536,
};
