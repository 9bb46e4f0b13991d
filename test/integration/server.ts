import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A real server that a test has started. Disposing of it ends its processes, and waits until they are gone. */
export interface Server extends AsyncDisposable {
  readonly pid: number;
  /** What it has written so far, errors included. */
  log(): string;
}

interface StartOptions {
  /** Where its output goes. */
  readonly logFile: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** As which user it runs; the caller's unless said. */
  readonly user?: string;
}

/** So long a server may take to end by itself. */
const endMs = 10_000;

/**
 * Starts a server in the foreground, in a process group of its own, so that its children end with it.
 *
 * @throws where the program is not there
 */
export async function startServer(argv: readonly string[], { logFile, cwd, env, user }: StartOptions): Promise<Server> {
  const whole = user === undefined ? argv : ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--init-groups', '--', ...argv];
  const [program = '', ...rest] = whole;
  const output = openSync(logFile, 'a');
  const child = spawn(program, rest, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', output, output],
    detached: true,
  });
  closeSync(output);
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  const pid = child.pid ?? 0;
  return {
    pid,
    log: () => readFileSync(logFile, 'utf8'),
    async [Symbol.asyncDispose]() {
      signalGroup(pid, 'SIGTERM');
      await Promise.race([gone, sleep(endMs, undefined, { ref: false })]);
      signalGroup(pid, 'SIGKILL');
      await gone;
    },
  };
}

/** Waits until what is asked for is so, asking again and again. The last answer, or what it threw, is said if it never is. */
export async function eventually<T>(
  what: string,
  ask: () => T | Promise<T>,
  withinMs = 60_000,
  everyMs = 100,
): Promise<NonNullable<T>> {
  const end = performance.now() + withinMs;
  for (;;) {
    let last: unknown;
    try {
      const answer = await ask();
      if (answer !== null && answer !== undefined && answer !== false) return answer as NonNullable<T>;
      last = answer;
    } catch (error) {
      last = error;
    }
    if (performance.now() > end) throw new Error(`${what} did not happen within ${withinMs / 1000} s: ${String(last)}`);
    await sleep(everyMs);
  }
}

/** All of a process group that is still there. */
function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
