import { createHash } from 'node:crypto';

export const everies = ['hourly', 'daily', 'weekly'] as const;
export type Every = (typeof everies)[number];

/** Of UTC, in which no hour is missing or comes twice; weeks begin on Mondays (the first of January 1970 was a Thursday). */
const periods: Readonly<Record<Every, { readonly lengthMs: number; readonly beginsMs: number; readonly jitterMs: number }>> = {
  hourly: { lengthMs: 3_600_000, beginsMs: 0, jitterMs: 900_000 },
  daily: { lengthMs: 86_400_000, beginsMs: 0, jitterMs: 7_200_000 },
  weekly: { lengthMs: 604_800_000, beginsMs: 4 * 86_400_000, jitterMs: 21_600_000 },
};

/** Machines begin so much apart, where nobody says otherwise. */
export function usualJitterMs(every: Every): number {
  return periods[every].jitterMs;
}

/** What is known of the runs before. Epoch milliseconds; `null`: never. */
export interface Runs {
  /** When the last one began, whatever came of it. */
  readonly begun: number | null;
  /** When the last one began that left nothing to be tried again. */
  readonly succeeded: number | null;
}

/** One that failed is tried again after an hour. */
const againMs = 3_600_000;

/**
 * Whether it is time, for whoever is asked often: none has succeeded in this period, however many were missed. A last one in a later
 * period was made while the clock was wrong, and counts for nothing.
 *
 * @param offsetMs how long after the beginning of the period this machine begins
 */
export function isDue({ begun, succeeded }: Runs, every: Every, offsetMs: number, now: number): boolean {
  const isDone = succeeded !== null && periodOf(succeeded, every, offsetMs) === periodOf(now, every, offsetMs);
  const isWaiting = begun !== null && begun <= now && now - begun < againMs && begun !== succeeded;
  return !isDone && !isWaiting;
}

function periodOf(at: number, every: Every, offsetMs: number): number {
  const { lengthMs, beginsMs } = periods[every];
  return Math.floor((at - beginsMs - offsetMs) / lengthMs);
}

/** When the next period begins for this machine, in epoch milliseconds. */
export function nextBegin(every: Every, offsetMs: number, now: number): number {
  const { lengthMs, beginsMs } = periods[every];
  return (periodOf(now, every, offsetMs) + 1) * lengthMs + beginsMs + offsetMs;
}

/** The same for a machine at all times, and spread evenly over many: from the start of a period to before `jitterMs`. */
export function offsetOf(machine: string, jitterMs: number): number {
  const first = createHash('sha256').update(`palisade-backup ${machine}`).digest().readUIntBE(0, 6);
  return Math.floor((first / 2 ** 48) * jitterMs);
}
