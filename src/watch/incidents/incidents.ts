import { formatPrefix, type Prefix } from '../../model/net/index.ts';
import type { Batch } from '../events/batch.ts';
import { Evidence, type Room } from './evidence.ts';
import type { Happening } from './happening.ts';
import { identify } from './identity.ts';
import { evidenceKept, type Incident, mostSources, type Severity } from './incident.ts';
import type { Sighting } from './sighting.ts';
import { Sources } from './sources.ts';
import { Targets } from './targets.ts';

/** Incidents that are open at once; where there are more, the least severe of the oldest are closed. */
export const mostOpen = 4096;

export interface Incidents {
  /** @returns the incident's number for `more`, never 0. */
  report(sighting: Report): number;
  /** @param isAnybody the source of the event is not named. */
  more(number: number, batch: Batch, row: number, isAnybody?: boolean): boolean;
  /** An incident is known to be over. */
  over(group: string, key: string, at: number): void;
  /** The number of the incident that a sighting would go to; 0: it would open one. */
  numberOf(group: string, key: string, trusted: boolean): number;
  isOpen(number: number): boolean;
  /** Closes what has been quiet for long enough, and says what grew. */
  tick(now: number): void;
  /** The batch that was reported from is about to be filled anew. */
  endBatch(batch: Batch): void;
  /** What there is to say since this was last asked. */
  said(): readonly Happening[];
  /** Those of before a restart, which go on if there is more of them, and else are closed in time. */
  resume(incidents: readonly Incident[], kindOf: (detector: string) => Kind): void;
  readonly open: number;
  /** Those that had to be closed since there were too many. */
  readonly crowdedOut: number;
}

/** What is known of the detector that saw an incident. */
export interface Kind {
  readonly detectorTitle: string;
  /** Sightings of one group and key are one incident. */
  readonly group: string;
  readonly quietMs: number;
}

/** A sighting, with what is known of the detector that reports it. */
export interface Report extends Kind, Sighting {
  readonly remedy: string;
  readonly trusted: boolean;
}

const severities: readonly Severity[] = ['info', 'low', 'medium', 'high', 'critical'];
/** Numbers are places of the table with as many more bits that tell an incident from the one that had its place before. */
const placeBits = 12;
const placeMask = (1 << placeBits) - 1;
const grewAtLeastMs = 1000;
const grewAtMostMs = 30 * 60_000;
/** Those that go on are said to be suspects again all together, so often. */
const suspectAgainMs = 60_000;
/** So many open incidents are looked at a second, at least all of them in so long. */
const looksPerSecond = 64;
const mostPauseMs = 10_000;
/** An event that is this far ahead of the clock bears a wrong date. */
const farAheadMs = 60 * 60_000;
/** A source of many, likewise. */
const memberAgainMs = 60_000;

/** One open incident. */
interface Open {
  readonly number: number;
  readonly id: string;
  readonly key: string;
  readonly detector: string;
  /** What it was seen as: titles of detectors by their ids. */
  readonly seenAs: Map<string, string>;
  severity: Severity;
  title: string;
  remedy: string;
  readonly reasons: Map<string, string>;
  readonly sources: Sources;
  readonly targets: Targets;
  readonly named: string[];
  first: number;
  last: number;
  /** When there was more of it by the clock, which events do not turn. */
  touched: number;
  events: number;
  readonly evidence: Evidence;
  spoofable: boolean;
  trusted: boolean;
  ban: boolean;
  weight: number;
  quietMs: number;
  /** It has grown since this was said. */
  grown: boolean;
  saidAt: number;
  /** How many events there were when its only source was last said to be a suspect. */
  suspectedUpTo: number;
  inBatch: boolean;
  /** The row of the batch that it counted last: several detectors may have seen the same event. */
  row: number;
}

export function createIncidents(): Incidents {
  const places: (Open | undefined)[] = new Array(mostOpen).fill(undefined);
  const free: number[] = Array.from({ length: mostOpen }, (_, place) => mostOpen - 1 - place);
  const generations = new Int32Array(mostOpen);
  const byKey = new Map<string, Open>();
  let happenings: Happening[] = [];
  let inBatch: Open[] = [];
  let batch: Batch | null = null;
  let now = Number.NEGATIVE_INFINITY;
  let crowdedOut = 0;
  const room: Room = { bytes: 0 };
  /** The earliest moment at which something may be to be said or closed. */
  let due = Number.POSITIVE_INFINITY;
  let suspectsDue = Number.NEGATIVE_INFINITY;
  let soonest = Number.NEGATIVE_INFINITY;

  function suspect(open: Open, source: Prefix, at: number): void {
    happenings.push({
      kind: 'suspect',
      source,
      incident: open.id,
      detector: open.detector,
      at,
      spoofable: open.spoofable,
      trusted: open.trusted,
      weight: open.weight,
      why: open.title,
    });
  }

  /** The only source of an incident goes on. */
  function suspectAgain(open: Open): void {
    open.suspectedUpTo = open.events;
    if (open.sources.first !== null) suspect(open, open.sources.first, open.last);
  }

  function say(open: Open, change: 'opened' | 'grew' | 'closed'): void {
    if (open.inBatch && batch !== null) open.evidence.keep(batch);
    open.grown = false;
    open.saidAt = now;
    happenings.push({ kind: 'incident', change, incident: asIncident(open, change === 'closed' ? 'closed' : 'open') });
  }

  function close(open: Open): void {
    say(open, 'closed');
    open.evidence.release();
    const place = open.number & placeMask;
    places[place] = undefined;
    free.push(place);
    byKey.delete(open.key);
  }

  function place(key: string, make: (number: number) => Open): Open {
    if (free.length === 0) {
      crowdedOut += 1;
      close(leastOf(places));
    }
    const at = free.pop() as number;
    // Bits beyond 31 would make it a slower kind of number.
    generations[at] = ((generations[at] as number) + 1) & 0x3ffff || 1;
    const open = make(((generations[at] as number) << placeBits) | at);
    places[at] = open;
    byKey.set(key, open);
    return open;
  }

  /** A new one, of which nothing is known but what it is. */
  function opened(number: number, key: string, id: string, seen: Seen, old: readonly string[] = []): Open {
    const { detector, severity, title, remedy, spoofable, trusted } = seen;
    return {
      number,
      id,
      key,
      detector,
      seenAs: new Map(),
      severity,
      title,
      remedy,
      reasons: new Map(),
      sources: new Sources(),
      targets: new Targets(),
      named: [],
      first: Number.POSITIVE_INFINITY,
      last: Number.NEGATIVE_INFINITY,
      touched: now,
      events: 0,
      evidence: new Evidence(room, old),
      spoofable,
      trusted,
      ban: false,
      weight: 0,
      quietMs: 0,
      grown: false,
      saidAt: now,
      suspectedUpTo: 0,
      inBatch: false,
      row: -1,
    };
  }

  function isCounted(open: Open, from: Batch | null, row: number): boolean {
    return from !== null && open.inBatch && open.row === row;
  }

  function witness(open: Open, from: Batch, row: number): void {
    batch = from;
    open.row = row;
    open.evidence.add(from, row);
    // Of very many, some tell as much.
    if (open.events < 256 || (open.events & 7) === 0) open.targets.add(from, row);
    if (open.inBatch) return;
    open.inBatch = true;
    inBatch.push(open);
  }

  /** What led to an incident of one source, as far as it stands in the same batch: the first lines. */
  function recollect(open: Open, from: Batch, row: number, since: number): void {
    const rows: number[] = [];
    for (let each = 0; each < row && rows.length < evidenceKept.first - 1; each += 1)
      if ((from.at[each] as number) >= since && isAlike(from, each, row)) rows.push(each);
    for (const each of rows) {
      open.evidence.add(from, each);
      open.targets.add(from, each);
    }
  }

  function touch(open: Open, at: number): void {
    if (!open.grown) {
      open.grown = true;
      due = Math.min(due, open.saidAt + pauseOf(open), suspectsDue);
    }
    open.touched = now;
    if (at > open.last && at <= now + farAheadMs) open.last = at;
    if (at < open.first) open.first = at;
  }

  return {
    report(report) {
      const key = keyOf(report.group, report.key, report.trusted);
      const { partOf } = report;
      const before =
        byKey.get(key) ?? (partOf === undefined ? undefined : byKey.get(keyOf(partOf.detector, partOf.key, report.trusted)));
      const first = Math.min(report.since ?? report.at, report.at);
      const open = before ?? place(key, (number) => opened(number, key, identify(report.detector, first, key), report));
      touch(open, report.at);
      if (first < open.first) open.first = first;
      // It may have begun with an event that was newer.
      if (report.since !== undefined && report.since > open.last) open.last = report.since;
      // What another detector had counted of the same events before is not counted again.
      const more = before === undefined || open.seenAs.has(report.detector) ? report.events : 1;
      const counted = isCounted(open, report.batch, report.row);
      open.events += counted ? more - 1 : more;
      const isStronger = severities.indexOf(report.severity) > severities.indexOf(open.severity);
      if (isStronger) open.severity = report.severity;
      if (isStronger || open.seenAs.size === 0) {
        open.title = report.title;
        open.remedy = report.remedy;
      }
      open.seenAs.set(report.detector, report.detectorTitle);
      open.reasons.set(report.detector, report.why);
      open.spoofable &&= report.spoofable;
      open.ban ||= report.ban;
      open.weight = Math.max(open.weight, report.weight ?? 1);
      open.quietMs = Math.max(open.quietMs, report.quietMs);
      for (const target of report.targets) if (!open.named.includes(target) && open.named.length < 32) open.named.push(target);
      if (report.batch !== null && !counted) {
        if (before === undefined && report.sources.length === 1) recollect(open, report.batch, report.row, first);
        witness(open, report.batch, report.row);
      }
      const fresh = report.sources.filter((source) => open.sources.name(source, report.at));
      open.sources.atLeast(report.sourceCount ?? 0);
      if (before === undefined) say(open, 'opened');
      // That it is worse than was said is said at once: there are five severities.
      else if (isStronger) say(open, 'grew');
      if (report.ban) {
        for (const source of before === undefined || !open.sources.isMany ? report.sources : fresh)
          suspect(open, source, report.at);
        open.suspectedUpTo = open.events;
      }
      return open.number;
    },
    more(number, from, row, isAnybody = false) {
      const open = places[number & placeMask];
      if (open === undefined || open.number !== number) return false;
      if (isCounted(open, from, row)) return true;
      const at = from.at[row] as number;
      touch(open, at);
      open.events += 1;
      witness(open, from, row);
      if (!isAnybody && open.sources.isMany) {
        const source = open.sources.see(from, row, at, memberAgainMs);
        if (source !== null && open.ban) suspect(open, source, at);
      }
      return true;
    },
    numberOf: (group, key, trusted) => byKey.get(keyOf(group, key, trusted))?.number ?? 0,
    isOpen: (number) => places[number & placeMask]?.number === number,
    over(group, key, at) {
      for (const trusted of [true, false]) {
        const open = byKey.get(keyOf(group, key, trusted));
        if (open === undefined) continue;
        if (at > open.last) open.last = at;
        close(open);
      }
    },
    tick(at) {
      const isBack = at < now;
      now = at;
      if ((at < due || at < soonest) && !isBack) return;
      const areSuspectsDue = at >= suspectsDue || isBack;
      if (areSuspectsDue) suspectsDue = at + suspectAgainMs;
      due = Number.POSITIVE_INFINITY;
      // The more there are, the more seldom all of them are looked at.
      soonest = at + Math.min(mostPauseMs, 1000 * (byKey.size / looksPerSecond));
      for (const open of byKey.values()) {
        if (isBack) {
          open.touched = Math.min(open.touched, at);
          open.saidAt = Math.min(open.saidAt, at);
        }
        if (at - open.touched >= open.quietMs) {
          close(open);
          continue;
        }
        if (open.grown && at - open.saidAt >= pauseOf(open)) say(open, 'grew');
        if (open.ban && !open.sources.isMany && open.events > open.suspectedUpTo) {
          if (areSuspectsDue) suspectAgain(open);
          else due = Math.min(due, suspectsDue);
        }
        due = Math.min(due, open.touched + open.quietMs);
        if (open.grown) due = Math.min(due, open.saidAt + pauseOf(open), suspectsDue);
      }
    },
    endBatch(done) {
      for (const open of inBatch) {
        open.evidence.keep(done);
        open.inBatch = false;
      }
      inBatch = [];
      batch = null;
    },
    said() {
      if (happenings.length === 0) return happenings;
      const said = happenings;
      happenings = [];
      return said;
    },
    resume(incidents, kindOf) {
      for (const incident of incidents) {
        if (incident.state === 'closed') continue;
        const { detectorTitle, group, quietMs } = kindOf(incident.detector);
        // Whose incident it is says how it goes on; one of many goes on as another one, and this one ends in time.
        const [source] = incident.sources;
        const key =
          source !== undefined && incident.sourceCount === 1
            ? keyOf(group, formatPrefix(source), incident.trusted)
            : `${group} ${incident.id}`;
        if (byKey.has(key)) continue;
        const open = place(key, (number) => ({ ...opened(number, key, incident.id, incident, incident.evidence), quietMs }));
        open.seenAs.set(incident.detector, detectorTitle);
        open.reasons.set(incident.detector, incident.why);
        due = Number.NEGATIVE_INFINITY;
        open.named.push(...incident.targets);
        open.first = incident.first;
        open.last = incident.last;
        open.touched = incident.last;
        open.saidAt = incident.last;
        open.events = incident.events;
        for (const each of incident.sources) open.sources.name(each, incident.last);
        open.sources.atLeast(incident.sourceCount);
      }
    },
    get open() {
      return byKey.size;
    },
    get crowdedOut() {
      return crowdedOut;
    },
  };
}

/** Two events are of the same source, and of one kind. */
function isAlike(batch: Batch, one: number, other: number): boolean {
  if (batch.kind[one] !== batch.kind[other] || batch.proto[one] !== batch.proto[other]) return false;
  if (batch.family[one] !== batch.family[other]) return false;
  const words = batch.family[one] === 4 ? [3] : [0, 1];
  return words.every((word) => batch.src[4 * one + word] === batch.src[4 * other + word]);
}

type Seen = Pick<Report, 'detector' | 'severity' | 'title' | 'remedy' | 'spoofable' | 'trusted'>;

function keyOf(group: string, key: string, trusted: boolean): string {
  return `${group} ${key}${trusted ? '' : ' forgeable'}`;
}

/** The longer it goes on, the more seldom it is said. */
function pauseOf(open: Open): number {
  return Math.min(grewAtMostMs, Math.max(grewAtLeastMs, (open.last - open.first) / 4));
}

function leastOf(places: readonly (Open | undefined)[]): Open {
  let least: Open | undefined;
  for (const open of places)
    if (
      open !== undefined &&
      (least === undefined ||
        severities.indexOf(open.severity) < severities.indexOf(least.severity) ||
        (open.severity === least.severity && open.touched < least.touched))
    )
      least = open;
  return least as Open;
}

/**
 * An incident as it is now. That one grew is said often, and not everybody who is told asks for all of it: what takes long to say is only said when asked
 * for, which is to be before more events are shown.
 */
function asIncident(open: Open, state: 'open' | 'closed'): Incident {
  let evidence: readonly string[] | undefined;
  let targets: readonly string[] | undefined;
  let sources: readonly Prefix[] | undefined;
  const [named, names] = [open.sources.named.length, open.seenAs.size > 1 ? [...open.seenAs.values()] : []];
  const incident: Incident = {
    id: open.id,
    detector: open.detector,
    severity: open.severity,
    title: names.length > 1 ? `${open.title} (seen as: ${names.join(', ').toLowerCase()})` : open.title,
    why: [...open.reasons.values()].join(' '),
    remedy: open.remedy,
    get sources() {
      sources ??= open.sources.named.slice(0, Math.min(named, mostSources));
      return sources;
    },
    sourceCount: open.sources.count,
    get targets() {
      targets ??= [...new Set([...open.targets.inWords(), ...open.named])];
      return targets;
    },
    first: open.first,
    last: open.last,
    events: open.events,
    get evidence() {
      evidence ??= open.evidence.lines();
      return evidence;
    },
    spoofable: open.spoofable,
    trusted: open.trusted,
    state,
  };
  return incident;
}
