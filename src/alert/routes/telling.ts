import { add, type Entry } from './buckets.ts';
import type { Draft } from './draft.ts';
import type { Followed } from './followed.ts';
import type { Limits } from './limits.ts';
import { quietUntil } from './quiet.ts';
import { isAtLeast, type Route, severities } from './route.ts';
import { isFiring, type Need, type Subscription, type Tracked } from './tracked.ts';

/** Alerts that a message names. */
export const mostNamed = 100;
/** So many are told in one step, or a few more: the rest is due at once. */
const mostPerStep = 200;

/** Makes messages of what is to be told, and notes that it was. */
export class Telling {
  /** Alerts that may still be told in this step. */
  left = mostPerStep;
  /** Something waits since this step for the end of quiet hours, or until more may be sent. */
  hasHeldBack = false;
  /** When something is to be told again; epoch milliseconds. */
  nextAt = Number.POSITIVE_INFINITY;
  private readonly incidents: Followed;
  private readonly limits: Limits;
  private readonly routeAt: (index: number) => Route;
  /** Channels and threads of what goes on, of this step. */
  private alive: Set<string> | null = null;

  constructor(incidents: Followed, limits: Limits, routeAt: (index: number) => Route) {
    this.incidents = incidents;
    this.limits = limits;
    this.routeAt = routeAt;
  }

  /** Another step begins. */
  begin(): void {
    this.left = mostPerStep;
    this.hasHeldBack = false;
    this.nextAt = Number.POSITIVE_INFINITY;
    this.alive = null;
  }

  /** An incident of the thread goes on, or is still to be told to be over. */
  isAlive(channel: string, thread: string | null): boolean {
    if (this.alive === null) {
      this.alive = new Set();
      for (const { channels } of this.incidents.all.values())
        for (const [name, sub] of Object.entries(channels))
          if (sub.thread !== null && sub.told !== 'resolved') this.alive.add(`${name} ${sub.thread}`);
    }
    return thread !== null && this.alive.has(`${channel} ${thread}`);
  }

  /** Those that may be told at this hour; others are held back. */
  withoutQuiet(entries: readonly Entry[], { quiet }: Route, now: number): Entry[] {
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

  /** Of what has become of each, and of what was. */
  transitions(entries: readonly Entry[], bucket: { thread: string | null }, route: Route, now: number): Draft[] {
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
  digest(entries: readonly Entry[], route: Route, now: number): Draft[] {
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
  again(now: number): Draft[] {
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

  private wake(at: number): void {
    if (at < this.nextAt) this.nextAt = at;
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
