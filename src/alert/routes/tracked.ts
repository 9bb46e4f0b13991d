import { formatPrefix, type Prefix, parsePrefix } from '../../model/net/index.ts';
import type { Severity } from '../../watch/incidents/incident.ts';
import { isAtLeast, type Route } from './route.ts';

/** An incident as it is now, as far as routes ask. */
export interface IncidentNow {
  readonly id: string;
  readonly detector: string;
  readonly severity: Severity;
  readonly sources: readonly Prefix[];
  /** Epoch milliseconds of its first event. */
  readonly first: number;
  readonly isOpen: boolean;
  readonly acknowledgedBy: string | null;
  readonly silencedUntil: number | null;
}

/** What somebody is told of an incident. `passed`: it came and went before anybody was told. */
export type Need = 'firing' | 'acknowledged' | 'resolved' | 'passed';

/** What one channel was told of one incident. Plain JSON, as all that is kept. */
export interface Subscription {
  /** Index of the route by which it goes; -1: of one that is no more. */
  route: number;
  /** `null`: nothing yet. */
  told: 'firing' | 'acknowledged' | 'resolved' | null;
  /** As it was told. */
  severity: Severity | null;
  /** In which it was told. */
  thread: string | null;
  /** When it was told, or told again; epoch milliseconds. */
  at: number | null;
  /** Held back by quiet hours or since too much was said: it goes with all others of these. */
  isLate: boolean;
  /** There was too much: it was counted in a message, and not named. */
  isCounted: boolean;
  /** Told since nobody has acknowledged it: at once. */
  isEscalated: boolean;
}

/** An incident that is followed from its beginning until everybody was told of its end. Plain JSON. */
export interface Tracked {
  readonly id: string;
  readonly detector: string;
  severity: Severity;
  readonly sources: readonly string[];
  readonly first: number;
  /** When it was first seen here, or came back. */
  since: number;
  isOpen: boolean;
  closedAt: number | null;
  acknowledgedBy: string | null;
  silencedUntil: number | null;
  /** Held back by a change that was announced. */
  isHeld: boolean;
  /** It ended while nobody was to be told of it. */
  isQuiet: boolean;
  /** Indices of the routes that fit. */
  routes: number[];
  readonly channels: Record<string, Subscription>;
}

/** Sources that are kept to match routes. */
const sourcesKept = 64;

export function track(now: IncidentNow, at: number): Tracked {
  return {
    id: now.id,
    detector: now.detector,
    severity: now.severity,
    sources: now.sources.slice(0, sourcesKept).map(formatPrefix),
    first: now.first,
    since: at,
    isOpen: now.isOpen,
    closedAt: now.isOpen ? null : at,
    acknowledgedBy: now.acknowledgedBy,
    silencedUntil: now.silencedUntil,
    isHeld: false,
    isQuiet: false,
    routes: [],
    channels: {},
  };
}

export function subscription(route: number, isEscalated: boolean): Subscription {
  return {
    route,
    told: null,
    severity: null,
    thread: null,
    at: null,
    isLate: false,
    isCounted: false,
    isEscalated,
  };
}

export function prefixesOf({ sources }: Tracked): readonly Prefix[] {
  return sources.flatMap((text) => parsePrefix(text) ?? []);
}

export function isSilenced({ silencedUntil }: Tracked, now: number): boolean {
  return silencedUntil !== null && now < silencedUntil;
}

/** It goes on, nobody has seen it, and people are to be told. */
export function isFiring(one: Tracked, now: number): boolean {
  return one.isOpen && one.acknowledgedBy === null && !one.isHeld && !isSilenced(one, now);
}

/** What a channel is to be told now; `null`: nothing, at least until something changes or some time has passed. */
export function needOf(one: Tracked, sub: Subscription, route: Pick<Route, 'resolveWaitMs'>, now: number): Need | null {
  const { told } = sub;
  const knows = told === 'firing' || told === 'acknowledged';
  const isWorse = sub.severity !== null && one.severity !== sub.severity && isAtLeast(one.severity, sub.severity);
  const silenced = isSilenced(one, now);
  if (!one.isOpen) {
    if (silenced || now < (one.closedAt ?? now) + route.resolveWaitMs) return null;
    if (knows) return 'resolved';
    return told === null && !one.isQuiet && !sub.isCounted ? 'passed' : null;
  }
  if (silenced) return null;
  if (one.acknowledgedBy !== null) return knows && (told === 'firing' || isWorse) ? 'acknowledged' : null;
  if (one.isHeld) return null;
  if (knows) return isWorse ? 'firing' : null;
  return sub.isCounted ? null : 'firing';
}
