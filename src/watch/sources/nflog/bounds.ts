/** A number between two others, these included. */
export interface Bounds {
  readonly low: number;
  readonly high: number;
}

/** What the counters of a group's rules said, between two moments of which it is known how many packets had come. */
export interface Reading {
  /** Packets that the rules had met. */
  readonly met: number;
  /** Packets of the group, since it is read, that are known to have been logged before the counters were read. */
  readonly before: number;
  /** All that were logged by some moment after that; `null`: it is not known of any. */
  readonly after: number | null;
  /** Milliseconds of any clock that only goes forward. */
  readonly at: number;
}

/**
 * What the counters of a group's rules stood at when its reading began. From then on packets are numbered, so that it is the same for as long as the group is
 * read: what counters say less the packets that have come.
 */
export interface Start {
  /** False: it contradicts what was read before, so that all of that is forgotten; counters were set back, or something else logs to the group. */
  take(reading: Reading): boolean;
  bounds(): Bounds;
  /** Several readings, between which time passed, and no packet came during any of them. */
  isExact(): boolean;
}

/** So many readings must agree, and the first and last of them must be so far apart. */
const agreeing = 3;
const apartMs = 30;

/**
 * A rule counts a packet just before it logs it, so that a reading may count packets that have not come, as many as there are processors at most: it can say too
 * much, but by that alone, and never too little. So the lowest that any reading says is right as soon as several say it, each of which no packet came
 * during; and all of them set bounds, where packets come all the time.
 *
 * @param processors of the machine
 */
export function createStart(processors: number): Start {
  let low = Number.NEGATIVE_INFINITY;
  let high = Number.POSITIVE_INFINITY;
  let votes = 0;
  let firstVoteAt = 0;
  let lastVoteAt = 0;
  const isExact = (): boolean => votes >= agreeing && lastVoteAt - firstVoteAt >= apartMs;
  return {
    take({ met, before, after, at }) {
      const most = met - before;
      const least = after === null ? Number.NEGATIVE_INFINITY : met - after - processors;
      const isSo = most >= low && least <= high && !(isExact() && most < high);
      if (!isSo) {
        low = Number.NEGATIVE_INFINITY;
        high = Number.POSITIVE_INFINITY;
      }
      low = Math.max(low, least);
      if (most < high) {
        high = most;
        votes = 0;
      }
      if (after === before && most === high) {
        if (votes === 0) firstVoteAt = at;
        votes += 1;
        lastVoteAt = at;
      }
      return isSo;
    },
    bounds: () => (isExact() ? { low: high, high } : { low, high }),
    isExact,
  };
}
