import { formatPrefix } from '../../model/net/index.ts';
import { type Buckets, bucketOf, dueAt, type Entry, isUrgent, type Pacing, paceOf } from './buckets.ts';
import { quietUntil } from './quiet.ts';
import { fits, isAtLeast, type Route, routeOf, severities } from './route.ts';
import { routeSettings } from './settings.ts';
import {
  type IncidentNow,
  isFiring,
  type Need,
  needOf,
  prefixesOf,
  type Subscription,
  subscription,
  type Tracked,
  track,
} from './tracked.ts';

/** A message that is to be made and queued: what has become of which incidents, for one channel. */
export interface Draft {
  readonly channel: string;
  readonly kind: 'transition' | 'digest' | 'renewal';
  readonly thread: string;
  /** Worst first. */
  readonly alerts: readonly { readonly id: string; readonly state: 'firing' | 'acknowledged' | 'resolved' }[];
  /** Counted, and not named. */
  readonly more: number;
}

/** A change by hand that was announced; epoch milliseconds. */
interface Announced {
  readonly at: number;
  readonly until: number;
}

/** What is kept beside incidents. Plain JSON. */
interface Rest {
  /** Of which routes and channels it is. */
  readonly of: string;
  readonly buckets: Buckets;
  /** When messages were sent, by route and channel: what a limit counts. */
  readonly sent: Record<string, number[]>;
  /** When a channel's firing alerts were last renewed. */
  readonly renewed: Record<string, number>;
  change: { at: number; endedAt: number | null } | null;
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

/** What a change by hand brings about itself. */
const heldDetectors = new Set(['drift', 'finding', 'listener']);
/** So long after it ended they are held on: until the firewall was looked at again. */
const graceMs = 60_000;
/** One that is over is remembered so long: it may come back. */
const rememberedMs = 3_600_000;
/** Alerts that a message names. */
const mostNamed = 100;

const fallback = routeOf(routeSettings.parse({ to: ['-'], wait: '0s', 'group-every': '0s', 'at-most': '1000/1h' }));

export class Routing {
  /** Before that nothing is to be said unless something changes; epoch milliseconds. */
  nextAt = Number.NEGATIVE_INFINITY;
  private readonly routes: readonly Route[];
  private readonly channels: ReadonlyMap<string, { readonly renewMs: number | null }>;
  private readonly tracked = new Map<string, Tracked>();
  private readonly rest: Rest;
  private touched = new Set<string>();
  /** Channels and threads of what goes on, of this step. */
  private alive: Set<string> | null = null;
  private hasHeldBack = false;

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
    for (const one of saved?.tracked ?? []) this.tracked.set(one.id, one);
    if (rest !== null && rest.of === of) this.rest = rest;
    else {
      this.rest = { of, buckets: {}, sent: {}, renewed: rest?.renewed ?? {}, change: rest?.change ?? null };
      for (const one of this.tracked.values()) this.adopt(one);
    }
  }

  /** Incidents whose state is to be asked again: what is open, or may come back. */
  get followed(): Iterable<string> {
    return this.tracked.keys();
  }

  of(id: string): Tracked | null {
    return this.tracked.get(id) ?? null;
  }

  /**
   * Some time has passed, or something has changed. What is said is to be queued in the order in which it is said, and kept together with
   * {@link Routing.changes}.
   *
   * @param seen those that may have changed, and new ones; however often, and in any order
   */
  step(now: number, seen: Iterable<IncidentNow>, announced: Announced | null): readonly Draft[] {
    this.announce(now, announced);
    for (const one of seen) this.see(one, now);
    this.nextAt = Number.POSITIVE_INFINITY;
    this.alive = null;
    this.hasHeldBack = false;
    this.escalate(now);
    const drafts = [...this.flush(now, this.pending(now)), ...this.again(now), ...this.renew(now)];
    this.forget(now);
    return drafts;
  }

  changes(): RoutingChanges {
    const tracked = new Map([...this.touched].map((id) => [id, this.tracked.get(id) ?? null]));
    this.touched = new Set();
    return { tracked, rest: this.rest };
  }

  private announce(now: number, announced: Announced | null): void {
    const { rest } = this;
    if (announced !== null) rest.change = { at: announced.at, endedAt: null };
    else if (rest.change !== null) rest.change.endedAt ??= now;
    if (rest.change?.endedAt == null || now < rest.change.endedAt + graceMs) return;
    rest.change = null;
    for (const one of this.tracked.values()) {
      if (!one.isHeld) continue;
      one.isHeld = false;
      this.touched.add(one.id);
    }
  }

  private see(seen: IncidentNow, now: number): void {
    const before = this.tracked.get(seen.id);
    const one = before ?? track(seen, now);
    const isWorse = before !== undefined && seen.severity !== before.severity && isAtLeast(seen.severity, before.severity);
    const isBack = before !== undefined && seen.isOpen && !before.isOpen;
    const isOver = !seen.isOpen && one.isOpen;
    const isSame =
      before !== undefined &&
      !isWorse &&
      !isBack &&
      !isOver &&
      one.acknowledgedBy === seen.acknowledgedBy &&
      one.silencedUntil === seen.silencedUntil;
    if (isSame) return;
    this.tracked.set(one.id, one);
    this.touched.add(one.id);
    // What is said of its end holds: one that was silenced while it was over was not silenced before.
    if (isOver) {
      one.isQuiet = !isFiring({ ...one, acknowledgedBy: seen.acknowledgedBy, silencedUntil: seen.silencedUntil }, now);
      one.isOpen = false;
      one.closedAt = now;
    }
    one.acknowledgedBy = seen.acknowledgedBy;
    one.silencedUntil = seen.silencedUntil;
    if (isBack) {
      one.isOpen = true;
      one.closedAt = null;
      one.isQuiet = false;
      one.since = now;
      for (const [channel, sub] of Object.entries(one.channels)) {
        sub.isCounted = false;
        // Who was told since nobody had acknowledged it is told again in as long a time.
        if (sub.isEscalated && (sub.told === null || sub.told === 'resolved')) delete one.channels[channel];
      }
    }
    if (isWorse) one.severity = seen.severity;
    if (before === undefined || isBack) this.hold(one);
    if (before === undefined && !seen.isOpen) one.isQuiet = !isFiring({ ...one, isOpen: true }, now);
    if (before === undefined || isWorse || isBack) this.match(one);
  }

  private hold(one: Tracked): void {
    const { change } = this.rest;
    one.isHeld =
      change !== null &&
      heldDetectors.has(one.detector) &&
      one.first >= change.at &&
      (change.endedAt === null || one.first <= change.endedAt);
  }

  /** Which routes fit, and so which channels are told. */
  private match(one: Tracked): void {
    one.routes = [];
    const sources = prefixesOf(one);
    const named = new Set<string>();
    for (const [index, route] of this.routes.entries()) {
      if (!fits(route, { ...one, sources })) continue;
      one.routes.push(index);
      for (const channel of route.to) {
        if (named.has(channel) || !this.channels.has(channel)) continue;
        named.add(channel);
        const sub = one.channels[channel];
        if (sub === undefined) one.channels[channel] = subscription(index, false);
        else if (sub.route !== index) {
          sub.route = index;
          sub.isLate = false;
        }
      }
      if (!route.goesOn) break;
    }
  }

  /** Of other routes, or other channels, than those that are now: who was told stays told. */
  private adopt(one: Tracked): void {
    for (const [channel, sub] of Object.entries(one.channels)) {
      if (sub.told === null || !this.channels.has(channel)) delete one.channels[channel];
      else Object.assign(sub, { route: -1, isLate: false, isEscalated: false } satisfies Partial<Subscription>);
    }
    this.match(one);
    this.touched.add(one.id);
  }

  private routeAt(index: number): Route {
    return this.routes[index] ?? fallback;
  }

  private wake(at: number): void {
    if (at < this.nextAt) this.nextAt = at;
  }

  private escalate(now: number): void {
    for (const one of this.tracked.values()) {
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
            this.touched.add(one.id);
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
    for (const one of this.tracked.values()) {
      if (one.silencedUntil !== null && now < one.silencedUntil) this.wake(one.silencedUntil);
      for (const [channel, sub] of Object.entries(one.channels)) {
        const route = this.routeAt(sub.route);
        if (one.closedAt !== null && now < one.closedAt + route.resolveWaitMs) this.wake(one.closedAt + route.resolveWaitMs);
        const need = needOf(one, sub, route, now);
        if (need === null) continue;
        const entry: Entry = { one, channel, sub, need };
        const key = bucketOf(entry, route);
        const entries = found.get(key);
        if (entries === undefined) found.set(key, [entry]);
        else entries.push(entry);
        buckets[key] = paceOf(buckets[key], this.pacingOf(entry, route), now);
      }
    }
    if (this.rest.change?.endedAt != null) this.wake(this.rest.change.endedAt + graceMs);
    for (const [key, bucket] of Object.entries(buckets)) {
      if (found.has(key)) continue;
      bucket.dueAt = null;
      bucket.urgentAt = null;
      const [index, channel] = JSON.parse(key) as [number, string];
      const isRested = bucket.sentAt === null || now >= bucket.sentAt + this.routeAt(index).groupEveryMs;
      if (isRested && !this.isAlive(channel, bucket.thread)) delete buckets[key];
    }
    return found;
  }

  private pacingOf({ one, sub, need }: Entry, route: Route): Pacing {
    if (sub.isLate || sub.isEscalated) return { waitMs: 0, everyMs: 0, isUrgent: false };
    if (route.digestMs !== null) return { waitMs: route.digestMs, everyMs: 0, isUrgent: false };
    return { waitMs: route.waitMs, everyMs: route.groupEveryMs, isUrgent: isUrgent(one, need) };
  }

  /** An incident of the thread goes on, or is still to be told to be over. */
  private isAlive(channel: string, thread: string | null): boolean {
    if (this.alive === null) {
      this.alive = new Set();
      for (const { channels } of this.tracked.values())
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
      if (now < due) {
        this.wake(due);
        continue;
      }
      const route = this.routeAt(first.sub.route);
      const told = this.withoutQuiet(entries, route, now);
      const isDigest = first.sub.isLate || (route.digestMs !== null && !first.sub.isEscalated);
      const said = isDigest ? this.digest(told, route, now) : this.transitions(told, bucket, route, now);
      drafts.push(...said);
      bucket.dueAt = null;
      bucket.urgentAt = null;
      if (said.length > 0) bucket.sentAt = now;
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
    this.touched.add(one.id);
  }

  /** What was held back waits for the end of quiet hours, or until something may be said again. */
  private waitForLate(now: number): void {
    const waits = new Map<string, number>();
    for (const one of this.tracked.values())
      for (const [channel, sub] of Object.entries(one.channels)) {
        const route = this.routeAt(sub.route);
        const need = sub.isLate ? needOf(one, sub, route, now) : null;
        if (need === null) continue;
        const key = bucketOf({ one, channel, sub, need }, route);
        const quiet = route.quiet === null ? null : quietUntil(route.quiet, now);
        const at = Math.max(quiet ?? 0, this.freeAt(sub.route, channel, route, now));
        waits.set(key, at);
      }
    for (const [key, at] of waits) {
      this.rest.buckets[key] = { dueAt: at, urgentAt: null, sentAt: this.rest.buckets[key]?.sentAt ?? null, thread: null };
      this.wake(at);
    }
  }

  /** When the next message may be sent; `now` or earlier: it may. */
  private freeAt(index: number, channel: string, { atMost }: Route, now: number): number {
    const key = `${index} ${channel}`;
    const sent = (this.rest.sent[key] ?? []).filter((at) => at > now - atMost.withinMs && at <= now);
    if (sent.length === 0) delete this.rest.sent[key];
    else this.rest.sent[key] = sent;
    return sent.length < atMost.messages ? now : (sent[sent.length - atMost.messages] as number) + atMost.withinMs;
  }

  private mayI(index: number, channel: string, route: Route, now: number): boolean {
    if (this.freeAt(index, channel, route, now) > now) return false;
    const key = `${index} ${channel}`;
    this.rest.sent[key] = [...(this.rest.sent[key] ?? []), now];
    return true;
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
      threads.set(thread, [...(threads.get(thread) ?? []), entry]);
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
    for (let from = 0; from < entries.length; from += mostNamed) {
      const piece = entries.slice(from, from + mostNamed);
      const { sub, channel } = piece[0] as Entry;
      if (!this.mayI(sub.route, channel, this.routeAt(sub.route), now)) {
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
    if (!this.mayI(first.sub.route, first.channel, route, now)) {
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
      this.touched.add(one.id);
    }
    for (const { one, sub } of later) this.holdBack(one, sub);
    return [this.draft(all.slice(0, mostNamed), 'digest', digestThread(first), counted.length, now)];
  }

  private draft(entries: readonly Entry[], kind: Draft['kind'], thread: string, more: number, now: number): Draft {
    const { channel } = entries[0] as Entry;
    for (const { one, sub, need } of entries) {
      Object.assign(sub, {
        told: stateOf(need),
        severity: one.severity,
        thread,
        at: now,
        isLate: false,
      } satisfies Partial<Subscription>);
      this.touched.add(one.id);
    }
    return { channel, kind, thread, alerts: entries.map(({ one, need }) => ({ id: one.id, state: stateOf(need) })), more };
  }

  /** Tells people again of what goes on and nobody has acknowledged. */
  private again(now: number): Draft[] {
    const due = new Map<string, Entry[]>();
    for (const one of this.tracked.values()) {
      if (!isFiring(one, now)) continue;
      for (const [channel, sub] of Object.entries(one.channels)) {
        const { repeatMs, quiet } = this.routeAt(sub.route);
        if (repeatMs === null || sub.told !== 'firing' || sub.at === null || sub.thread === null) continue;
        const at = Math.max(sub.at + repeatMs, (quiet === null ? null : quietUntil(quiet, now)) ?? 0);
        if (now < at) this.wake(at);
        else {
          const key = JSON.stringify([sub.route, channel, sub.thread]);
          due.set(key, [...(due.get(key) ?? []), { one, channel, sub, need: 'firing' }]);
        }
      }
    }
    const drafts: Draft[] = [];
    for (const entries of due.values()) {
      const { sub, channel } = entries[0] as Entry;
      const route = this.routeAt(sub.route);
      for (let from = 0; from < entries.length; from += mostNamed) {
        if (this.mayI(sub.route, channel, route, now)) {
          const piece = worstFirst(entries.slice(from, from + mostNamed));
          drafts.push(this.draft(piece, 'renewal', sub.thread as string, 0, now));
          this.wake(now + (route.repeatMs ?? 0));
        } else {
          this.wake(this.freeAt(sub.route, channel, route, now));
          break;
        }
      }
    }
    return drafts;
  }

  /** Tells receivers that forget what is still so. */
  private renew(now: number): Draft[] {
    const { renewed } = this.rest;
    const drafts: Draft[] = [];
    for (const [channel, { renewMs }] of this.channels) {
      if (renewMs === null) continue;
      const known = [...this.tracked.values()].filter(({ channels }) => {
        const told = channels[channel]?.told ?? null;
        return told === 'firing' || told === 'acknowledged';
      });
      if (known.length === 0) {
        delete renewed[channel];
        continue;
      }
      renewed[channel] ??= now;
      if (now >= (renewed[channel] as number) + renewMs) {
        renewed[channel] = now;
        for (let from = 0; from < known.length; from += mostNamed)
          drafts.push({
            ...{ channel, kind: 'renewal', thread: `renewal-${from / mostNamed}`, more: 0 },
            alerts: known
              .slice(from, from + mostNamed)
              .map(({ id, channels }) => ({ id, state: channels[channel]?.told ?? 'firing' })),
          });
      }
      this.wake((renewed[channel] as number) + renewMs);
    }
    return drafts;
  }

  /** Lets go of what is over, once everybody knows. */
  private forget(now: number): void {
    for (const one of this.tracked.values()) {
      if (one.closedAt === null) continue;
      const isSettled = Object.values(one.channels).every(
        (sub) => sub.told === 'resolved' || sub.isCounted || (sub.told === null && one.isQuiet),
      );
      if (!isSettled) continue;
      if (now < one.closedAt + rememberedMs) continue;
      this.tracked.delete(one.id);
      this.touched.add(one.id);
    }
  }
}

function stateOf(need: Need): 'firing' | 'acknowledged' | 'resolved' {
  return need === 'passed' ? 'resolved' : need;
}

function digestThread({ sub, channel }: Entry): string {
  return `digest-${channel}-${sub.route + 1}`;
}

function worstFirst(entries: readonly Entry[]): Entry[] {
  return [...entries].sort(
    (one, other) =>
      severities.indexOf(other.one.severity) - severities.indexOf(one.one.severity) ||
      one.one.first - other.one.first ||
      (one.one.id < other.one.id ? -1 : 1),
  );
}
