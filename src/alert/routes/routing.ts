import { formatPrefix } from '../../model/net/index.ts';
import { add, type Buckets, bucketOf, dueAt, type Entry, pace } from './buckets.ts';
import type { Draft } from './draft.ts';
import { type Announced, type Change, Followed } from './followed.ts';
import { Limits } from './limits.ts';
import { quietUntil } from './quiet.ts';
import { renewals } from './renewals.ts';
import { type Route, routeOf } from './route.ts';
import { routeSettings } from './settings.ts';
import { mostNamed, Telling } from './telling.ts';
import { type IncidentNow, isFiring, needOf, subscription, type Tracked } from './tracked.ts';

/** What is kept beside incidents. Plain JSON. */
interface Rest {
  /** Of which routes and channels it is. */
  readonly of: string;
  readonly buckets: Buckets;
  /** When messages were sent, by route and channel: what a limit counts. */
  readonly sent: Record<string, number[]>;
  /** When a channel's firing alerts were last renewed. */
  readonly renewed: Record<string, number>;
  readonly change: Change | null;
}

export interface RoutingSaved {
  readonly tracked: Iterable<Tracked>;
  readonly rest: unknown;
}

/** What is to be kept since it was last asked for; `null`: of this one no longer anything. */
export interface RoutingChanges {
  readonly tracked: ReadonlyMap<string, Tracked | null>;
  readonly rest: unknown;
}

/** Of those who were told by a route that is no more. */
const fallback = routeOf(routeSettings.parse({ to: ['-'], wait: '0s', 'group-every': '0s', 'at-most': '1000/1h' }));

/** Follows incidents, and says who is told what of them. */
export class Routing {
  /** Before that nothing is to be said unless something changes; epoch milliseconds. */
  nextAt = Number.NEGATIVE_INFINITY;
  private readonly routes: readonly Route[];
  private readonly channels: ReadonlyMap<string, { readonly renewMs: number | null }>;
  private readonly incidents: Followed;
  private readonly rest: Omit<Rest, 'change'>;
  private readonly limits: Limits;
  private readonly telling: Telling;

  constructor(
    routes: readonly Route[],
    channels: ReadonlyMap<string, { readonly renewMs: number | null }>,
    saved: RoutingSaved | null,
  ) {
    this.routes = routes;
    this.channels = channels;
    const of = JSON.stringify([
      routes.map((route) => ({ ...route, sources: route.sources?.map(formatPrefix) ?? null })),
      [...channels.keys()],
    ]);
    const rest = (saved?.rest ?? null) as Rest | null;
    this.incidents = new Followed(routes, new Set(channels.keys()), saved?.tracked ?? [], rest?.change ?? null);
    const isSame = rest !== null && rest.of === of;
    this.rest = isSame ? rest : { of, buckets: {}, sent: {}, renewed: rest?.renewed ?? {} };
    this.limits = new Limits(this.rest.sent);
    this.telling = new Telling(this.incidents, this.limits, (index) => this.routeAt(index));
    if (!isSame) this.incidents.adopt();
  }

  /** Incidents whose state is to be asked again: what is open, or may come back. */
  get followed(): Iterable<string> {
    return this.incidents.all.keys();
  }

  of(id: string): Tracked | null {
    return this.incidents.all.get(id) ?? null;
  }

  /**
   * Some time has passed, or something has changed. What is said is to be queued in the order in which it is said, and kept together with
   * {@link Routing.changes}.
   *
   * @param seen those that may have changed, and new ones; however often, and in any order
   */
  step(now: number, seen: Iterable<IncidentNow>, announced: Announced | null): readonly Draft[] {
    this.incidents.announce(now, announced);
    for (const one of seen) this.incidents.see(one, now);
    this.nextAt = Number.POSITIVE_INFINITY;
    this.telling.begin();
    this.escalate(now);
    const drafts = [...this.flush(now, this.pending(now)), ...this.telling.again(now)];
    const renewed = renewals(this.incidents.all.values(), this.channels, this.rest.renewed, mostNamed, now);
    this.wake(this.telling.nextAt);
    this.wake(renewed.nextAt);
    this.incidents.forget(now);
    return [...drafts, ...renewed.drafts];
  }

  changes(): RoutingChanges {
    const { all, touched, change } = this.incidents;
    this.incidents.touched = new Set();
    return { tracked: new Map([...touched].map((id) => [id, all.get(id) ?? null])), rest: { ...this.rest, change } };
  }

  private routeAt(index: number): Route {
    return this.routes[index] ?? fallback;
  }

  private wake(at: number): void {
    if (at < this.nextAt) this.nextAt = at;
  }

  private escalate(now: number): void {
    for (const one of this.incidents.all.values()) {
      if (!isFiring(one, now)) continue;
      for (const index of one.routes)
        for (const { afterMs, to } of this.routeAt(index).escalate) {
          if (now < one.since + afterMs) {
            this.wake(one.since + afterMs);
            continue;
          }
          for (const channel of to) {
            const sub = one.channels[channel];
            if (!this.channels.has(channel) || (sub !== undefined && (sub.isEscalated || sub.told !== null))) continue;
            this.incidents.touched.add(one.id);
            if (sub === undefined) one.channels[channel] = subscription(index, true);
            else sub.isEscalated = true;
          }
        }
    }
  }

  /** What is to be told, by what it is told together with. */
  private pending(now: number): Map<string, Entry[]> {
    const { buckets } = this.rest;
    const found = new Map<string, Entry[]>();
    for (const one of this.incidents.all.values()) {
      if (one.silencedUntil !== null && now < one.silencedUntil) this.wake(one.silencedUntil);
      for (const [channel, sub] of Object.entries(one.channels)) {
        const route = this.routeAt(sub.route);
        if (one.closedAt !== null && now < one.closedAt + route.resolveWaitMs) this.wake(one.closedAt + route.resolveWaitMs);
        const need = needOf(one, sub, route, now);
        if (need === null) continue;
        const entry: Entry = { one, channel, sub, need };
        const key = bucketOf(entry, route);
        add(found, key, entry);
        const bucket = buckets[key] ?? { dueAt: null, urgentAt: null, sentAt: null, thread: null };
        buckets[key] = bucket;
        pace(bucket, entry, route, now);
      }
    }
    if (this.incidents.letGoAt !== null) this.wake(this.incidents.letGoAt);
    for (const [key, bucket] of Object.entries(buckets)) {
      if (found.has(key)) continue;
      bucket.dueAt = null;
      bucket.urgentAt = null;
      const [index, channel = ''] = key.split(' ', 2);
      const isRested = bucket.sentAt === null || now >= bucket.sentAt + this.routeAt(Number(index)).groupEveryMs;
      if (isRested && !this.telling.isAlive(channel, bucket.thread)) delete buckets[key];
    }
    return found;
  }

  private flush(now: number, pending: Map<string, Entry[]>): Draft[] {
    const drafts: Draft[] = [];
    // What is held back now is looked at again at once, with what was held back before.
    const order = [...pending].sort(([, one], [, other]) => Number(one[0]?.sub.isLate) - Number(other[0]?.sub.isLate));
    for (const [key, entries] of order) {
      const bucket = this.rest.buckets[key];
      const [first] = entries;
      if (bucket === undefined || first === undefined) continue;
      const due = dueAt(bucket);
      if (now < due || this.telling.left <= 0) {
        this.wake(Math.max(due, now));
        continue;
      }
      const route = this.routeAt(first.sub.route);
      const told = this.telling.withoutQuiet(entries, route, now);
      const isDigest = first.sub.isLate || (route.digestMs !== null && !first.sub.isEscalated);
      const said = isDigest ? this.telling.digest(told, route, now) : this.telling.transitions(told, bucket, route, now);
      drafts.push(...said);
      if (said.length > 0) bucket.sentAt = now;
      // What was too much for this step is told in the next.
      if (
        !isDigest &&
        this.telling.left <= 0 &&
        told.some(({ one, sub }) => !sub.isLate && needOf(one, sub, route, now) !== null)
      ) {
        this.wake(now);
        continue;
      }
      bucket.dueAt = null;
      bucket.urgentAt = null;
    }
    if (this.telling.hasHeldBack) this.waitForLate(now);
    return drafts;
  }

  /** What was held back waits for the end of quiet hours, or until something may be said again. */
  private waitForLate(now: number): void {
    const waits = new Map<string, number>();
    for (const one of this.incidents.all.values())
      for (const [channel, sub] of Object.entries(one.channels)) {
        const route = this.routeAt(sub.route);
        const need = sub.isLate ? needOf(one, sub, route, now) : null;
        if (need === null) continue;
        const key = bucketOf({ one, channel, sub, need }, route);
        const quiet = route.quiet === null ? null : quietUntil(route.quiet, now);
        const at = Math.max(quiet ?? 0, this.limits.freeAt(sub.route, channel, route, now));
        waits.set(key, at);
      }
    for (const [key, at] of waits) {
      this.rest.buckets[key] = { dueAt: at, urgentAt: null, sentAt: this.rest.buckets[key]?.sentAt ?? null, thread: null };
      this.wake(at);
    }
  }
}
