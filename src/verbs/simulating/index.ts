/**
 * Logs of the past, through the detectors.
 *
 * `log` reads one, `merged` several as one, `surroundings` says whose they are. It knows no kernel and keeps nothing. Only `simulate` calls it.
 */
import { formatPrefix, type Prefix, parsePrefix } from '../../model/net/index.ts';
import type { Problem } from '../../result.ts';
import { createBans, type NeverEntry } from '../../watch/bans/index.ts';
import { createDetection, unknownSurroundings } from '../../watch/detect/index.ts';
import { type Batch, Names } from '../../watch/events/index.ts';
import type { Happening } from '../../watch/incidents/index.ts';
import { banToJson, incidentToJson } from '../incident-shape.ts';
import { momentOf } from '../moment.ts';
import type { SimulatePartJson } from '../simulate-shape.ts';
import type { Context, Outcome } from '../verb.ts';
import { type Log, openLog, UnreadLog } from './log.ts';
import { merged, type Passed } from './merged.ts';
import { readWhose } from './whose.ts';

export interface Asked {
  readonly files: readonly string[];
  readonly trustFiles: boolean;
  readonly never: readonly string[];
  readonly since?: string | undefined;
  readonly facts?: string | undefined;
}

/** Any number does: what is past cannot be fitted to it. The same log then always says the same. */
const seed = 0x51a1f0;
/** Incidents are closed when they have been quiet for long; none waits for longer. */
const longestQuietMs = 30 * 86_400_000;
/** Suspects come as late as this, and a bit; a ban that is over on their own time keeps nobody out, though it is still there. */
const latestMs = 120_000;

export async function simulateLogs(context: Context, asked: Asked): Promise<Outcome<SimulatePartJson>> {
  const since = asked.since === undefined ? Number.NEGATIVE_INFINITY : momentOf(asked.since, context.clock.now());
  if (since === null)
    return invalid('usage', `--since ${asked.since} is no time`, 'write 2h, 7d, or a time such as 2026-11-22T08:00');
  const never: NeverEntry[] = [];
  for (const text of asked.never.flatMap((one) => one.split(','))) {
    const network = parsePrefix(text.trim());
    if (network === undefined)
      return invalid('usage', `--never ${text} is no address`, 'write addresses or networks such as 203.0.113.9,2001:db8::/32');
    never.push({ network, why: 'you said so' });
  }
  if (asked.files.filter((file) => file === '-').length > 1)
    return invalid('usage', 'standard input is named twice', 'name each log once');
  const whose = asked.facts === undefined ? null : await readWhose(context, asked.facts);
  if (whose?.ok === false) return { kind: 'invalid', problems: whose.problems };
  const names = new Names();
  await using stack = new AsyncDisposableStack();
  const logs: Log[] = [];
  const problems: Problem[] = [];
  for (const file of asked.files) {
    const log = await openLog(file, names, context.clock.now());
    if (log.ok) logs.push(stack.use(log.value));
    else problems.push(...log.problems);
  }
  if (problems.length > 0) return { kind: 'invalid', problems };
  const detection = createDetection({ seed, surroundings: whose?.value.surroundings ?? unknownSurroundings });
  const bans = createBans({ never: [...never, ...(whose?.value.never ?? [])], trustFiles: asked.trustFiles });
  const told = telling(context);
  const passed: Passed = { before: 0, from: Number.POSITIVE_INFINITY, to: Number.NEGATIVE_INFINITY };

  const hear = async (happenings: readonly Happening[]): Promise<void> => {
    for (const happening of happenings) {
      if (happening.kind === 'incident') {
        await told.incident(happening);
        continue;
      }
      // Of sources that go on it is said now and then, each with its last event: who was heard of before is not let in again for who was heard of since.
      bans.expired(happening.at - latestMs);
      const ban = bans.suspect(happening);
      bans.dropped();
      if (ban !== null) await told.ban(ban);
    }
  };
  let events = 0;
  const take = async (batch: Batch): Promise<void> => {
    context.signal.throwIfAborted();
    events += batch.length;
    const happenings = detection.take(batch);
    if (happenings.length > 0) await hear(happenings);
  };
  try {
    for await (const batch of merged(logs, names, since, passed, (name) => context.progress(`reading ${name}`)))
      await take(batch);
  } catch (error) {
    if (error instanceof UnreadLog) return { kind: 'invalid', problems: [error.problem] };
    throw error;
  }
  if (events > 0) await hear(detection.tick(passed.to + longestQuietMs));
  const { incidents, detectors, count, sources } = told;
  await context.part({
    kind: 'summary',
    files: logs.map(({ name, reader, events: of }) => ({
      file: name,
      form: reader.carrier?.name ?? null,
      events: of,
      passed: reader.passed,
    })),
    events,
    passed: logs.reduce((sum, { reader }) => sum + reader.passed, 0),
    before: passed.before,
    from: events === 0 ? null : passed.from / 1000,
    to: events === 0 ? null : passed.to / 1000,
    incidents: incidents(),
    bans: count(),
    banned: sources(),
    trusted: asked.trustFiles,
    detectors: detectors(),
    unfollowed: detection.counts.unfollowed,
  } satisfies SimulatePartJson);
  return { kind: incidents() > 0 ? 'found' : 'done', value: null };
}

function invalid(code: Problem['code'], message: string, hint: string): Outcome<never> {
  return { kind: 'invalid', problems: [{ code, message, hint }] };
}

/** Says incidents when they are over, and bans at once; and counts both. */
function telling(context: Context) {
  /** When those that are open were seen first. */
  const opened = new Map<string, number>();
  const seen = new Map<string, { incidents: number; events: number }>();
  const banned = new Set<string>();
  let [incidents, bans] = [0, 0];
  return {
    async incident({ change, incident }: Extract<Happening, { kind: 'incident' }>): Promise<void> {
      if (change === 'opened') opened.set(incident.id, incident.last);
      if (change !== 'closed') return;
      const at = opened.get(incident.id) ?? incident.last;
      opened.delete(incident.id);
      incidents += 1;
      const of = seen.get(incident.detector) ?? { incidents: 0, events: 0 };
      seen.set(incident.detector, { incidents: of.incidents + 1, events: of.events + incident.events });
      await context.part({ ...incidentToJson(incident), opened: at / 1000 } satisfies SimulatePartJson);
    },
    async ban(ban: Parameters<typeof banToJson>[0] & { readonly source: Prefix }): Promise<void> {
      bans += 1;
      banned.add(formatPrefix(ban.source));
      await context.part(banToJson(ban) satisfies SimulatePartJson);
    },
    incidents: () => incidents,
    count: () => bans,
    sources: () => banned.size,
    detectors: () =>
      [...seen].map(([detector, of]) => ({ detector, ...of })).sort((one, other) => other.incidents - one.incidents),
  };
}
