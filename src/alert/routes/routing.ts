import { formatPrefix } from '../../model/net/index.ts';
import { type Buckets, bucketOf, dueAt, type Entry, pace } from './buckets.ts';
import type { Draft } from './draft.ts';
import { type Announced, type Change, Followed } from './followed.ts';
import { Limits } from './limits.ts';
import { quietUntil } from './quiet.ts';
import { renewals } from './renewals.ts';
import { isAtLeast, type Route, routeOf, severities } from './route.ts';
import { routeSettings } from './settings.ts';
import { type IncidentNow, isFiring, type Need, needOf, type Subscription, subscription, type Tracked } from './tracked.ts';

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

/** Alerts that a message names. */
const mostNamed = 100;
/** So many are told in one step, or a few more: the rest is due at once. */
const mostPerStep = 200;

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
  /** Channels and threads of what goes on, of this step. */
  private alive: Set<string> | null = null;
  private hasHeldBack = false;
  /** Alerts that may still be told in this step. */
  private left = mostPerStep;

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
    this.alive = null;
    this.hasHeldBack = false;
    this.left = mostPerStep;
    this.escalate(now);
    const drafts = [...this.flush(now, this.pending(now)), ...this.again(now)];
    const renewed = renewals(this.incidents.all.values(), this.channels, this.rest.renewed, mostNamed, now);
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
      if (isRested && !this.isAlive(channel, bucket.thread)) delete buckets[key];
    }
    return found;
  }

  /** An incident of the thread goes on, or is still to be told to be over. */
  private isAlive(channel: string, thread: string | null): boolean {
    if (this.alive === null) {
      this.alive = new Set();
      for (const { channels } of this.incidents.all.values())
        for (const [name, sub] of Object.entries(channels))
          if (sub.thread !== null && sub.told !== 'resolved') this.alive.add(`${name} ${sub.thread}`);
    }
    return thread !== null && this.alive.has(`${channel} ${thread}`);
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
      if (now < due || this.left <= 0) {
        this.wake(Math.max(due, now));
        continue;
      }
      const route = this.routeAt(first.sub.route);
      const told = this.withoutQuiet(entries, route, now);
      const isDigest = first.sub.isLate || (route.digestMs !== null && !first.sub.isEscalated);
      const said = isDigest ? this.digest(told, route, now) : this.transitions(told, bucket, route, now);
      drafts.push(...said);
      if (said.length > 0) bucket.sentAt = now;
      // What was too much for this step is told in the next.
      if (!isDigest && this.left <= 0 && told.some(({ one, sub }) => !sub.isLate && needOf(one, sub, route, now) !== null)) {
        this.wake(now);
        continue;
      }
      bucket.dueAt = null;
      bucket.urgentAt = null;
    }
    if (this.hasHeldBack) this.waitForLate(now);
    return drafts;
  }

  /** Those that may be told at this hour; others are held back. */
  private withoutQuiet(entries: readonly Entry[], { quiet }: Route, now: number): Entry[] {
    if (quiet === null || quietUntil(quiet, now) === null) return [...entries];
    return entries.filter(({ one, sub }) => {
      if (quiet.through !== null && isAtLeast(one.severity, quiet.through)) return true;
      this.holdBack(one, sub);
      return false;
    });
  }

  private holdBack(one: Tracked, sub: Subscription): void {
    sub.isLate = true;
    this.hasHeldBack = true;
    this.incidents.touched.add(one.id);
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

  private transitions(entries: readonly Entry[], bucket: { thread: string | null }, route: Route, now: number): Draft[] {
    const threads = new Map<string, Entry[]>();
    const passed: Entry[] = [];
    for (const entry of worstFirst(entries)) {
      if (entry.need === 'passed') {
        passed.push(entry);
        continue;
      }
      const thread = entry.sub.thread ?? this.threadOf(entry, bucket, route);
      add(threads, thread, entry);
    }
    const drafts: Draft[] = [];
    for (const [thread, all] of threads) drafts.push(...this.said(all, 'transition', thread, now));
    if (passed.length > 0) drafts.push(...this.said(passed, 'digest', digestThread(passed[0] as Entry), now));
    return drafts;
  }

  /** Of a group, as long as something of it goes on. */
  private threadOf({ one, channel }: Entry, bucket: { thread: string | null }, route: Route): string {
    if (route.groupBy === 'incident') return one.id;
    if (this.isAlive(channel, bucket.thread)) return bucket.thread as string;
    bucket.thread = one.id;
    this.alive?.add(`${channel} ${one.id}`);
    return one.id;
  }

  /** In pieces; what may not be said yet is held back. */
  private said(entries: readonly Entry[], kind: Draft['kind'], thread: string, now: number): Draft[] {
    const drafts: Draft[] = [];
    for (let from = 0; from < entries.length && this.left > 0; from += mostNamed) {
      const piece = entries.slice(from, from + mostNamed);
      const { sub, channel } = piece[0] as Entry;
      if (!this.limits.mayI(sub.route, channel, this.routeAt(sub.route), now)) {
        for (const entry of entries.slice(from)) this.holdBack(entry.one, entry.sub);
        break;
      }
      drafts.push(this.draft(piece, kind, thread, 0, now));
    }
    return drafts;
  }

  /** One message; what is too much for it is counted, but for the ends of what was told. */
  private digest(entries: readonly Entry[], route: Route, now: number): Draft[] {
    const [first] = entries;
    if (first === undefined) return [];
    if (!this.limits.mayI(first.sub.route, first.channel, route, now)) {
      for (const { one, sub } of entries) this.holdBack(one, sub);
      return [];
    }
    const all = worstFirst(entries);
    const rest = all.slice(mostNamed);
    const [counted, later] = [
      rest.filter(({ sub }) => sub.told === null || sub.told === 'resolved'),
      rest.filter(({ sub }) => sub.told !== null && sub.told !== 'resolved'),
    ];
    for (const { one, sub } of counted) {
      Object.assign(sub, { isCounted: true, isLate: false } satisfies Partial<Subscription>);
      this.incidents.touched.add(one.id);
    }
    for (const { one, sub } of later) this.holdBack(one, sub);
    return [this.draft(all.slice(0, mostNamed), 'digest', digestThread(first), counted.length, now)];
  }

  private draft(entries: readonly Entry[], kind: Draft['kind'], thread: string, more: number, now: number): Draft {
    const { channel } = entries[0] as Entry;
    this.left -= entries.length;
    for (const { one, sub, need } of entries) {
      Object.assign(sub, {
        told: stateOf(need),
        severity: one.severity,
        thread,
        at: now,
        isLate: false,
      } satisfies Partial<Subscription>);
      this.incidents.touched.add(one.id);
    }
    return { channel, kind, thread, alerts: entries.map(({ one, need }) => ({ id: one.id, state: stateOf(need) })), more };
  }

  /** Tells people again of what goes on and nobody has acknowledged. */
  private again(now: number): Draft[] {
    const due = new Map<string, Entry[]>();
    for (const one of this.incidents.all.values()) {
      if (!isFiring(one, now)) continue;
      for (const [channel, sub] of Object.entries(one.channels)) {
        const { repeatMs, quiet } = this.routeAt(sub.route);
        if (repeatMs === null || sub.told !== 'firing' || sub.at === null || sub.thread === null) continue;
        const at = Math.max(sub.at + repeatMs, (quiet === null ? null : quietUntil(quiet, now)) ?? 0);
        if (now < at) this.wake(at);
        else {
          add(due, `${sub.route} ${channel} ${sub.thread}`, { one, channel, sub, need: 'firing' });
        }
      }
    }
    const drafts: Draft[] = [];
    for (const entries of due.values()) {
      const { sub, channel } = entries[0] as Entry;
      const route = this.routeAt(sub.route);
      for (let from = 0; from < entries.length; from += mostNamed) {
        if (this.left <= 0) {
          this.wake(now);
          break;
        }
        if (this.limits.mayI(sub.route, channel, route, now)) {
          const piece = worstFirst(entries.slice(from, from + mostNamed));
          drafts.push(this.draft(piece, 'renewal', sub.thread as string, 0, now));
          this.wake(now + (route.repeatMs ?? 0));
        } else {
          this.wake(this.limits.freeAt(sub.route, channel, route, now));
          break;
        }
      }
    }
    return drafts;
  }
}

function stateOf(need: Need): 'firing' | 'acknowledged' | 'resolved' {
  return need === 'passed' ? 'resolved' : need;
}

function digestThread({ sub, channel }: Entry): string {
  return `digest-${channel}-${sub.route + 1}`;
}

function add(to: Map<string, Entry[]>, key: string, entry: Entry): void {
  const entries = to.get(key);
  if (entries === undefined) to.set(key, [entry]);
  else entries.push(entry);
}

function worstFirst(entries: readonly Entry[]): Entry[] {
  return [...entries].sort(
    (one, other) =>
      severities.indexOf(other.one.severity) - severities.indexOf(one.one.severity) ||
      one.one.first - other.one.first ||
      (one.one.id < other.one.id ? -1 : 1),
  );
}
