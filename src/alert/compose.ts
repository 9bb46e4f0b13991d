import { bitsOf, formatAddress, formatPrefix, type Prefix } from '../model/net/index.ts';
import type { Incident } from '../watch/incidents/incident.ts';
import type { Alert, Message } from './message.ts';
import type { Draft } from './routes/draft.ts';
import { isAtLeast } from './routes/route.ts';
import type { Tracked } from './routes/tracked.ts';

/** Names that an alert lists, and lines of evidence: fewer where a message has many alerts. */
const mostSources = 20;
const mostTargets = 20;
const longestLine = 1000;

export interface Composing {
  readonly id: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly host: string;
  /** `null`: it is not remembered any more. */
  readonly incident: (id: string) => Incident | null;
  readonly tracked: (id: string) => Tracked | null;
}

/** The message of a draft, but for its place in the thread; `null`: nothing is known any more of what it is about. */
export function compose(draft: Draft, { id, at, host, incident, tracked }: Composing): Omit<Message, 'sequence'> | null {
  const lines = draft.alerts.length === 1 ? 20 : draft.alerts.length <= 10 ? 4 : 1;
  const alerts = draft.alerts.flatMap(({ id: key, state }) => {
    const [found, follows] = [incident(key), tracked(key)];
    if (found !== null) return [alertOf(found, state, follows, lines, at)];
    return follows === null ? [] : [alertOf(forgotten(follows), state, follows, lines, at)];
  });
  const [worst] = alerts;
  if (worst === undefined) return null;
  const { kind, thread, more } = draft;
  const severity = alerts.reduce((high, one) => (isAtLeast(one.severity, high) ? one.severity : high), worst.severity);
  return { id, kind, thread, host, at, severity, state: stateOf(alerts), title: titleOf(alerts, more), alerts, more };
}

/** What is sent when somebody wants to see whether a channel works. */
export function testMessage(id: string, at: number, host: string, by: string): Omit<Message, 'sequence'> {
  const title = `This is a test of palisade on ${host}`;
  return {
    ...{ id, kind: 'test', thread: `test-${id}`, host, at, severity: 'info', state: 'firing', title, more: 0 },
    alerts: [
      {
        ...{ key: `test-${id}`, state: 'firing', detector: 'test', severity: 'info', title },
        why: `${by} asked for it.`,
        remedy: 'There is nothing to do.',
        ...{ sources: [], sourceCount: 0, targets: [], since: at, last: at, resolvedAt: null, events: 0, evidence: [] },
        acknowledgedBy: null,
      },
    ],
  };
}

function alertOf(one: Incident, state: Alert['state'], follows: Tracked | null, lines: number, at: number): Alert {
  return {
    key: one.id,
    state,
    detector: one.detector,
    // As routes see it: it never becomes milder.
    severity: follows?.severity ?? one.severity,
    title: one.title,
    why: one.why,
    remedy: one.remedy,
    sources: one.sources.slice(0, mostSources).map(sourceText),
    sourceCount: one.sourceCount,
    targets: one.targets.slice(0, mostTargets),
    since: one.first,
    last: one.last,
    resolvedAt: state === 'resolved' ? (follows?.closedAt ?? at) : null,
    events: one.events,
    evidence: one.evidence.slice(0, lines).map((line) => cut(line)),
    acknowledgedBy: follows?.acknowledgedBy ?? null,
  };
}

/** The store was exchanged, or lets go of what is old: whoever was told of it is told of its end all the same. */
function forgotten({ id, detector, severity, first, isOpen }: Tracked): Incident {
  return {
    ...{ id, detector, severity, title: `${detector}: what was known of it is gone`, why: '', remedy: '' },
    ...{ sources: [], sourceCount: 0, targets: [], first, last: first, events: 0, evidence: [], spoofable: false, trusted: true },
    state: isOpen ? 'open' : 'closed',
  };
}

function stateOf(alerts: readonly Alert[]): Alert['state'] {
  const [first] = alerts;
  return first !== undefined && alerts.every(({ state }) => state === first.state) ? first.state : 'firing';
}

function titleOf(alerts: readonly Alert[], more: number): string {
  const [worst] = alerts;
  const others = alerts.length - 1 + more;
  return `${worst?.title ?? ''}${others === 0 ? '' : `, and ${others} more`}`;
}

function cut(line: string): string {
  const points = [...line.slice(0, 2 * longestLine)];
  return points.length <= longestLine ? line : `${points.slice(0, longestLine - 1).join('')}…`;
}

function sourceText(source: Prefix): string {
  return source.length === bitsOf(source.family) ? formatAddress(source) : formatPrefix(source);
}

const letters = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** 26 characters, in the order of time: 48 bits of it and 80 that are random, in Crockford's base 32. @param random below 1, as often as asked */
export function messageId(at: number, random: () => number): string {
  const time = Array.from({ length: 10 }, (_, place) => letters[Math.floor(at / 32 ** (9 - place)) % 32]);
  const rest = Array.from({ length: 16 }, () => letters[Math.floor(random() * 32)]);
  return [...time, ...rest].join('');
}
