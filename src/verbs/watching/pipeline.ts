import type { Clock } from '../../clock.ts';
import type { Store } from '../../store/index.ts';
import {
  type Ban,
  type Bans,
  type Batch,
  type Detection,
  eventKinds,
  type Happening,
  type Hits,
  type Observation,
  packetAt,
} from '../../watch/index.ts';
import type { Said } from '../../watch/sources/source.ts';
import { loggedPacketToJson } from '../event.ts';
import { banToJson, incidentToJson } from '../incident-shape.ts';
import { createGate } from './gate.ts';
import type { Told } from './told.ts';

export interface PipelineOptions {
  readonly clock: Clock;
  readonly detection: Detection;
  /** Who decides whom to shut out, and puts it into the kernel at once, or only has it said; `null`: nobody is, or not yet. */
  readonly acting: () => { readonly bans: Bans; readonly act: ((ban: Ban) => void) | null } | null;
  /** `null`: nothing is remembered. */
  readonly store: Store | null;
  /** False: it was left out, since nobody reads so fast. */
  tell(told: Told): boolean;
}

/** What is made of events, in one process and one go. */
export interface Pipeline extends Disposable {
  take(source: string, said: Said): void;
  /** Another detection goes on from now, made once all that was seen is remembered. */
  replace(make: () => Detection): void;
  /** What is new of what rules have met. */
  counted(changed: readonly Hits[]): void;
  /** What is seen of the host itself. */
  observe(observation: Observation): void;
}

/**
 * Events wait so long to be written, or until there are so many: what comes during a commit waits for it, and 500 take about a millisecond.
 * In a flood they are written less often, for the work's sake, and never more than so many at a time.
 */
const commitMs = 250;
const commitEvents = 500;
const leastBetweenMs = 20;
const mostEvents = 20_000;
/** Detection hears of the time so often while something is open or comes in, else so seldom. */
const busyTickMs = 1000;
const idleTickMs = 10_000;
/** So long after the last event it is idle. */
const quietMs = 120_000;

/**
 * Detects, shuts out, tells, and then remembers, in this order: from a batch to the kernel's set nothing waits. What is kept is written a little
 * later, with how far each source was read, in one transaction.
 */
export function createPipeline({ clock, detection, acting, store, tell }: PipelineOptions): Pipeline {
  const gate = createGate();
  let detecting = detection;
  /** What sources said to be lost, until the batch that follows: others may be written in between. */
  const owed = new Map<string, (Said & { readonly kind: 'lost' })[]>();
  let uncommitted = 0;
  let committedAt = Number.NEGATIVE_INFINITY;
  let committing: NodeJS.Timeout | undefined;
  let telling: NodeJS.Timeout | undefined;
  let ticking: NodeJS.Timeout | undefined;
  let lastEventAt = Number.NEGATIVE_INFINITY;
  let unkept: string | null = null;

  const commit = (): void => {
    clearTimeout(committing);
    committing = undefined;
    uncommitted = 0;
    committedAt = clock.now();
    const problem = store?.commit() ?? null;
    // Once, and again after it was mended.
    if (problem !== null && problem.message !== unkept)
      tell({ kind: 'notice', text: `What happens is not remembered: ${problem.message}; ${problem.hint}.` });
    unkept = problem?.message ?? null;
  };
  const commitSoon = (events: number): void => {
    if (store === null) return;
    uncommitted += events;
    const isTime = uncommitted >= commitEvents && Math.abs(clock.now() - committedAt) >= leastBetweenMs;
    if (isTime || uncommitted >= mostEvents) commit();
    else committing ??= setTimeout(commit, commitMs);
  };
  const tellMore = (): void => {
    telling = undefined;
    const now = clock.now();
    const count = gate.passedOver(now);
    if (count > 0) tell({ kind: 'more', at: now / 1000, count });
  };
  const tick = (): void => {
    const now = clock.now();
    happened(detecting.tick(now));
    ticking = setTimeout(tick, isIdle(now) ? idleTickMs : busyTickMs);
  };
  const isIdle = (now: number): boolean => detecting.counts.openIncidents === 0 && now - lastEventAt > quietMs;
  const awake = (now: number): void => {
    const wasIdle = isIdle(now);
    lastEventAt = now;
    if (!wasIdle) return;
    clearTimeout(ticking);
    ticking = setTimeout(tick, busyTickMs);
  };
  ticking = setTimeout(tick, busyTickMs);

  function happened(happenings: readonly Happening[]): void {
    // First what cannot wait.
    const decided: Ban[] = [];
    const now = happenings.length === 0 ? null : acting();
    if (now !== null) {
      for (const happening of happenings) {
        const ban = happening.kind === 'suspect' ? now.bans.suspect(happening) : null;
        if (ban === null) continue;
        now.act?.(ban);
        decided.push(ban);
      }
    }
    for (const happening of happenings) {
      if (happening.kind !== 'incident') continue;
      store?.incident(happening.incident);
      tell({ kind: 'incident', change: happening.change, incident: incidentToJson(happening.incident) });
    }
    for (const ban of decided) {
      const acted = now !== null && now.act !== null;
      if (acted) store?.banned(ban);
      tell({ kind: 'ban', ban: banToJson(ban), acted });
    }
    if (happenings.length > 0) commitSoon(0);
  }

  function show(batch: Batch, now: number): void {
    const count = gate.opens(batch.length, now);
    for (let row = 0, left = count; left > 0; row += 1, left -= 1) {
      if (batch.kind[row] !== eventKinds.packet) continue;
      if (!tell({ kind: 'event', event: loggedPacketToJson(packetAt(batch, row)) })) {
        gate.turnedBack(left);
        break;
      }
    }
    telling ??= setTimeout(tellMore, 1000 - (now % 1000) + 1);
  }

  return {
    take(source, said) {
      const now = clock.now();
      switch (said.kind) {
        case 'batch':
          if (said.batch.length > 0) {
            awake(now);
            happened(detecting.take(said.batch));
            show(said.batch, now);
            store?.keep(said.batch, source);
          }
          for (const { count, of, at } of owed.get(source) ?? []) store?.lost(source, count, of, at);
          owed.delete(source);
          if (said.cursor !== null) store?.reached(source, said.cursor);
          commitSoon(said.batch.length);
          break;
        case 'lost':
          owed.set(source, [...(owed.get(source) ?? []), said]);
          tell({ kind: 'lost', at: said.at / 1000, source, count: said.count, of: said.of });
          break;
        case 'notice':
          tell(said);
          break;
        case 'unavailable':
          tell({ kind: 'unavailable', source, problem: said.problem });
          break;
      }
    },
    replace(make) {
      commit();
      detecting = make();
    },
    counted(changed) {
      if (changed.length === 0) return;
      store?.hits(changed);
      commitSoon(0);
    },
    observe: (observation) => happened(detecting.observe(observation)),
    [Symbol.dispose]() {
      clearTimeout(ticking);
      clearTimeout(telling);
      tellMore();
      commit();
    },
  };
}
