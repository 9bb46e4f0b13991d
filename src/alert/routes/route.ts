import { type Prefix, parsePrefix } from '../../model/net/index.ts';
import type { Severity } from '../../watch/incidents/incident.ts';
import { durationMs, type RouteSettings, routeSettings } from './settings.ts';

export const severities: readonly Severity[] = ['info', 'low', 'medium', 'high', 'critical'];

export function isAtLeast(one: Severity, least: Severity): boolean {
  return severities.indexOf(one) >= severities.indexOf(least);
}

/** Hours in which nobody is told of what is milder than `through`; `null`: of nothing. Minutes of the day. */
export interface QuietHours {
  readonly from: number;
  readonly to: number;
  readonly zone: string;
  readonly through: Severity | null;
}

/** A route, ready to be followed. */
export interface Route {
  readonly severity: Severity;
  readonly detectors: readonly string[] | null;
  readonly sources: readonly Prefix[] | null;
  readonly to: readonly string[];
  readonly goesOn: boolean;
  readonly groupBy: 'incident' | 'detector' | 'source' | 'all';
  readonly waitMs: number;
  readonly groupEveryMs: number;
  readonly digestMs: number | null;
  readonly atMost: { readonly messages: number; readonly withinMs: number };
  readonly quiet: QuietHours | null;
  readonly escalate: readonly { readonly afterMs: number; readonly to: readonly string[] }[];
  readonly repeatMs: number | null;
  readonly resolveWaitMs: number;
}

/** The routes of the configuration; where it names none, one to all channels. */
export function routesOf(settings: readonly RouteSettings[] | undefined, channels: readonly string[]): readonly Route[] {
  if (channels.length === 0) return [];
  return (settings ?? [routeSettings.parse({ to: channels })]).map(routeOf);
}

export function routeOf(said: RouteSettings): Route {
  const [messages = '', within = ''] = said['at-most'].split('/');
  const quiet = said['quiet-hours'];
  return {
    severity: said.severity,
    detectors: said.detectors ?? null,
    sources: said.sources?.flatMap((text) => parsePrefix(text) ?? []) ?? null,
    to: [...new Set(said.to)],
    goesOn: said.continue,
    groupBy: said['group-by'],
    waitMs: durationMs(said.wait),
    groupEveryMs: durationMs(said['group-every']),
    digestMs: said.digest === undefined ? null : durationMs(said.digest),
    atMost: { messages: Number(messages), withinMs: durationMs(within) },
    quiet:
      quiet === undefined
        ? null
        : {
            from: minutesIn(quiet.from),
            to: minutesIn(quiet.to),
            zone: quiet.zone,
            through: quiet.through === 'none' ? null : quiet.through,
          },
    escalate: said.escalate.map(({ after, to }) => ({ afterMs: durationMs(after), to })),
    repeatMs: said.repeat === undefined ? null : durationMs(said.repeat),
    resolveWaitMs: durationMs(said['resolve-wait']),
  };
}

function minutesIn(text: string): number {
  const [hours = 0, minutes = 0] = text.split(':').map(Number);
  return 60 * hours + minutes;
}

/** What a route looks at. */
export interface Routed {
  readonly detector: string;
  readonly severity: Severity;
  readonly sources: readonly Prefix[];
}

export function fits(route: Route, { detector, severity, sources }: Routed): boolean {
  return (
    isAtLeast(severity, route.severity) &&
    (route.detectors === null || route.detectors.includes(detector)) &&
    (route.sources === null || route.sources.some((network) => sources.some((source) => overlap(network, source))))
  );
}

function overlap(one: Prefix, other: Prefix): boolean {
  if (one.family !== other.family) return false;
  const shift = BigInt((one.family === 4 ? 32 : 128) - Math.min(one.length, other.length));
  return one.value >> shift === other.value >> shift;
}
