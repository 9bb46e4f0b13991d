import { randomBytes } from 'node:crypto';
import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../clock.ts';
import { problemLine } from '../../result.ts';
import { openStore, type Store } from '../../store/index.ts';
import { createCounters, createDetection, type Detection } from '../../watch/index.ts';
import type { Source } from '../../watch/sources/source.ts';
import type { Acting } from '../banning/index.ts';
import { banToJson, incidentToJson } from '../incident-shape.ts';
import type { Context } from '../verb.ts';
import { createHostLook } from './host-look.ts';
import { createOutgoing, type Outgoing } from './outgoing.ts';
import { createPipeline, type Pipeline } from './pipeline.ts';
import { rememberedBatches } from './remembered.ts';
import { sourcesFor } from './sources.ts';
import { isSameHost, surroundingsOf } from './surroundings.ts';
import type { CountersRead, Facts, Order, Told, WatchErrand } from './told.ts';

/** Incidents and bans that whoever starts the watcher is told of at once. */
const mostKnown = 100;
const knownMs = 86_400_000;
/** So often the table of connections and sets are looked at. */
const lookMs = 10_000;

/** Watches until the signal aborts. What was kept is written when this resolves. */
export async function watch(
  context: Context,
  errand: WatchErrand,
  output: Writable,
  onOrder: (obey: (order: Order) => void) => void,
): Promise<void> {
  const { clock, signal } = context;
  const { tell } = createOutgoing(output);
  const limits = {
    eventDays: errand.settings.store['keep-days'],
    yearDays: 365,
    bytes: errand.settings.store['max-mb'] * 2 ** 20,
  };
  const opened = openStore(errand.stateFolder, { clock, writer: errand.writer, limits });
  if (!opened.ok) {
    const [problem] = opened.problems;
    if (problem !== undefined) tell({ kind: problem.code === 'store-refused' ? 'taken' : 'failed', problem });
    return;
  }
  using store = opened.value;
  const chosen = sourcesFor(errand.settings.watch, errand.facts.nflogGroups, clock);
  for (const text of chosen.notices) tell({ kind: 'notice', text });
  let acting: Acting | null = null;
  using pipeline = createPipeline({
    clock,
    detection: detectionFor(errand.facts, store, clock),
    acting: () => acting,
    store,
    tell,
  });
  let { facts } = errand;
  const lookAtHost = createHostLook();
  const look = (): void => {
    for (const seen of lookAtHost(clock.now())) pipeline.observe(seen);
  };
  const looking = setInterval(look, lookMs);
  signal.addEventListener('abort', () => clearInterval(looking), { once: true });
  const counters = createCounters(store.read.hits());
  const count = ({ at, rules }: CountersRead): void => pipeline.counted(counters.take(at, rules));
  count(errand.counted);
  const followed = new Map<string, Promise<void>>();
  const begin = (source: Source): void =>
    void followed.set(source.name, follow(source, pipeline, store.cursor(source.name), signal));
  onOrder((order) => {
    count(order.counted);
    // Groups that rules name since: what they log is read too.
    for (const source of sourcesFor(errand.settings.watch, order.facts.nflogGroups, clock).sources) {
      if (followed.has(source.name)) continue;
      begin(source);
      tell({ kind: 'notice', text: `${source.name} is watched too.` });
    }
    if (!isSameHost(facts, order.facts)) pipeline.replace(() => detectionFor(order.facts, store, clock));
    facts = order.facts;
    const { logged, dropped } = facts;
    if (dropped !== null) pipeline.observe({ kind: 'counters', at: clock.now(), logged, dropped });
  });
  // Each is open as soon as it is asked for the first time: what comes after this is said is seen.
  chosen.sources.forEach(begin);
  const banning = keepBanning(context, store, tell, (now) => {
    acting = now;
  });
  tell(watching(chosen.sources, store, clock.now()));
  for (const text of store.notices) tell({ kind: 'notice', text });
  look();
  // Where nothing can be read, whoever started it says so, and what was remembered is still shown.
  await aborted(signal);
  await Promise.all(followed.values());
  await banning;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** So long after bans could not be put into effect it is tried again, such as while somebody else changes the firewall. */
const againMs = 30_000;

/** Has bans put into effect from the moment on at which they can be, until the signal aborts. */
async function keepBanning(
  context: Context,
  store: Store,
  tell: Outgoing['tell'],
  use: (acting: Acting | null) => void,
): Promise<void> {
  const { signal } = context;
  if (context.settings.bans.action === 'off') return;
  // It brings rules and policies along, which nobody else here needs.
  const { openActing } = await import('../banning/index.ts');
  let said = '';
  while (!signal.aborted) {
    const opened = await openActing(context, {
      remembered: store.read,
      changed(ban) {
        store.banned(ban);
        store.commit();
        tell({ kind: 'ban', ban: banToJson(ban), acted: true });
      },
      notice: (text) => void tell({ kind: 'notice', text }),
    });
    if (opened.ok) {
      await using acting = opened.value;
      use(acting);
      await aborted(signal);
      use(null);
      return;
    }
    const text = opened.problems.map(problemLine).join(' ');
    if (text !== said) tell({ kind: 'notice', text: `Nobody is shut out: ${text}` });
    said = text;
    await sleep(againMs, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

async function follow(source: Source, pipeline: Pipeline, after: string | null, signal: AbortSignal): Promise<void> {
  for await (const said of source.follow(after, signal)) pipeline.take(source.name, said);
}

/** As if it had seen the last minutes, and with what was open. */
function detectionFor(facts: Facts, store: Store, clock: Clock): Detection {
  const detection = createDetection({
    seed: randomBytes(4).readInt32LE(),
    surroundings: surroundingsOf(facts),
    resume: store.read.incidents({ state: 'open' }),
  });
  for (const batch of rememberedBatches(store.read, clock.now())) detection.learn(batch);
  return detection;
}

function watching(sources: readonly Source[], { read }: Store, now: number): Told {
  const since = now - knownMs;
  return {
    kind: 'watching',
    pid: process.pid,
    sources: sources.map(({ name, trusted }) => ({ name, trusted })),
    known: {
      incidents: read.incidents({ since, most: mostKnown }).map(incidentToJson),
      bans: read
        .bans({ since })
        .filter(({ until, lifted }) => lifted === null && until > now)
        .slice(0, mostKnown)
        .map(banToJson),
    },
  };
}
