import { formatPrefix } from '../../model/net/index.ts';
import type { Batch } from '../events/batch.ts';
import type { Room } from './evidence.ts';
import type { Happening } from './happening.ts';
import { identify } from './identity.ts';
import { type Incident, isWorse } from './incident.ts';
import { type Begun, OpenIncident } from './open-incident.ts';
import type { Sighting } from './sighting.ts';

/** Incidents that are open at once; where there are more, the least severe of the oldest are closed. */
export const mostOpen = 4096;

/** What is known of the detector that saw an incident. */
export interface Kind {
  readonly detectorTitle: string;
  /** What to do about what it sees, where a sighting says nothing else. */
  readonly remedy: string;
  /** Sightings of one group and key are one incident. */
  readonly group: string;
  readonly quietMs: number;
}

/** Numbers are places of the table with as many more bits that tell an incident from the one that had its place before. */
const placeBits = 12;
const placeMask = (1 << placeBits) - 1;
/** Those that go on are said to be suspects again all together, so often. */
const suspectAgainMs = 60_000;
/** So many open incidents are looked at a second, at least all of them in so long. */
const looksPerSecond = 64;
const mostPauseMs = 10_000;

/** The incidents that are open, and what is to be said of them. */
export class Incidents {
  /** While what came before a start is shown again: nothing is said or counted of it, since it was then. */
  isLearning = false;
  /** Those that had to be closed since there were too many. */
  crowdedOut = 0;
  private readonly kindOf: (detector: string) => Kind;
  private readonly places: (OpenIncident | undefined)[] = new Array(mostOpen).fill(undefined);
  private readonly free: number[] = Array.from({ length: mostOpen }, (_, place) => mostOpen - 1 - place);
  private readonly generations = new Int32Array(mostOpen);
  private readonly byKey = new Map<string, OpenIncident>();
  private happenings: Happening[] = [];
  /** Those that have lines of the batch that is being seen. */
  private inBatch: OpenIncident[] = [];
  private batch: Batch | null = null;
  private now = Number.NEGATIVE_INFINITY;
  private readonly room: Room = { bytes: 0 };
  /** The earliest moment at which something may be to be said or closed. */
  private due = Number.POSITIVE_INFINITY;
  private suspectsDue = Number.NEGATIVE_INFINITY;
  private soonest = Number.NEGATIVE_INFINITY;

  constructor(kindOf: (detector: string) => Kind) {
    this.kindOf = kindOf;
  }

  get open(): number {
    return this.byKey.size;
  }

  /** @returns the incident's number for {@link Incidents.more}, never 0 but while learning, where it would open one. */
  report(sighting: Sighting): number {
    const { detector, key, partOf, batch, at } = sighting;
    const { detectorTitle, group, quietMs, remedy: usual } = this.kindOf(detector);
    const { remedy = usual } = sighting;
    const trusted = batch?.trusted ?? true;
    const own = keyOf(group, key, trusted);
    const whole = partOf === undefined ? undefined : keyOf(partOf.detector, partOf.key, trusted);
    // It was counted then, and goes on if it is still open.
    if (this.isLearning) return this.byKey.get(own)?.number ?? 0;
    const before = this.byKey.get(own) ?? (whole === undefined ? undefined : this.byKey.get(whole));
    const first = Math.min(sighting.since ?? at, at);
    const open = before ?? this.place({ id: identify(detector, first, own), key: own, seen: { ...sighting, remedy, trusted } });
    const severity = open.severity;
    if (batch !== null) this.begin(open, batch);
    this.growing(open);
    const suspects = open.report(sighting, { title: detectorTitle, remedy }, this.now);
    open.quietMs = Math.max(open.quietMs, quietMs);
    if (before === undefined) this.say(open, 'opened');
    // That it is worse than was said is said at once: there are five severities.
    else if (open.severity !== severity) this.say(open, 'grew');
    for (const source of suspects) this.happenings.push(open.suspect(source, at));
    return open.number;
  }

  /** @param isAnybody the source of the event is not named. @returns false if it is open no longer, or the number is 0. */
  more(number: number, batch: Batch, row: number, isAnybody = false): boolean {
    if (number === 0) return false;
    const open = this.places[number & placeMask];
    if (open === undefined || open.number !== number) return false;
    if (open.row === row || this.isLearning) return true;
    this.begin(open, batch);
    this.growing(open);
    const suspect = open.see(batch, row, this.now, isAnybody);
    if (suspect !== null) this.happenings.push(open.suspect(suspect, batch.at[row]));
    return true;
  }

  /** An incident is known to be over. */
  over(group: string, key: string, at: number): void {
    if (this.isLearning) return;
    for (const trusted of [true, false]) {
      const open = this.byKey.get(keyOf(group, key, trusted));
      if (open === undefined) continue;
      open.lasted(at);
      this.close(open);
    }
  }

  /** Closes what has been quiet for long enough, and says what grew. */
  tick(at: number): void {
    const isBack = at < this.now;
    this.now = at;
    if ((at < this.due || at < this.soonest) && !isBack) return;
    const areSuspectsDue = at >= this.suspectsDue || isBack;
    if (areSuspectsDue) this.suspectsDue = at + suspectAgainMs;
    this.due = Number.POSITIVE_INFINITY;
    // The more there are, the more seldom all of them are looked at.
    this.soonest = at + Math.min(mostPauseMs, 1000 * (this.byKey.size / looksPerSecond));
    for (const open of this.byKey.values()) {
      if (isBack) {
        open.touched = Math.min(open.touched, at);
        open.saidAt = Math.min(open.saidAt, at);
      }
      if (at >= open.due || isBack) this.look(open, at, areSuspectsDue);
      this.due = Math.min(this.due, open.due);
    }
  }

  /** The batch that was reported from is about to be filled anew. */
  endBatch(batch: Batch): void {
    for (const open of this.inBatch) open.endBatch(batch);
    this.inBatch = [];
    this.batch = null;
  }

  /** What there is to say since this was last asked. */
  said(): readonly Happening[] {
    if (this.happenings.length === 0) return this.happenings;
    const said = this.happenings;
    this.happenings = [];
    return said;
  }

  /** Those of before a restart, which go on if there is more of them, and else are closed in time. */
  resume(incidents: readonly Incident[]): void {
    for (const incident of incidents) {
      if (incident.state === 'closed') continue;
      const { detectorTitle, group, quietMs } = this.kindOf(incident.detector);
      // Whose incident it is says how it goes on; one of many goes on as another one, and this one ends in time.
      const [source] = incident.sources;
      const key =
        source !== undefined && incident.sourceCount === 1
          ? keyOf(group, formatPrefix(source), incident.trusted)
          : `${group} ${incident.id}`;
      if (this.byKey.has(key)) continue;
      const open = this.place({ id: incident.id, key, seen: incident, old: incident.evidence });
      open.quietMs = quietMs;
      open.resume(incident, detectorTitle);
      open.due = Number.NEGATIVE_INFINITY;
      this.due = Number.NEGATIVE_INFINITY;
    }
  }

  /** Lines of the batch are of it. */
  private begin(open: OpenIncident, batch: Batch): void {
    if (open.row >= 0) return;
    this.batch = batch;
    this.inBatch.push(open);
  }

  /** There is more to say of it. */
  private growing(open: OpenIncident): void {
    if (open.grown) return;
    open.due = Math.min(open.due, open.sayAt, this.suspectsDue);
    this.due = Math.min(this.due, open.due);
  }

  private look(open: OpenIncident, at: number, areSuspectsDue: boolean): void {
    open.due = Number.POSITIVE_INFINITY;
    if (at - open.touched >= open.quietMs) {
      this.close(open);
      return;
    }
    if (open.grown && at >= open.sayAt) this.say(open, 'grew');
    const isSuspect = open.ban && !open.sources.isMany && open.events > open.suspectedUpTo;
    if (isSuspect && areSuspectsDue) this.suspectAgain(open);
    open.due = open.touched + open.quietMs;
    if (open.grown) open.due = Math.min(open.due, open.sayAt);
    if (open.grown || (isSuspect && !areSuspectsDue)) open.due = Math.min(open.due, this.suspectsDue);
  }

  /** The only source of an incident goes on. */
  private suspectAgain(open: OpenIncident): void {
    open.suspectedUpTo = open.events;
    if (open.sources.first !== null) this.happenings.push(open.suspect(open.sources.first));
  }

  private say(open: OpenIncident, change: 'opened' | 'grew' | 'closed'): void {
    if (open.row >= 0 && this.batch !== null) open.evidence.keep(this.batch);
    open.grown = false;
    open.saidAt = this.now;
    this.happenings.push({ kind: 'incident', change, incident: open.as(change === 'closed' ? 'closed' : 'open') });
  }

  private close(open: OpenIncident): void {
    this.say(open, 'closed');
    open.evidence.release();
    const place = open.number & placeMask;
    this.places[place] = undefined;
    this.free.push(place);
    this.byKey.delete(open.key);
  }

  private place(begun: Omit<Begun, 'number' | 'now' | 'room'>): OpenIncident {
    if (this.free.length === 0) {
      this.crowdedOut += 1;
      this.close(leastOf(this.places));
    }
    const at = this.free.pop() as number;
    // Bits beyond 31 would make it a slower kind of number.
    const generation = ((this.generations[at] as number) + 1) & 0x3ffff || 1;
    this.generations[at] = generation;
    const open = new OpenIncident({ ...begun, number: (generation << placeBits) | at, now: this.now, room: this.room });
    this.places[at] = open;
    this.byKey.set(begun.key, open);
    return open;
  }
}

function keyOf(group: string, key: string, trusted: boolean): string {
  return `${group} ${key}${trusted ? '' : ' forgeable'}`;
}

function leastOf(places: readonly (OpenIncident | undefined)[]): OpenIncident {
  let least: OpenIncident | undefined;
  for (const open of places)
    if (
      open !== undefined &&
      (least === undefined ||
        isWorse(least.severity, open.severity) ||
        (open.severity === least.severity && open.touched < least.touched))
    )
      least = open;
  return least as OpenIncident;
}
