/** Events that are said one by one in a second; a flood beyond them is counted. */
export const mostPerSecond = 50;

/** Lets so many through in each second of the clock, and counts the rest. */
export interface Gate {
  /** How many of so many may pass now. */
  opens(count: number, now: number): number;
  /** Those that were passed over in seconds that are over, once; 0: none. */
  passedOver(now: number): number;
  /** Some that passed came nowhere. */
  turnedBack(count: number): void;
}

export function createGate(most = mostPerSecond): Gate {
  let second = Number.NaN;
  let passed = 0;
  let more = 0;
  const enter = (now: number): void => {
    const current = Math.floor(now / 1000);
    if (current === second) return;
    second = current;
    passed = 0;
  };
  return {
    opens(count, now) {
      enter(now);
      const through = Math.min(count, most - passed);
      passed += through;
      more += count - through;
      return through;
    },
    passedOver(now) {
      if (more === 0 || Math.floor(now / 1000) === second) return 0;
      const count = more;
      more = 0;
      return count;
    },
    turnedBack(count) {
      more += count;
    },
  };
}
