import type { Batch } from '../events/batch.ts';
import { isOfHost } from '../host/conditions.ts';
import type { Happening } from '../incidents/happening.ts';
import type { Incident } from '../incidents/incident.ts';
import { Incidents, type Kind } from '../incidents/incidents.ts';
import type { Sighting } from '../incidents/sighting.ts';
import { Attempt } from './attempt.ts';
import type { Detector, DetectorContext, See } from './detector.ts';
import { detectors as all } from './detectors/index.ts';
import { EventClock } from './event-clock.ts';
import { ForgedSources } from './forged.ts';
import { Newcomers } from './newcomers.ts';
import type { Observation } from './observation.ts';
import { Probe } from './probe.ts';
import { Scanners } from './scanners.ts';
import { attempts, probes, type Sort, Sorter, sortCount, sorts } from './sort.ts';
import { SourceTable } from './source-table.ts';
import type { Surroundings } from './surroundings.ts';

export interface DetectionSettings {
  /** 32 bits that nobody else knows; the same for the same answers. */
  readonly seed: number;
  readonly surroundings: Surroundings;
  /** Left out: all there are. */
  readonly detectors?: readonly Detector[];
  /** Sources that are followed at once; 65,536 if left out. */
  readonly capacity?: number;
  /** Incidents that were open when an earlier detection ended: they go on, or are closed in time. */
  readonly resume?: readonly Incident[];
}

/** Sees attacks in events. Its memory does not depend on what they hold. */
export interface Detection {
  /** What is seen in these events, in order. The batch may be filled anew afterwards. */
  take(batch: Batch): readonly Happening[];
  /**
   * Events of before, from the store: what is kept of their sources is as if they had just been seen, and nothing is said or counted of them, since
   * it was when they came. To be called before the first {@link take}.
   */
  learn(batch: Batch): void;
  /** Time goes by: epoch milliseconds. Live once a second; in `simulate` once, at the end. */
  tick(now: number): readonly Happening[];
  /** What was seen of the host itself. */
  observe(observation: Observation): readonly Happening[];
  readonly counts: DetectionCounts;
}

/** So that nothing is lost uncounted. */
export interface DetectionCounts {
  readonly events: number;
  /** Sources that are followed now. */
  readonly sources: number;
  /** Events of sources that were not followed, since too many new ones came at once. */
  readonly unfollowed: number;
  readonly openIncidents: number;
  /** Incidents that were closed since too many were open. */
  readonly crowdedOut: number;
}

const usualCapacity = 65_536;
/** Seconds of a gap between events that are gone through one by one. */
const gapSeconds = 8;

export function createDetection(settings: DetectionSettings): Detection {
  const { seed, surroundings, detectors = all, capacity = usualCapacity } = settings;
  const sources = new SourceTable(capacity, seed);
  const newcomers = new Newcomers();
  const sorter = new Sorter(surroundings);
  const probe = new Probe(seed ^ 0x2545f491);
  const attempt = new Attempt(sources, seed);
  const clock = new EventClock();
  const kinds = new Map(
    detectors.map(({ id, title, remedy, group = id, quietMs }) => [id, { detectorTitle: title, remedy, group, quietMs }]),
  );
  const kindOf = (id: string): Kind => kinds.get(id) ?? { detectorTitle: id, remedy: '', group: id, quietMs: 0 };
  const incidents = new Incidents(kindOf);
  let packets = 0;
  const report = (sighting: Sighting): number => incidents.report(sighting);
  const more: DetectorContext['more'] = (incident, batch, row, isAnybody) => incidents.more(incident, batch, row, isAnybody);
  const scanners = new Scanners({ sources, probe, report, more });
  const forged = new ForgedSources({ report, more });
  const context: DetectorContext = {
    sources,
    surroundings,
    newcomers,
    probe,
    attempt,
    scanners,
    forged,
    seed,
    get now() {
      return clock.now;
    },
    get packets() {
      return packets;
    },
    report,
    more,
    over: (detector, key, at) => incidents.over(kindOf(detector).group, key, at),
  };
  const started = detectors.map((detector) => ({ detector, looking: detector.start(context) }));
  /** Those that are shown an event, by its sort. */
  const shownTo: readonly (readonly See[])[] = Array.from({ length: sortCount }, (_, sort) =>
    started.flatMap(({ detector, looking: { see } }) =>
      see !== undefined && detector.looksAt?.includes(sort as Sort) ? [see] : [],
    ),
  );
  const shownAttempts = started.flatMap(({ looking: { attempt } }) => attempt ?? []);
  const shownLeaving = started.flatMap(({ looking: { leaving } }) => leaving ?? []);
  const ticking = started.flatMap(({ looking: { tick } }) => tick ?? []);
  const isProbe = new Uint8Array(sortCount);
  for (const sort of probes) isProbe[sort] = 1;
  const isAttempt = new Uint8Array(sortCount);
  for (const sort of attempts) isAttempt[sort] = 1;
  let second = Number.NaN;
  let events = 0;

  function beat(now: number, seconds: number): void {
    newcomers.tick(seconds);
    scanners.tick(now);
    for (let each = 0; each < ticking.length; each += 1) (ticking[each] as (now: number) => void)(now);
    incidents.tick(now);
  }

  /** The clock stands elsewhere: every second that has begun is told. */
  function advance(): void {
    const current = Math.floor(clock.now / 1000);
    if (current === second) return;
    const gap = current - second;
    if (gap > 1) {
      const steps = Math.min(gap - 1, gapSeconds);
      for (let step = 1; step <= steps; step += 1) beat((second + step) * 1000, step);
    }
    second = current;
    beat(current * 1000, gap > 1 ? gap : 1);
  }

  function see(batch: Batch): void {
    for (let row = 0; row < batch.length; row += 1) {
      const at = batch.at[row] as number;
      // A carrier without a time that anybody can read.
      if (Number.isNaN(at)) continue;
      if (clock.see(at)) advance();
      const slot = sources.slotOf(batch, row, newcomers);
      const sort = sorter.sortOf(batch, row);
      if (sort < sorts.failedLogin) packets += 1;
      if (isProbe[sort] === 1) {
        probe.take(batch, row);
        if (slot >= 0) scanners.see(batch, row, slot, sort);
      }
      show(shownTo[sort] as readonly See[], batch, row, slot, sort);
      if (isAttempt[sort] === 1) {
        attempt.take(batch, row, slot, sort);
        if (attempt.place >= 0) show(shownAttempts, batch, row, slot, sort);
      }
      if (batch.in[row] !== 0) forged.see(batch, row);
      if (batch.out[row] !== 0) show(shownLeaving, batch, row, slot, sort);
    }
  }

  if (settings.resume !== undefined) incidents.resume(settings.resume.filter(({ detector }) => !isOfHost(detector)));

  return {
    take(batch) {
      see(batch);
      events += batch.length;
      incidents.endBatch(batch);
      return incidents.said();
    },
    learn(batch) {
      incidents.isLearning = true;
      see(batch);
      incidents.isLearning = false;
    },
    tick(now) {
      if (clock.go(now)) advance();
      return incidents.said();
    },
    observe(observation) {
      if (clock.go(observation.at)) advance();
      for (const { looking } of started) looking.observe?.(observation);
      return incidents.said();
    },
    get counts() {
      return {
        events,
        sources: sources.size,
        unfollowed: newcomers.unfollowed,
        openIncidents: incidents.open,
        crowdedOut: incidents.crowdedOut,
      };
    },
  };
}

function show(to: readonly See[], batch: Batch, row: number, slot: number, sort: Sort): void {
  for (let each = 0; each < to.length; each += 1) (to[each] as See)(batch, row, slot, sort);
}
