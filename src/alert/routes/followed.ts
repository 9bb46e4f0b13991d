import { fits, isAtLeast, type Route } from './route.ts';
import { type IncidentNow, isFiring, prefixesOf, type Subscription, subscription, type Tracked, track } from './tracked.ts';

/** A change by hand that was announced; epoch milliseconds. */
export interface Announced {
  readonly at: number;
  readonly until: number;
}

/** The last change by hand; `endedAt`: `null`, it is under way. */
export interface Change {
  readonly at: number;
  endedAt: number | null;
}

/** What a change by hand brings about itself. */
const heldDetectors = new Set(['drift', 'finding', 'listener']);
/** So long after it ended they are held on: until the firewall was looked at again. */
const graceMs = 60_000;
/** One that is over is remembered so long: it may come back. */
const rememberedMs = 3_600_000;

/** Incidents that are followed, and which channels are to be told of each. */
export class Followed {
  readonly all = new Map<string, Tracked>();
  /** Those of which something is to be kept. */
  touched = new Set<string>();
  change: Change | null;
  private readonly routes: readonly Route[];
  private readonly channels: ReadonlySet<string>;

  constructor(routes: readonly Route[], channels: ReadonlySet<string>, tracked: Iterable<Tracked>, change: Change | null) {
    this.routes = routes;
    this.channels = channels;
    this.change = change;
    for (const one of tracked) this.all.set(one.id, one);
  }

  /** When what was held back by a change is let go; `null`: there is none that has ended. */
  get letGoAt(): number | null {
    return this.change?.endedAt == null ? null : this.change.endedAt + graceMs;
  }

  /** A change that is announced now; `null`: none is. */
  announce(now: number, announced: Announced | null): void {
    if (announced !== null) this.change = { at: announced.at, endedAt: null };
    else if (this.change !== null) this.change.endedAt ??= now;
    if (this.letGoAt === null || now < this.letGoAt) return;
    this.change = null;
    for (const one of this.all.values()) {
      if (!one.isHeld) continue;
      one.isHeld = false;
      this.touched.add(one.id);
    }
  }

  /** One as it is now. */
  see(seen: IncidentNow, now: number): void {
    const before = this.all.get(seen.id);
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
    this.all.set(one.id, one);
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
    if (isWorse) {
      one.severity = seen.severity;
      // It was counted as what it was.
      for (const sub of Object.values(one.channels)) sub.isCounted = false;
    }
    if (before === undefined || isBack) this.hold(one);
    if (before === undefined && !seen.isOpen) one.isQuiet = !isFiring({ ...one, isOpen: true }, now);
    if (before === undefined || isWorse || isBack) this.match(one);
  }

  /** Other routes, or other channels, than those that were: who was told stays told. */
  adopt(): void {
    for (const one of this.all.values()) {
      for (const [channel, sub] of Object.entries(one.channels)) {
        if (sub.told === null || !this.channels.has(channel)) delete one.channels[channel];
        else Object.assign(sub, { route: -1, isLate: false, isEscalated: false } satisfies Partial<Subscription>);
      }
      this.match(one);
      this.touched.add(one.id);
    }
  }

  /** Lets go of what is over, once everybody knows. */
  forget(now: number): void {
    for (const one of this.all.values()) {
      if (one.closedAt === null) continue;
      const isSettled = Object.values(one.channels).every(
        (sub) => sub.told === 'resolved' || sub.isCounted || (sub.told === null && one.isQuiet),
      );
      if (!isSettled) continue;
      if (now < one.closedAt + rememberedMs) continue;
      this.all.delete(one.id);
      this.touched.add(one.id);
    }
  }

  private hold(one: Tracked): void {
    const { change } = this;
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
}
