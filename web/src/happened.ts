import type { BanJson, IncidentJson } from '../../src/verbs/incident-shape.ts';
import type { StreamMessage } from './events.ts';

/** Incidents and bans that the page keeps. */
const kept = 100;

/** What happened, as the page knows it: the latest first. */
export interface Happened {
  readonly incidents: readonly IncidentJson[];
  readonly bans: readonly BanJson[];
}

export const nothingHappened: Happened = { incidents: [], bans: [] };

/** What is known after some more messages of the stream. */
export function afterHappenings(before: Happened, messages: readonly StreamMessage[]): Happened {
  let { incidents, bans } = before;
  for (const message of messages) {
    if (message.kind === 'hello') ({ incidents, bans } = message);
    else if (message.kind === 'incident') incidents = latest(incidents, message.incident, ({ id }) => id);
    else if (message.kind === 'ban' && message.acted) bans = latest(bans, message.ban, ({ source }) => source);
  }
  return incidents === before.incidents && bans === before.bans ? before : { incidents, bans };
}

function latest<T>(all: readonly T[], one: T, keyOf: (of: T) => string): readonly T[] {
  return [one, ...all.filter((other) => keyOf(other) !== keyOf(one))].slice(0, kept);
}

/** Until when, in epoch seconds, somebody is shut out for an incident; `null`: nobody is. */
export function shutOutUntil({ bans }: Happened, incident: IncidentJson, now: number): number | null {
  const until = Math.max(
    0,
    ...bans.flatMap((ban) => (ban.by.kind === 'incident' && ban.by.incident === incident.id ? [ban.until] : [])),
  );
  return until > now ? until : null;
}
