import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../clock.ts';
import type { StateRead } from '../../monitor/index.ts';
import { type Reporter, type ReporterContext, reporters } from '../../monitor/reporters/index.ts';

interface ReportingOptions {
  readonly clock: Clock;
  readonly host: string;
  /** By the reporters' names. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly read: () => Promise<StateRead>;
  readonly say: (text: string) => void;
}

const againMs = 60_000;
/** So often it is looked whether another state was published. */
const lookMs = 5000;

/** Runs those reporters that the configuration names, each by itself, until the signal aborts. */
export async function report(options: ReportingOptions, signal: AbortSignal): Promise<void> {
  const { settings, clock, host, say } = options;
  const published = watchPublished(options.read, signal);
  const named = reporters.filter(({ name }) => settings[name] !== undefined);
  await Promise.all(
    named.map((reporter) =>
      keepRunning(
        reporter,
        settings[reporter.name],
        { clock, host, say: (text) => say(`${reporter.name}: ${text}`), ...published },
        signal,
      ),
    ),
  );
}

/** One that ends, or fails, begins anew. */
async function keepRunning(reporter: Reporter, settings: unknown, context: ReporterContext, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await reporter.run(reporter.settings.parse(settings), context, signal);
      if (signal.aborted) return;
      context.say('it has ended, and is started again');
    } catch (error) {
      if (signal.aborted) return;
      context.say(`it fails (${(error as Error).message}), and is started again`);
    }
    await sleep(againMs, undefined, { signal }).catch(() => undefined);
  }
}

/** The state is read once for all who wait for another. */
function watchPublished(read: ReportingOptions['read'], signal: AbortSignal): Pick<ReporterContext, 'state' | 'changed'> {
  let known: string | null = null;
  let isLooking = false;
  const waiting = new Set<() => void>();
  const state = async (): Promise<StateRead> => {
    const got = await read();
    const version = versionOf(got);
    const isNew = known !== null && version !== known;
    known = version;
    if (isNew) for (const wake of waiting) wake();
    return got;
  };
  /** As long as somebody waits. */
  async function look(): Promise<void> {
    if (isLooking) return;
    isLooking = true;
    while (waiting.size > 0 && !signal.aborted) {
      await sleep(lookMs, undefined, { signal }).catch(() => undefined);
      await state();
    }
    isLooking = false;
  }
  return {
    state,
    changed(forMs) {
      return new Promise((resolve) => {
        const done = (): void => {
          clearTimeout(timer);
          signal.removeEventListener('abort', done);
          waiting.delete(done);
          resolve();
        };
        const timer = setTimeout(done, forMs);
        signal.addEventListener('abort', done, { once: true });
        waiting.add(done);
        void look();
      });
    },
  };
}

/**
 * Another text for a state in which something happened. Between two readings of the host it keeps its time, while incidents begin, end and are attended
 * to, drift is seen and channels fail; how much was counted meanwhile is nothing to be told at once.
 */
export function versionOf(got: StateRead): string {
  if (!got.ok) return got.problem.message;
  const { at, drift, incidents, alerts, backup } = got.state;
  return JSON.stringify([
    at,
    ...[drift, backup],
    incidents.known ? [incidents.value.open, incidents.value.attended] : incidents.why,
    alerts.known ? alerts.value.map(({ channel, dead, failing }) => [channel, dead, failing]) : alerts.why,
  ]);
}
