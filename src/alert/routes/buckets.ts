import type { Route } from './route.ts';
import type { Need, Subscription, Tracked } from './tracked.ts';

/** What is to be told to one channel of one incident. */
export interface Entry {
  readonly one: Tracked;
  readonly channel: string;
  readonly sub: Subscription;
  readonly need: Need;
}

/** What is told together. Plain JSON; epoch milliseconds. */
export interface Bucket {
  /** When it is told, where there is something; `null`: there is nothing. */
  dueAt: number | null;
  /** When what is critical is told. */
  urgentAt: number | null;
  sentAt: number | null;
  thread: string | null;
}

export type Buckets = Record<string, Bucket>;

/** How long something waits for others. */
export interface Pacing {
  readonly waitMs: number;
  readonly everyMs: number;
  readonly isUrgent: boolean;
}

/** Of what is told together the name is the same. */
export function bucketOf({ one, channel, sub }: Pick<Entry, 'one' | 'channel' | 'sub' | 'need'>, route: Route): string {
  return JSON.stringify([sub.route, channel, groupOf(one, sub, route)]);
}

function groupOf(one: Tracked, sub: Subscription, { groupBy, digestMs }: Route): string {
  if (sub.isLate) return 'late';
  if (sub.isEscalated) return 'escalated';
  if (digestMs !== null) return 'digest';
  switch (groupBy) {
    case 'incident':
      return `incident ${one.id}`;
    case 'detector':
      return `detector ${one.detector}`;
    case 'source':
      return `source ${one.sources[0] ?? ''}`;
    case 'all':
      return 'all';
  }
}

export function isUrgent({ severity }: Tracked, need: Need): boolean {
  return severity === 'critical' && need === 'firing';
}

/** The first of a group waits a little for others; once something was told, what comes next waits longer. */
export function paceOf(bucket: Bucket | undefined, { waitMs, everyMs, isUrgent: urgent }: Pacing, now: number): Bucket {
  const { dueAt: due = null, urgentAt = null, sentAt = null, thread = null } = bucket ?? {};
  return {
    dueAt: due ?? Math.max(now + waitMs, sentAt === null ? now : sentAt + everyMs),
    urgentAt: urgentAt ?? (urgent ? now + waitMs : null),
    sentAt,
    thread,
  };
}

export function dueAt({ dueAt: due, urgentAt }: Bucket): number {
  return Math.min(due ?? Number.POSITIVE_INFINITY, urgentAt ?? Number.POSITIVE_INFINITY);
}
