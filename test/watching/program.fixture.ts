import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { openReading } from '../../src/store/index.ts';
import type { WatchedHost } from './watched.fixture.ts';

/** palisade in a watched host's namespace, and what it says as JSON. */
export interface Program<Part> extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly heard: readonly Part[];
  /** Waits until something is so, which it must be in a minute at most: other tests may use the same processors. */
  until(what: string, isSo: () => boolean): Promise<void>;
  /** The process that watches for it. */
  watcher(): Promise<number>;
  /** Ends it as people do; its exit status. */
  end(): Promise<number>;
}

const patienceMs = 60_000;

export function run<Part>(host: WatchedHost, verb: string, ...flags: readonly string[]): Program<Part> {
  const [program = '', ...argv] = [...host.firewall.enter, process.execPath, 'src/daemon/main.ts', verb];
  const child = spawn(program, [...argv, ...flags, '--json', ...host.flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...host.firewall.env },
  });
  const heard: Part[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => heard.push(JSON.parse(line) as Part));
  const ended = once(child, 'exit');
  return {
    child,
    heard,
    async until(what, isSo) {
      for (const end = performance.now() + patienceMs; !isSo(); await sleep(20))
        if (performance.now() > end) throw new Error(`${what}: not so in a minute; heard ${JSON.stringify(heard.slice(-5))}`);
    },
    async watcher() {
      const ran = await host.firewall.run({ argv: ['pgrep', '-P', String(child.pid), '-f', 'watching/watcher'] });
      const pid = ran.kind === 'exited' ? Number(ran.stdout) : 0;
      if (!(pid > 1)) throw new Error(`nobody watches: ${JSON.stringify(ran)}`);
      return pid;
    },
    async end() {
      child.kill('SIGTERM');
      const [status] = await ended;
      return status as number;
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Events that are remembered. */
export function remembered(host: WatchedHost): number {
  const opened = openReading(`${host.folder}/state`);
  if (!opened.ok) throw new Error(opened.problems[0]?.message);
  using reading = opened.value;
  return [...reading.events({ most: 1_000_000 })].length;
}

export function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

export function count(from: number, howMany: number): number[] {
  return Array.from({ length: howMany }, (_, index) => from + index);
}
