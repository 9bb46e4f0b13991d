/** The only source of time. Handed in, so that pure folders and tests never read a real clock. */
export interface Clock {
  /** Wall time in epoch milliseconds. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };
