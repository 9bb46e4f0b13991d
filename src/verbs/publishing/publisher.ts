import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import manifest from '../../../package.json' with { type: 'json' };
import type { Audited } from '../../audit/index.ts';
import { announcedNow } from '../../change/index.ts';
import type { Host } from '../../model/host/index.ts';
import type { HostState } from '../../monitor/index.ts';
import { type Problem, problemLine } from '../../result.ts';
import { openReading } from '../../store/index.ts';
import { type Counters, createCounters } from '../../watch/counters/index.ts';
import { countedOf } from '../counted.ts';
import type { Noticed } from '../drifting/watching.ts';
import type { Context } from '../verb.ts';
import { factsOf } from '../watching/facts.ts';
import type { Told } from '../watching/told.ts';
import { createDriftTeller, type DriftTeller } from './drift.ts';
import { createHappenedTeller } from './happened.ts';
import { createBackupTeller, createPersistenceTeller } from './kept.ts';
import { auditState, backendsOf, conntrackState, createRulesetTeller, exposureState, updatesState } from './of-host.ts';
import { socketOf } from './place.ts';
import { createPublication } from './publication.ts';
import { chainsOf, createRuleTeller } from './rules.ts';
import { setSizes } from './set-sizes.ts';
import { type Opened, openMetrics, openSocket } from './socket.ts';
import { writeTextfile } from './textfile.ts';

/** A host as it was read, and what was said of it. */
export interface ReadHost extends Audited {
  readonly host: Host;
  /** Epoch milliseconds. */
  readonly countedAt: number;
  readonly auditedAt: number;
}

/** Publishes the state of a host, from what whoever watches it reads and hears. */
export interface Publisher extends AsyncDisposable {
  /** The host was read, and audited if it was not as before. @param intervalMs after which it is read again, at the latest */
  read(read: ReadHost, spent: { readonly readMs: number; readonly auditMs: number }, intervalMs: number): Promise<void>;
  noticed(noticed: Noticed): void;
  told(told: Told): void;
  /** Something was written into the store by others than whoever watches. */
  happened(): void;
  readonly drift: DriftTeller;
  /** What the latest reading said of snapshots. */
  backup(): HostState['backup'];
}

/** So often it is looked whether others wrote: somebody has seen an incident, or an alert was delivered. */
const lookMs = 3000;
/** What happens is told so much later: what comes together is made into text once. */
const gatherMs = 1000;
/** A state counts for so many times as long as it takes until the next one. */
const intervals = 3;
const absent = { known: false, why: 'nobody sends alerts', remedy: 'say to whom: alerts: in config.yaml' } as const;

/** @param alerts how the channels stand; left out: there are none yet */
export function createPublisher(
  context: Context,
  watches: { readonly log: boolean; readonly drift: boolean },
  say: (text: string) => Promise<void>,
  alerts: () => HostState['alerts'] = () => absent,
): Publisher {
  const { clock, kernel, signal, stateFolder, settings } = context;
  const since = clock.now() / 1000;
  const publication = createPublication(() => clock.now());
  const socket = socketOf(settings.publish, stateFolder);
  const drift = createDriftTeller(watches.drift);
  const happened = createHappenedTeller(stateFolder, settings.bans.action, watches.log);
  const backup = createBackupTeller(stateFolder);
  const persistence = createPersistenceTeller(context);
  const ruleTeller = createRuleTeller();
  const rulesetsOf = createRulesetTeller();
  let counters: Counters | null = null;
  let countedAt = Number.NaN;
  let dropped: number | null = null;
  let opened: Opened | null = null;
  let metrics: AsyncDisposable | null = null;
  let timer: NodeJS.Timeout | undefined;
  const said = new Set<string>();

  /** Once, and again when it was otherwise meanwhile. */
  const sayOnce = async (what: string, text: string | null): Promise<void> => {
    if (text === null) {
      for (const one of said) if (one.startsWith(`${what} `)) said.delete(one);
      return;
    }
    if (said.has(`${what} ${text}`)) return;
    said.add(`${what} ${text}`);
    await say(text);
  };
  const problemText = (problems: readonly Problem[]): string => `${capital(problems.map(problemLine).join('; '))}.`;

  const open = async (): Promise<void> => {
    if (socket === null || signal.aborted) return;
    if (opened !== null && (await opened.isThere())) return;
    await opened?.[Symbol.asyncDispose]();
    opened = null;
    const made = await openSocket(socket, settings.publish.group, publication, kernel.run);
    if (made.ok) opened = made.value;
    await sayOnce('socket', made.ok ? made.value.notice : problemText(made.problems));
  };

  const openAddress = async (): Promise<void> => {
    const address = settings.publish.metrics;
    if (address === undefined || metrics !== null || signal.aborted) return;
    const made = await openMetrics(address, publication);
    if (made.ok) metrics = made.value;
    await sayOnce('metrics', made.ok ? null : problemText(made.problems));
  };

  const writeMetrics = async (): Promise<void> => {
    const file = settings.publish.textfile;
    const text = file === undefined ? null : publication.metrics('text');
    if (file === undefined || text === null) return;
    const written = await writeTextfile(file, text);
    await sayOnce('textfile', written.ok ? null : `Metrics are not written. ${problemText(written.problems)}`);
  };

  const putHappened = (): void => {
    const now = clock.now();
    const announced = announcedNow(resolve(stateFolder), now);
    publication.put({
      ...happened.state(now, dropped),
      drift: drift.state(announced === null ? null : announced.until / 1000),
      backup: backup(now),
      alerts: alerts(),
    });
  };
  const later = (): void => {
    if (timer !== undefined || signal.aborted) return;
    timer = setTimeout(() => {
      timer = undefined;
      putHappened();
    }, gatherMs);
    timer.unref();
  };

  let written = writtenAt(stateFolder);
  const looking = setInterval(() => {
    const now = writtenAt(stateFolder);
    if (now === written) return;
    written = now;
    // Before the first reading there is nothing to tell it with.
    if (!Number.isNaN(countedAt)) later();
  }, lookMs);
  looking.unref();

  return {
    drift,
    backup: () => backup(clock.now()),
    async read(read, { readMs, auditMs }, intervalMs) {
      const { host } = read;
      counters ??= createCounters(rememberedHits(stateFolder));
      if (read.countedAt !== countedAt) counters.take(host.readAt, countedOf(host));
      countedAt = read.countedAt;
      dropped = factsOf(host).dropped;
      const [sets, saved] = await Promise.all([setSizes(kernel.run, host, signal), persistence(host)]);
      if (signal.aborted) return;
      const at = host.readAt / 1000;
      publication.put({
        ...{ form: 1, host: host.name, at, until: at + (intervals * (intervalMs + readMs + auditMs)) / 1000 },
        palisade: { version: manifest.version, pid: process.pid, since },
        audit: auditState(host, read, read.auditedAt),
        backends: backendsOf(host),
        rulesets: rulesetsOf(host),
        chains: chainsOf(host),
        rules: ruleTeller.rules(host, counters),
        persistence: saved,
        sets,
        conntrack: conntrackState(host),
        updates: updatesState(host, read),
        exposure: exposureState(read),
        spent: { readMs, auditMs },
      });
      putHappened();
      await open();
      await openAddress();
      await writeMetrics();
    },
    noticed(noticed) {
      drift.take(noticed);
      later();
    },
    told(told) {
      happened.take(told);
      if (told.kind !== 'event' && told.kind !== 'more') later();
    },
    happened: later,
    async [Symbol.asyncDispose]() {
      clearTimeout(timer);
      clearInterval(looking);
      happened[Symbol.dispose]();
      await opened?.[Symbol.asyncDispose]();
      await metrics?.[Symbol.asyncDispose]();
    },
  };
}

/** Another text after each commit to one of the stores. What is not there says so too. */
function writtenAt(stateFolder: string): string {
  const files = ['events.db', 'events.db-wal', 'alerts.db', 'alerts.db-wal'];
  return files.map((name) => statSync(join(stateFolder, name), { throwIfNoEntry: false })?.mtimeMs).join(' ');
}

/** What rules have met before this process began. */
function rememberedHits(stateFolder: string) {
  const reading = openReading(stateFolder);
  if (!reading.ok) return [];
  using store = reading.value;
  return store.hits();
}

function capital(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}
