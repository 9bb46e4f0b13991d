import type { Prefix } from '../../model/net/index.ts';
import type { Batch } from '../events/batch.ts';
import { Evidence, type Room } from './evidence.ts';
import type { SuspectSource } from './happening.ts';
import { evidenceKept, type Incident, isWorse, mostSources, type Severity } from './incident.ts';
import type { Sighting } from './sighting.ts';
import { Sources } from './sources.ts';
import { Targets } from './targets.ts';

const grewAtLeastMs = 1000;
const grewAtMostMs = 30 * 60_000;
/** An event that is this far ahead of the clock bears a wrong date. */
const farAheadMs = 60 * 60_000;
/** A source of many that goes on is said to be a suspect again so often. */
const memberAgainMs = 60_000;
/** Of so many events each is looked at for where it went; of more, some tell as much. */
const eachTold = 256;

/** What an incident is from its first moment on. */
export interface Begun {
  readonly number: number;
  readonly id: string;
  readonly key: string;
  readonly seen: Pick<Incident, 'detector' | 'severity' | 'title' | 'remedy' | 'spoofable' | 'trusted'>;
  /** Epoch milliseconds, by the clock. */
  readonly now: number;
  readonly room: Room;
  /** Its lines of before a restart. */
  readonly old?: readonly string[];
}

/** One incident while it is open: all that was seen of it, put together. */
export class OpenIncident {
  readonly number: number;
  readonly id: string;
  readonly key: string;
  readonly sources = new Sources();
  readonly evidence: Evidence;
  severity: Severity;
  quietMs = 0;
  /** The sources are such as may be shut out. */
  ban = false;
  events = 0;
  /** When there was more of it by the clock, which events do not turn. */
  touched: number;
  /** It has grown since this was said. */
  grown = false;
  saidAt: number;
  /** The earliest moment at which it may be to be said, or closed. */
  due = Number.POSITIVE_INFINITY;
  /** How many events there were when its only source was last said to be a suspect. */
  suspectedUpTo = 0;
  /** The row of the batch that it counted last, since several detectors may have seen the same event; -1: none of this batch. */
  row = -1;
  private readonly detector: string;
  private readonly trusted: boolean;
  private spoofable: boolean;
  private title: string;
  private remedy: string;
  private weight = 0;
  private first = Number.POSITIVE_INFINITY;
  private last = Number.NEGATIVE_INFINITY;
  /** What it was seen as: titles of detectors, and why, by their ids. */
  private readonly seenAs = new Map<string, { readonly title: string; readonly why: string }>();
  private readonly targets = new Targets();
  private readonly named: string[] = [];

  constructor({ number, id, key, seen, now, room, old = [] }: Begun) {
    this.number = number;
    this.id = id;
    this.key = key;
    this.detector = seen.detector;
    this.severity = seen.severity;
    this.title = seen.title;
    this.remedy = seen.remedy;
    this.spoofable = seen.spoofable;
    this.trusted = seen.trusted;
    this.touched = now;
    this.saidAt = now;
    this.evidence = new Evidence(room, old);
  }

  /** The longer it goes on, the more seldom it is said. */
  get sayAt(): number {
    return this.saidAt + Math.min(grewAtMostMs, Math.max(grewAtLeastMs, (this.last - this.first) / 4));
  }

  /** It was open before a restart. */
  resume(incident: Incident, detectorTitle: string): void {
    this.seenAs.set(incident.detector, { title: detectorTitle, why: incident.why });
    this.named.push(...incident.targets);
    this.first = incident.first;
    this.last = incident.last;
    this.touched = incident.last;
    this.saidAt = incident.last;
    this.events = incident.events;
    for (const each of incident.sources) this.sources.name(each, incident.last);
    this.sources.atLeast(incident.sourceCount);
  }

  /** One more event. @returns its source, where that is to be said to be a suspect. */
  see(batch: Batch, row: number, now: number, isAnybody: boolean): Prefix | null {
    const at = batch.at[row] as number;
    this.touch(at, now);
    this.events += 1;
    this.witness(batch, row);
    if (isAnybody || !this.sources.isMany) return null;
    const source = this.sources.see(batch, row, at, memberAgainMs);
    return this.ban ? source : null;
  }

  /**
   * What a detector has seen, of it or as its first.
   *
   * @param by the detector's title, and what to do about what it saw
   * @returns sources that are to be said to be suspects.
   */
  report(sighting: Sighting, by: { readonly title: string; readonly remedy: string }, now: number): readonly Prefix[] {
    const { detector, severity, title, why, batch, row, at, since = at } = sighting;
    const isFirst = this.seenAs.size === 0;
    const first = Math.min(since, at);
    this.touch(at, now);
    if (first < this.first) this.first = first;
    // It may have begun with an event that was newer.
    if (since > this.last) this.last = since;
    // What another detector had counted of the same events before is not counted again.
    const more = isFirst || this.seenAs.has(detector) ? sighting.events : 1;
    const isCounted = batch !== null && this.row === row;
    this.events += isCounted ? more - 1 : more;
    const isStronger = isWorse(severity, this.severity);
    if (isStronger) this.severity = severity;
    if (isStronger || isFirst) {
      this.title = title;
      this.remedy = by.remedy;
    }
    this.seenAs.set(detector, { title: by.title, why });
    this.spoofable &&= sighting.spoofable;
    this.ban ||= sighting.ban;
    this.weight = Math.max(this.weight, sighting.weight ?? 1);
    for (const target of sighting.targets) if (!this.named.includes(target) && this.named.length < 32) this.named.push(target);
    if (batch !== null && !isCounted) {
      if (isFirst && sighting.sources.length === 1) this.recollect(batch, row, first);
      this.witness(batch, row);
    }
    const fresh = sighting.sources.filter((source) => this.sources.name(source, at));
    this.sources.atLeast(sighting.sourceCount ?? 0);
    if (!sighting.ban) return [];
    this.suspectedUpTo = this.events;
    return isFirst || !this.sources.isMany ? sighting.sources : fresh;
  }

  /** It is known to have lasted until then. */
  lasted(at: number): void {
    if (at > this.last) this.last = at;
  }

  /** The batch is about to be filled anew. */
  endBatch(batch: Batch): void {
    this.evidence.keep(batch);
    this.row = -1;
  }

  suspect(source: Prefix, at = this.last): SuspectSource {
    const { id: incident, detector, spoofable, trusted, weight, title: why } = this;
    return { kind: 'suspect', source, incident, detector, at, spoofable, trusted, weight, why };
  }

  /**
   * The incident as it is now. That one grew is said often, and not everybody who is told asks for all of it: what takes long to say is only said
   * when asked for, which is to be before more events are shown.
   */
  as(state: Incident['state']): Incident {
    const { evidence: lines, named: words, sources: all, targets: met } = this;
    let [evidence, targets, sources]: (readonly unknown[] | undefined)[] = [];
    const named = all.named.length;
    const seen = [...this.seenAs.values()];
    return {
      id: this.id,
      detector: this.detector,
      severity: this.severity,
      title:
        seen.length > 1
          ? `${this.title} (seen as: ${seen
              .map(({ title }) => title)
              .join(', ')
              .toLowerCase()})`
          : this.title,
      why: seen.map(({ why }) => why).join(' '),
      remedy: this.remedy,
      get sources() {
        sources ??= all.named.slice(0, Math.min(named, mostSources));
        return sources as readonly Prefix[];
      },
      sourceCount: all.count,
      get targets() {
        targets ??= [...new Set([...met.inWords(), ...words])];
        return targets as readonly string[];
      },
      first: this.first,
      last: this.last,
      events: this.events,
      get evidence() {
        evidence ??= lines.lines();
        return evidence as readonly string[];
      },
      spoofable: this.spoofable,
      trusted: this.trusted,
      state,
    };
  }

  private touch(at: number, now: number): void {
    this.grown = true;
    this.touched = now;
    if (at > this.last && at <= now + farAheadMs) this.last = at;
    if (at < this.first) this.first = at;
  }

  private witness(batch: Batch, row: number): void {
    this.row = row;
    this.evidence.add(batch, row);
    if (this.events < eachTold || (this.events & 7) === 0) this.targets.add(batch, row);
  }

  /** What led to an incident of one source, as far as it stands in the same batch: the first lines. */
  private recollect(batch: Batch, row: number, since: number): void {
    let left = evidenceKept.first - 1;
    for (let each = 0; each < row && left > 0; each += 1) {
      if ((batch.at[each] as number) < since || !isAlike(batch, each, row)) continue;
      this.evidence.add(batch, each);
      this.targets.add(batch, each);
      left -= 1;
    }
  }
}

/** Two events are of the same source, and of one kind. */
function isAlike(batch: Batch, one: number, other: number): boolean {
  const { src } = batch;
  if (batch.kind[one] !== batch.kind[other] || batch.proto[one] !== batch.proto[other]) return false;
  if (batch.family[one] !== batch.family[other]) return false;
  if (batch.family[one] === 4) return src[4 * one + 3] === src[4 * other + 3];
  return src[4 * one] === src[4 * other] && src[4 * one + 1] === src[4 * other + 1];
}
