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

/** Of what is told together the name is the same: the route, the channel, and the group. */
export function bucketOf({ one, channel, sub }: Pick<Entry, 'one' | 'channel' | 'sub' | 'need'>, route: Route): string {
  return `${sub.route} ${channel} ${groupOf(one, sub, route)}`;
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

/** The first of a group waits a little for others; once something was told, what comes next waits longer, unless it is critical. */
export function pace(bucket: Bucket, { one, sub, need }: Entry, route: Route, now: number): void {
  const isAtOnce = sub.isLate || sub.isEscalated;
  const waitMs = isAtOnce ? 0 : (route.digestMs ?? route.waitMs);
  const everyMs = isAtOnce || route.digestMs !== null ? 0 : route.groupEveryMs;
  bucket.dueAt ??= Math.max(now + waitMs, bucket.sentAt === null ? now : bucket.sentAt + everyMs);
  const isUrgent = !isAtOnce && route.digestMs === null && one.severity === 'critical' && need === 'firing';
  if (isUrgent) bucket.urgentAt ??= now + waitMs;
}

export function dueAt({ dueAt: due, urgentAt }: Bucket): number {
  return Math.min(due ?? Number.POSITIVE_INFINITY, urgentAt ?? Number.POSITIVE_INFINITY);
}

export function add(to: Map<string, Entry[]>, key: string, entry: Entry): void {
  const entries = to.get(key);
  if (entries === undefined) to.set(key, [entry]);
  else entries.push(entry);
}
