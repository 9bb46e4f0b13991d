import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../clock.ts';
import type { Reading } from '../../store/index.ts';
import { banToJson, incidentToJson } from '../incident-shape.ts';
import type { Told } from './told.ts';

const everyMs = 1000;
/** Incidents that are told of at the beginning, and of how long. */
const mostKnown = 100;
const knownMs = 86_400_000;

/** What another watcher remembers, as it would say it itself; events are not said one by one. */
export async function* followStore(reading: Reading, clock: Clock, signal: AbortSignal): AsyncGenerator<Told> {
  const begun = clock.now();
  const incidents = new Map<string, string>();
  const bans = new Set<string>();
  const seen = ({ events, state }: { readonly events: number; readonly state: string }): string => `${events} ${state}`;
  const known = reading.incidents({ since: begun - knownMs, most: mostKnown });
  for (const one of known) incidents.set(one.id, seen(one));
  const held = reading.bans({ since: begun - knownMs }).filter(({ until, lifted }) => lifted === null && until > begun);
  for (const one of held) bans.add(`${banToJson(one).source} ${one.at}`);
  yield {
    kind: 'watching',
    pid: null,
    sources: [],
    known: { incidents: known.map(incidentToJson), bans: held.slice(0, mostKnown).map(banToJson) },
  };
  let lostSince = begun;
  while (!signal.aborted) {
    await sleep(everyMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    const now = clock.now();
    // Oldest first, as they happened. What was written a moment late is not missed.
    for (const one of reading.incidents({ since: begun - knownMs, most: mostKnown }).toReversed()) {
      const before = incidents.get(one.id);
      if (before === seen(one)) continue;
      incidents.set(one.id, seen(one));
      const change = one.state === 'closed' ? 'closed' : before === undefined ? 'opened' : 'grew';
      yield { kind: 'incident', change, incident: incidentToJson(one) };
    }
    for (const one of reading.bans({ since: begun - knownMs }).toReversed()) {
      const key = `${banToJson(one).source} ${one.at}`;
      if (bans.has(key) || one.lifted !== null) continue;
      bans.add(key);
      yield { kind: 'ban', ban: banToJson(one), acted: true };
    }
    for (const { source, count, of } of reading.losses(lostSince))
      yield { kind: 'lost', at: now / 1000, source, count, of: of as 'packets' | 'records' | 'bytes' };
    lostSince = now;
  }
}
