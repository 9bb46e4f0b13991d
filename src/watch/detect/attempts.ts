import type { Batch } from '../events/batch.ts';
import type { SourceTable } from './source-table.ts';

/** Tries whose times are kept of each pair: no threshold within a span can be beyond it. */
export const mostTimes = 10;
/** Of all that it began, tries or not, so many. */
const recents = 4;
/** Connections whose port is remembered, to know their repeated SYNs. */
const ports = 8;
/** A SYN that nobody answers comes again at 1, 3, 7, 15, 31 and 63 s; from Linux 6.5 on first every second (tcp(7), tcp_syn_linear_timeouts). */
const repeats = { most: 11, within: 130 };
const ways = 4;
/** What began is worth so many seconds of age: pairs that tried once make room for one another, and not those who keep trying. */
const worthOfOne = { seconds: 600, most: 144 } as const;

/** All that is kept of a pair stands together, in 128 bytes: most pairs come once, and fetching them from memory is what they cost. */
const at = {
  slot: 0,
  /** How often the slot had changed hands above, the service below. */
  key: 1,
  target: 2,
  count: 3,
  /** How many tries have a place among the times below, which port is written over next above. */
  turns: 4,
  incident: 5,
  events: 6,
  score: 7,
  first: 8,
  crowd: 9,
  recent: 10,
  times: 10 + recents,
  /** Each a source port (16 bits), how often it was seen (4), and the second in which it was first, modulo 4096. */
  ports: 10 + recents + mostTimes,
} as const;
const stride = 32;
const free = 0xffffffff;

/**
 * Who tries what, and how often: pairs of a source and a service of a target, each with the times of its last tries, and a score of all that
 * fades. The number of pairs is fixed; a new one takes the place of the least of four, by how often it came and how long ago. Sources are
 * slots of the source table. Times are kept in whole seconds.
 */
export class Attempts {
  private readonly sources: Pick<SourceTable, 'stampOf'>;
  private readonly words: Uint32Array;
  private readonly floats: Float32Array;
  private readonly ints: Int32Array;
  /**
   * Of each place a hash of its pair, and what it is worth (its last second, and so many more for each that it began): those of a set stand
   * together, so that only the pair itself has to be fetched.
   */
  private readonly heads: Int32Array;
  private readonly sets: number;
  private readonly seed: number;
  /** Of a second. */
  private readonly fading: number;

  /**
   * @param places a power of two.
   * @param halfLifeMs after which a try counts half.
   */
  constructor(places: number, sources: Pick<SourceTable, 'stampOf'>, seed: number, halfLifeMs: number) {
    this.sources = sources;
    this.sets = places / ways;
    this.seed = seed | 0;
    this.fading = -Math.LN2 / (halfLifeMs / 1000);
    this.words = new Uint32Array(stride * places);
    this.floats = new Float32Array(this.words.buffer);
    this.ints = new Int32Array(this.words.buffer);
    this.heads = new Int32Array(2 * places);
    for (let place = 0; place < places; place += 1) this.words[stride * place + at.slot] = free;
  }

  get capacity(): number {
    return ways * this.sets;
  }

  /** The place of a pair, -1 if it has none. `target` tells targets apart, as {@link targetOf} does; 0 is any. */
  find(slot: number, target: number, service: number): number {
    const key = this.keyOf(slot, service);
    const hash = this.hashOf(slot, key, target);
    return this.lookup(this.setOf(hash), hash, slot, key, target);
  }

  /** The place of a pair, a new one if it has none. @param second of the epoch, as everywhere here. */
  placeOf(slot: number, target: number, service: number, second: number): number {
    const key = this.keyOf(slot, service);
    const hash = this.hashOf(slot, key, target);
    const from = this.setOf(hash);
    const found = this.lookup(from, hash, slot, key, target);
    if (found >= 0) return found;
    const least = this.leastOf(from);
    this.heads[2 * least] = hash;
    this.heads[2 * least + 1] = second;
    const word = stride * least;
    for (let each = word; each < word + stride; each += 1) this.words[each] = 0;
    this.words[word + at.slot] = slot;
    this.words[word + at.key] = key;
    this.words[word + at.target] = target;
    this.words[word + at.first] = second;
    return least;
  }

  /** The place's pair is still what it was: its source has kept its slot. */
  isAlive(place: number): boolean {
    const slot = this.words[stride * place + at.slot] as number;
    return slot !== free && this.ints[stride * place + at.key] === this.keyOf(slot, this.service(place));
  }

  slot(place: number): number {
    return this.words[stride * place + at.slot] as number;
  }

  /** The number of the pair's service. */
  service(place: number): number {
    return (this.words[stride * place + at.key] as number) & 0xffff;
  }

  /** How often it began, tries or not, since the pair is known. */
  count(place: number): number {
    return this.words[stride * place + at.count] as number;
  }

  /** Epoch milliseconds of the first and the last of these, to the second. */
  first(place: number): number {
    return 1000 * (this.words[stride * place + at.first] as number);
  }

  last(place: number): number {
    return 1000 * this.lastSecond(stride * place);
  }

  /** For whoever uses them: the pair's incident, 0 if it has none. */
  incident(place: number): number {
    return this.words[stride * place + at.incident] as number;
  }

  /** The incident has counted all events of the pair so far. */
  setIncident(place: number, incident: number): void {
    this.words[stride * place + at.incident] = incident;
    this.words[stride * place + at.events] = 0;
  }

  /** One more event that no incident has counted. @returns how many there are. */
  countEvent(place: number): number {
    const events = (this.words[stride * place + at.events] as number) + 1;
    this.words[stride * place + at.events] = events;
    return events;
  }

  /** For whoever sees many try together: what it has noted of the pair, 0 at first. */
  crowd(place: number): number {
    return this.words[stride * place + at.crowd] as number;
  }

  setCrowd(place: number, crowd: number): void {
    this.words[stride * place + at.crowd] = crowd;
  }

  /**
   * Whether a SYN of the pair begins a connection, and is not one that was sent before and comes again since nobody answered: that comes
   * from the same port, a few times within two minutes.
   */
  connects(place: number, sport: number, second: number): boolean {
    const word = stride * place;
    const begun = ((sport << 16) | 0x1000 | (second & 0xfff)) >>> 0;
    for (let each = word + at.ports; each < word + at.ports + ports; each += 1) {
      const known = this.words[each] as number;
      const seen = (known >>> 12) & 0xf;
      if (seen === 0) break;
      if (known >>> 16 !== sport) continue;
      const isRepeated = seen < repeats.most && ((second - known) & 0xfff) <= repeats.within;
      this.words[each] = isRepeated ? known + 0x1000 : begun;
      return !isRepeated;
    }
    const turns = this.words[word + at.turns] as number;
    const next = turns >>> 16;
    this.words[word + at.turns] = (turns & 0xffff) | (((next + 1) % ports) << 16);
    this.words[word + at.ports + next] = begun;
    return true;
  }

  /** It began once more. @param isTry it is to be among the times, and in the score. */
  add(place: number, second: number, isTry = true): void {
    const word = stride * place;
    const score = this.scoreAt(place, second);
    this.floats[word + at.score] = isTry ? score + 1 : score;
    if (isTry) {
      const turns = this.words[word + at.turns] as number;
      this.words[word + at.times + ((turns & 0xffff) % mostTimes)] = second;
      // As many as there are places tell as much as more.
      this.words[word + at.turns] = (turns & 0xffff) < 2 * mostTimes - 1 ? turns + 1 : turns + 1 - mostTimes;
    }
    const last = Math.max(second, this.lastSecond(word));
    const count = (this.words[word + at.count] as number) + 1;
    this.words[word + at.count] = count;
    this.words[word + at.recent + (count % recents)] = last;
    this.heads[2 * place + 1] = last + worthOfOne.seconds * Math.min(count, worthOfOne.most);
  }

  /** Seconds over which it began so often of late, at most {@link recents} times; Infinity if it did not. */
  secondsOfLast(place: number, count: number): number {
    const all = this.count(place);
    if (all < count) return Number.POSITIVE_INFINITY;
    const word = stride * place;
    return this.lastSecond(word) - (this.words[word + at.recent + ((all - count + 1) % recents)] as number);
  }

  /** Seconds over which the last `count` tries came, at most {@link mostTimes}; Infinity if there were fewer. */
  secondsOf(place: number, count: number): number {
    const word = stride * place;
    const timed = (this.words[word + at.turns] as number) & 0xffff;
    if (timed < count) return Number.POSITIVE_INFINITY;
    const times = word + at.times;
    return (
      (this.words[times + ((timed - 1) % mostTimes)] as number) - (this.words[times + ((timed - count) % mostTimes)] as number)
    );
  }

  /** All tries, each halved as often as its half-life has passed since. */
  scoreAt(place: number, second: number): number {
    const score = this.floats[stride * place + at.score] as number;
    if (score === 0) return 0;
    const age = second - this.lastSecond(stride * place);
    return age <= 0 ? score : score * Math.exp(this.fading * age);
  }

  /** The last tries, up to so many, never happened. */
  forgive(place: number, count: number): void {
    const word = stride * place;
    const times = word + at.times;
    const turns = this.words[word + at.turns] as number;
    const timed = turns & 0xffff;
    const kept = Math.max(0, Math.min(timed, mostTimes) - count);
    const left = Array.from(
      { length: kept },
      (_, nth) => this.words[times + ((timed - count - kept + nth) % mostTimes)] as number,
    );
    this.words.set(left, times);
    this.words[word + at.turns] = turns - timed + kept;
    this.floats[word + at.score] = Math.max(0, (this.floats[word + at.score] as number) - count);
  }

  private lookup(from: number, hash: number, slot: number, key: number, target: number): number {
    const { heads, ints } = this;
    for (let place = from; place < from + ways; place += 1) {
      if (heads[2 * place] !== hash) continue;
      const word = stride * place;
      if (ints[word] === slot && ints[word + at.key] === key && ints[word + at.target] === target) return place;
    }
    return -1;
  }

  private lastSecond(word: number): number {
    return this.words[word + at.recent + ((this.words[word + at.count] as number) % recents)] as number;
  }

  private keyOf(slot: number, service: number): number {
    return (this.sources.stampOf(slot) << 16) | service;
  }

  private leastOf(from: number): number {
    let least = from;
    for (let place = from + 1; place < from + ways; place += 1)
      if ((this.heads[2 * place + 1] as number) < (this.heads[2 * least + 1] as number)) least = place;
    return least;
  }

  /** Of a pair; none is 0, as free places have it. */
  private hashOf(slot: number, key: number, target: number): number {
    let hash = this.seed ^ Math.imul(slot, 0xcc9e2d51);
    hash = Math.imul(hash ^ target, 0x1b873593) ^ Math.imul(key, 0x85ebca6b);
    hash ^= hash >>> 16;
    hash = Math.imul(hash, 0xc2b2ae35);
    return hash ^ (hash >>> 15) || 1;
  }

  private setOf(hash: number): number {
    return ways * (hash & (this.sets - 1));
  }
}

/** A row's target as one number: of IPv4 the address; of IPv6 what its words make together, which may be another's too. */
export function targetOf(batch: Batch, row: number): number {
  const word = 4 * row;
  const last = batch.dst[word + 3] as number;
  if (batch.family[row] === 4) return last | 0;
  const first = Math.imul(batch.dst[word] as number, 0x9e3779b1) ^ Math.imul(batch.dst[word + 1] as number, 0x85ebca6b);
  return first ^ Math.imul(batch.dst[word + 2] as number, 0xc2b2ae35) ^ last;
}
