import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Child, start } from '../../kernel/index.ts';
import type { Context } from '../verb.ts';
import type { CountersRead, Facts, Order, Told, WatchErrand } from './told.ts';

/** A watcher, as its parent has it. */
export interface Watching {
  /** What it says, until the signal aborts, or it cannot watch here at all. Started again whenever it dies, which is said. */
  readonly told: AsyncIterable<Told>;
  /** The host is another, or its counters are. */
  facts(facts: Facts, counted: CountersRead): void;
}

const firstPauseMs = 200;
const longestPauseMs = 30_000;
/** Whoever lived so long did not die of how it was started. */
const soundMs = 60_000;

/**
 * Starts a process that watches, and another when it dies.
 *
 * @param isLasting whoever goes on for months tries again where it could not watch at all, such as on a full disk, and says so once
 */
export function startWatching(
  context: Context,
  first: Facts,
  firstCounted: CountersRead,
  { writer, isLasting }: { readonly writer: string; readonly isLasting: boolean },
): Watching {
  const { signal } = context;
  let facts = first;
  let counted = firstCounted;
  let child: Child | null = null;

  async function* follow(): AsyncGenerator<Told> {
    let pauseMs = firstPauseMs;
    let failure = '';
    while (!signal.aborted) {
      const began = performance.now();
      const { stateFolder, policyFile, settings } = context;
      const errand: WatchErrand = {
        stateFolder,
        policyFile,
        settings,
        env: environmentOf(context),
        writer,
        facts,
        counted,
      };
      const started = start({ argv: [process.execPath, program()], env: environmentOf(context) });
      child = started;
      const end = (): void => void started[Symbol.asyncDispose]();
      signal.addEventListener('abort', end, { once: true });
      try {
        started.say(JSON.stringify(errand));
        let last: Told | null = null;
        for await (const line of started.lines) {
          const told = toldIn(line);
          if (told === null) continue;
          last = told;
          if (told.kind !== 'failed' || told.problem.message !== failure) yield told;
          failure = told.kind === 'failed' ? told.problem.message : '';
        }
        if (signal.aborted || last?.kind === 'taken' || (last?.kind === 'failed' && !isLasting)) return;
      } finally {
        child = null;
        signal.removeEventListener('abort', end);
        await started[Symbol.asyncDispose]();
      }
      const { status, stderr } = await started.ended;
      if (performance.now() - began > soundMs) pauseMs = firstPauseMs;
      if (failure !== '') {
        await sleep(longestPauseMs, undefined, { signal }).catch(() => undefined);
        continue;
      }
      const why = faultIn(stderr) ?? (status > 128 ? `signal ${status - 128}` : `status ${status}`);
      yield { kind: 'notice', text: `The process that watches has ended (${why}); it is started again.` };
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
      pauseMs = Math.min(2 * pauseMs, longestPauseMs);
    }
  }

  return {
    told: follow(),
    facts(next, nextCounted) {
      facts = next;
      counted = nextCounted;
      child?.say(JSON.stringify({ kind: 'facts', facts, counted } satisfies Order));
    },
  };
}

/** What Node says of an error that nobody caught, in its first line. */
function faultIn(stderr: string): string | null {
  return /^\w*Error.*/m.exec(stderr)?.[0] ?? (stderr.trim().split('\n').at(-1) || null);
}

/** What of ours it is told: where the lock of iptables is, and who has called us, whom it never shuts out. */
function environmentOf({ env }: Context): Record<string, string> {
  return Object.fromEntries(
    ['XTABLES_LOCKFILE', 'SSH_CONNECTION'].flatMap((name) => {
      const value = env[name];
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}

/** One that was killed may leave half of a line. */
function toldIn(line: string): Told | null {
  try {
    return JSON.parse(line) as Told;
  } catch {
    return null;
  }
}

/** Beside this file, as source or as built. */
function program(): string {
  const name = import.meta.url.endsWith('.ts') ? './watcher.ts' : './watcher.js';
  return fileURLToPath(new URL(name, import.meta.url));
}
