import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { start } from '../../kernel/index.ts';
import type { Context } from '../verb.ts';
import type { SendErrand, SenderTold } from './told.ts';

const firstPauseMs = 200;
const longestPauseMs = 30_000;
/** Whoever lived so long did not die of how it was started. */
const soundMs = 60_000;

/** Gives up every right of root's but to his own files, for good. */
const withoutRights = [
  'setpriv',
  '--inh-caps=-all',
  '--ambient-caps=-all',
  '--bounding-set=-all',
  '--no-new-privs',
  '--',
] as const;

/**
 * Starts a process that sends, and another when it dies, until the signal aborts. It says nothing where the configuration names nobody to tell.
 *
 * @param writer for whoever asks who sends: `palisade up`
 * @param socket where the state of the host is published
 */
export async function* startSending(context: Context, writer: string, socket: string | null): AsyncGenerator<SenderTold> {
  const { signal, stateFolder, policyFile, settings } = context;
  if (settings.alerts === undefined && settings.reports === undefined) return;
  const env = environmentOf(context);
  const errand: SendErrand = { stateFolder, policyFile, settings, env, writer, host: hostname(), socket };
  const isRoot = process.geteuid?.() === 0;
  let pauseMs = firstPauseMs;
  let failure = '';
  let reason = '';
  while (!signal.aborted) {
    const began = performance.now();
    const child = start({ argv: [...(isRoot ? withoutRights : (['env', '--'] as const)), process.execPath, program()], env });
    const end = (): void => void child[Symbol.asyncDispose]();
    signal.addEventListener('abort', end, { once: true });
    let last: SenderTold | null = null;
    try {
      child.say(JSON.stringify(errand));
      for await (const line of child.lines) {
        const told = toldIn(line);
        if (told === null) continue;
        last = told;
        const isSaid = told.kind === 'failed' && told.problem.message === failure;
        if (told.kind === 'failed') failure = told.problem.message;
        else if (told.kind === 'sending') failure = '';
        if (!isSaid) yield told;
      }
    } finally {
      signal.removeEventListener('abort', end);
      await child[Symbol.asyncDispose]();
    }
    if (signal.aborted) return;
    const { status, stderr } = await child.ended;
    if (performance.now() - began > soundMs) {
      pauseMs = firstPauseMs;
      reason = '';
    }
    if (last?.kind === 'failed' || last?.kind === 'taken') pauseMs = longestPauseMs;
    else {
      const why = /^\w*Error.*/m.exec(stderr)?.[0] ?? (stderr.trim().split('\n').at(-1) || endWords(status));
      // What cannot be started at all is said once.
      if (why !== reason)
        yield { kind: 'notice', text: `The process that sends alerts has ended (${why}); it is started again.` };
      reason = why;
    }
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    pauseMs = Math.min(2 * pauseMs, longestPauseMs);
  }
}

function endWords(status: number): string {
  return status > 128 ? `signal ${status - 128}` : `status ${status}`;
}

/** How it reaches others from where proxies stand between, and whose certificates it trusts. */
function environmentOf({ env }: Context): Record<string, string> {
  return Object.fromEntries(
    ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'TZ'].flatMap((name) => {
      const value = env[name];
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}

/** One that was killed may leave half of a line. */
function toldIn(line: string): SenderTold | null {
  try {
    return JSON.parse(line) as SenderTold;
  } catch {
    return null;
  }
}

/** Beside this file, as source or as built. */
function program(): string {
  const name = import.meta.url.endsWith('.ts') ? './sender.ts' : './sender.js';
  return fileURLToPath(new URL(name, import.meta.url));
}
