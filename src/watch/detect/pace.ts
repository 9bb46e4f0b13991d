/** So many sightings of a thing are said as they come; then it is said again at intervals, with how many there were. */
const atOnce = 10;
/** Of how many things what was counted and not said is known at once. */
const waiting = 1024;

/**
 * How often what goes on is said: the first ten times one by one, since these lines are the evidence, and from then on once in an interval.
 * Nothing that was counted gets lost: the rest is said with the next tick.
 */
export class Pace {
  private readonly events: Uint32Array;
  private readonly said: Uint8Array;
  private readonly saidAt: Float64Array;
  private readonly unsaid = new Int32Array(waiting);
  private unsaidCount = 0;
  private readonly intervalMs: number;

  constructor(places: number, intervalMs: number) {
    this.events = new Uint32Array(places);
    this.said = new Uint8Array(places);
    this.saidAt = new Float64Array(places);
    this.intervalMs = intervalMs;
  }

  /** One more event of this place: how many are to be said now, 0 if none. */
  count(place: number, at: number): number {
    const events = (this.events[place] as number) + 1;
    const said = this.said[place] as number;
    const isDue = said < atOnce || Math.abs(at - (this.saidAt[place] as number)) >= this.intervalMs;
    if (!isDue && events === 1) {
      if (this.unsaidCount === waiting) return this.say(place, at, events, said);
      this.unsaid[this.unsaidCount++] = place;
    }
    if (isDue) return this.say(place, at, events, said);
    this.events[place] = events;
    return 0;
  }

  /** What was counted and not said. */
  rest(say: (place: number, events: number) => void): void {
    for (let index = 0; index < this.unsaidCount; index += 1) {
      const place = this.unsaid[index] as number;
      const events = this.events[place] as number;
      this.events[place] = 0;
      if (events > 0) say(place, events);
    }
    this.unsaidCount = 0;
  }

  /** The place is another thing's from now on. */
  forget(place: number): void {
    this.events[place] = 0;
    this.said[place] = 0;
  }

  private say(place: number, at: number, events: number, said: number): number {
    this.events[place] = 0;
    this.said[place] = Math.min(said + 1, atOnce);
    this.saidAt[place] = at;
    return events;
  }
}
