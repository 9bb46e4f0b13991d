import type { Batch } from '../events/batch.ts';

/** Tries whose times are kept of each pair: no threshold within a span can be beyond it. */
export const mostTimes = 12;
/** Connections whose port is remembered, to know their repeated SYNs. */
const ports = 8;
/** A SYN that nobody answers comes again at 1, 3, 7, 15, 31 and 63 s; from Linux 6.5 on first every second (tcp(7), tcp_syn_linear_timeouts). */
const repeats = { most: 11, within: 130 };
const ways = 4;

/**
 * Who tries what, and how often: pairs of a source and a service of a target, each with the times of its last tries, and a score of all that
 * fades. The number of pairs is fixed; a new one takes the place of the least of four, by how often it tried and how long ago. Sources are
 * slots of the source table.
 *
 * Times are kept in whole seconds.
 */
export class Attempts {
  readonly places: number;
  /** Tries since the pair is known. */
  readonly tries: Uint32Array;
  /** Connections that it began, likewise: what {@link Attempts.connects} said of them. */
  readonly connections: Uint32Array;
  /** Epoch milliseconds of the first and of the last. */
  readonly first: Float64Array;
  readonly last: Float64Array;
  readonly slot: Int32Array;
  /** For whoever uses them: the pair's incident, and events that no incident has counted. */
  readonly incident: Int32Array;
  readonly events: Uint32Array;
  private readonly score: Float32Array;
  private readonly target: Uint32Array;
  private readonly port: Int32Array;
  private readonly generation: Uint16Array;
  private readonly generations: Uint16Array;
  private readonly times: Uint32Array;
  private readonly timed: Uint32Array;
  private readonly sports: Uint16Array;
  private readonly sportSince: Uint32Array;
  private readonly sportSeen: Uint8Array;
  private readonly nextSport: Uint8Array;
  private readonly sets: number;
  private readonly seed: number;
  private readonly fading: number;

  /**
   * @param places a power of two.
   * @param sources the capacity of the source table.
   * @param halfLifeMs after which a try counts half.
   */
  constructor(places: number, sources: number, seed: number, halfLifeMs: number) {
    this.places = places;
    this.sets = places / ways;
    this.seed = seed | 0;
    this.fading = -Math.LN2 / halfLifeMs;
    this.tries = new Uint32Array(places);
    this.connections = new Uint32Array(places);
    this.first = new Float64Array(places);
    this.last = new Float64Array(places);
    this.slot = new Int32Array(places).fill(-1);
    this.incident = new Int32Array(places);
    this.events = new Uint32Array(places);
    this.score = new Float32Array(places);
    this.target = new Uint32Array(places);
    this.port = new Int32Array(places);
    this.generation = new Uint16Array(places);
    this.generations = new Uint16Array(sources);
    this.times = new Uint32Array(mostTimes * places);
    this.timed = new Uint32Array(places);
    this.sports = new Uint16Array(ports * places);
    this.sportSince = new Uint32Array(ports * places);
    this.sportSeen = new Uint8Array(ports * places);
    this.nextSport = new Uint8Array(places);
  }

  /** The slot is another source's from now on. */
  forget(slot: number): void {
    this.generations[slot] = (this.generations[slot] as number) + 1;
  }

  /** The place's pair is still what it was: its source has kept its slot. */
  isAlive(place: number): boolean {
    const slot = this.slot[place] as number;
    return slot >= 0 && this.generation[place] === this.generations[slot];
  }

  /** The place of a pair, -1 if it has none. `target` tells targets apart, as {@link targetOf} does; 0 is any. */
  find(slot: number, target: number, port: number): number {
    const from = this.setOf(slot, target, port);
    for (let place = from; place < from + ways; place += 1) if (this.isPair(place, slot, target, port)) return place;
    return -1;
  }

  /** The place of a pair, a new one if it has none. */
  placeOf(slot: number, target: number, port: number, at: number): number {
    const from = this.setOf(slot, target, port);
    let least = from;
    let leastWorth = Number.POSITIVE_INFINITY;
    for (let place = from; place < from + ways; place += 1) {
      if (this.isPair(place, slot, target, port)) return place;
      // A try is worth ten minutes of age: pairs that tried once make room for one another, and not those who keep trying.
      const worth = this.isAlive(place)
        ? (this.last[place] as number) + 600_000 * Math.min(this.tries[place] as number, 144)
        : -1;
      if (worth >= leastWorth) continue;
      least = place;
      leastWorth = worth;
    }
    this.begin(least, slot, target, port, at);
    return least;
  }

  /**
   * Whether a SYN of the pair begins a connection, and is not one that was sent before and comes again since nobody answered: that comes
   * from the same port, a few times within two minutes.
   */
  connects(place: number, sport: number, at: number): boolean {
    const second = Math.floor(at / 1000);
    const from = ports * place;
    for (let each = from; each < from + ports; each += 1) {
      const seen = this.sportSeen[each] as number;
      if (seen === 0 || this.sports[each] !== sport) continue;
      if (seen >= repeats.most || second - (this.sportSince[each] as number) > repeats.within)
        return this.remember(place, each, sport, second);
      this.sportSeen[each] = seen + 1;
      return false;
    }
    const next = from + (this.nextSport[place] as number);
    this.nextSport[place] = ((this.nextSport[place] as number) + 1) % ports;
    return this.remember(place, next, sport, second);
  }

  /** It begins a connection, whatever was sent before. */
  connect(place: number): true {
    this.connections[place] = (this.connections[place] as number) + 1;
    return true;
  }

  /** One more try. */
  add(place: number, at: number): void {
    this.score[place] = this.scoreAt(place, at) + 1;
    this.last[place] = Math.max(at, this.last[place] as number);
    this.tries[place] = (this.tries[place] as number) + 1;
    const timed = this.timed[place] as number;
    this.times[mostTimes * place + (timed % mostTimes)] = Math.floor(at / 1000);
    this.timed[place] = timed + 1;
  }

  /** Seconds over which the last `count` tries came, at most {@link mostTimes}; Infinity if there were fewer. */
  secondsOf(place: number, count: number): number {
    const timed = this.timed[place] as number;
    if (timed < count) return Number.POSITIVE_INFINITY;
    const time = (nth: number): number => this.times[mostTimes * place + ((timed - nth) % mostTimes)] as number;
    return time(1) - time(count);
  }

  /** All tries, each halved as often as its half-life has passed since. */
  scoreAt(place: number, at: number): number {
    const score = this.score[place] as number;
    const age = at - (this.last[place] as number);
    return score === 0 || age <= 0 ? score : score * Math.exp(this.fading * age);
  }

  /** The last tries, up to so many, never happened. */
  forgive(place: number, count: number): void {
    const from = mostTimes * place;
    const timed = this.timed[place] as number;
    const kept = Math.max(0, Math.min(timed, mostTimes) - count);
    const times = Array.from(
      { length: kept },
      (_, nth) => this.times[from + ((timed - count - kept + nth) % mostTimes)] as number,
    );
    this.times.set(times, from);
    this.timed[place] = kept;
    this.score[place] = Math.max(0, (this.score[place] as number) - count);
  }

  private remember(place: number, at: number, sport: number, second: number): true {
    this.sports[at] = sport;
    this.sportSince[at] = second;
    this.sportSeen[at] = 1;
    return this.connect(place);
  }

  /** The pair as if it had never tried. */
  private begin(place: number, slot: number, target: number, port: number, at: number): void {
    this.slot[place] = slot;
    this.generation[place] = this.generations[slot] as number;
    this.target[place] = target;
    this.port[place] = port;
    this.tries[place] = 0;
    this.connections[place] = 0;
    this.first[place] = at;
    this.last[place] = at;
    this.score[place] = 0;
    this.incident[place] = 0;
    this.events[place] = 0;
    this.timed[place] = 0;
    this.nextSport[place] = 0;
    this.sportSeen.fill(0, ports * place, ports * (place + 1));
  }

  private isPair(place: number, slot: number, target: number, port: number): boolean {
    return (
      this.slot[place] === slot &&
      this.target[place] === target &&
      this.port[place] === port &&
      this.generation[place] === this.generations[slot]
    );
  }

  private setOf(slot: number, target: number, port: number): number {
    let hash = this.seed ^ Math.imul(slot, 0xcc9e2d51);
    hash = Math.imul(hash ^ target, 0x1b873593) ^ Math.imul(port, 0x85ebca6b);
    hash ^= hash >>> 16;
    hash = Math.imul(hash, 0xc2b2ae35);
    return ways * ((hash ^ (hash >>> 15)) & (this.sets - 1));
  }
}

/** A row's target as one number: of IPv4 the address; of IPv6 what its words make together, which may be another's too. */
export function targetOf(batch: Batch, row: number): number {
  const at = 4 * row;
  const last = batch.dst[at + 3] as number;
  if (batch.family[row] === 4) return last;
  const first = Math.imul(batch.dst[at] as number, 0x9e3779b1) ^ Math.imul(batch.dst[at + 1] as number, 0x85ebca6b);
  return (first ^ Math.imul(batch.dst[at + 2] as number, 0xc2b2ae35) ^ last) >>> 0;
}
