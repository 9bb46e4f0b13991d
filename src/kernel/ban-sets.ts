import { type ChildProcess, spawn } from 'node:child_process';
import { setPriority } from 'node:os';
import { createInterface } from 'node:readline';
import type { Problem } from '../result.ts';
import { addLine, type BanEntry, banSetNames, createBanSets, deleteLine } from './ban-set.ts';
import type { Namespace } from './namespace.ts';

/** Puts sources into the kernel's sets, and takes them out, by one `ipset -` that lives as long as this. */
export interface BanSets extends AsyncDisposable {
  /** Handed to the kernel at once: a packet that comes a millisecond later meets it. */
  add(entry: BanEntry): void;
  remove(entry: Omit<BanEntry, 'seconds'>): void;
  /** Resolves when the kernel has taken, or refused, all that was said before. */
  settled(): Promise<void>;
  /** Commands that were given up, since so many waited for a program that did not come up. */
  readonly lost: number;
}

export interface BanSetsOptions {
  readonly namespace?: Pick<Namespace, 'enter' | 'env'>;
  /** What the kernel refuses, by the command, and what becomes of the program; called from Node's event loop. */
  readonly trouble: (problem: Problem) => void;
}

/** Commands at a time: what is written fits into a pipe, and a refusal can be found again. */
const batchSize = 512;
const mostWaiting = 65_536;
const answerMs = 5000;
const pausesMs = [0, 100, 1000, 5000] as const;

/**
 * `ipset -` goes on behind a command that the kernel refuses, and says so on standard error (7.17; its standard output comes only when it ends).
 * So behind each batch it is asked whether 0.x.y.z is in a set, another one each time: by its answer all that stood before is done, and
 * what was refused stands before it. Where more than one command was in a batch with a refusal, they are said again one by one.
 */
export function openBanSets({ namespace, trouble }: BanSetsOptions): BanSets {
  let waiting: string[] = [];
  /** What the program has not answered to yet. */
  let asked: readonly string[] | null = null;
  let single: string[] = [];
  let refusals: string[] = [];
  let marker = 0;
  let lost = 0;
  let failures = 0;
  let child: ChildProcess | null = null;
  let timer: NodeJS.Timeout | undefined;
  let restart: NodeJS.Timeout | undefined;
  let closed = false;
  let settling: (() => void)[] = [];

  begin();
  return {
    add: (entry) => say(addLine(entry)),
    remove: (entry) => say(deleteLine(entry)),
    settled: () => new Promise((resolve) => (isIdle() ? resolve() : settling.push(resolve))),
    get lost() {
      return lost;
    },
    async [Symbol.asyncDispose]() {
      if (!closed && !isIdle() && child !== null) await Promise.race([this.settled(), wait(answerMs)]);
      closed = true;
      clearTimeout(timer);
      clearTimeout(restart);
      const last = child;
      child = null;
      if (last !== null) {
        const ended = new Promise((resolve) => last.once('close', resolve));
        last.stdin?.end();
        const killer = setTimeout(() => last.kill('SIGKILL'), 1000);
        await ended;
        clearTimeout(killer);
      }
      release();
    },
  };

  function say(line: string): void {
    if (closed) return;
    if (waiting.length >= mostWaiting) {
      waiting.shift();
      lost += 1;
    }
    waiting.push(line);
    flush();
  }

  function begin(): void {
    const [tool, ...args] = [...(namespace?.enter ?? []), 'ipset', '-exist', '-'] as const;
    const started = spawn(tool as string, args, {
      cwd: '/',
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', ...namespace?.env },
    });
    child = started;
    hurry(started.pid);
    started.stdout.resume();
    started.stdin.on('error', () => undefined);
    createInterface({ input: started.stderr }).on('line', (line) => heard(started, line));
    started.on('error', (error) => ended(started, error.message));
    started.on('close', (status, signal) => ended(started, `it ended by ${signal ?? status}`));
    // Whoever destroyed the sets meanwhile gets them again.
    waiting = [
      ...createBanSets
        .trimEnd()
        .split('\n')
        .map((line) => `${line}\n`),
      ...waiting,
    ];
    flush();
  }

  function flush(): void {
    if (child === null || asked !== null || closed) return;
    const next = single.length > 0 ? [single.shift() as string] : waiting.splice(0, batchSize);
    if (next.length === 0) {
      release();
      return;
    }
    asked = next;
    marker = (marker % 0xfffffe) + 1;
    child.stdin?.write(`${next.join('')}test ${banSetNames.never[4]} ${markerAddress(marker)}\n`);
    timer ??= setTimeout(overdue, answerMs);
    timer.refresh();
  }

  function heard(from: ChildProcess, line: string): void {
    if (from !== child || asked === null) return;
    if (
      !line.startsWith(`${markerAddress(marker)} is NOT in set`) &&
      !line.startsWith(`Warning: ${markerAddress(marker)} is in set`)
    ) {
      if (line.startsWith('ipset ')) refusals.push(line.replace(/^ipset \S+ /, ''));
      return;
    }
    clearTimeout(timer);
    failures = 0;
    const [said, wrong] = [asked, refusals];
    asked = null;
    refusals = [];
    if (wrong.length > 0) {
      if (said.length > 1) single.push(...said);
      else trouble(refused(said[0] ?? '', wrong[0] ?? ''));
    }
    flush();
  }

  function overdue(): void {
    if (asked !== null) child?.kill('SIGKILL');
  }

  function ended(from: ChildProcess, why: string): void {
    if (from !== child) return;
    child = null;
    clearTimeout(timer);
    // All commands may be said twice.
    waiting = [...(asked ?? []), ...single, ...waiting];
    asked = null;
    single = [];
    refusals = [];
    if (closed) return;
    const pause = pausesMs[Math.min(failures, pausesMs.length - 1)];
    failures += 1;
    // That it was ended once is mended at once, and nobody's to look at.
    if (failures === 2) trouble(gone(why));
    restart = setTimeout(begin, pause);
  }

  function isIdle(): boolean {
    return asked === null && waiting.length === 0 && single.length === 0;
  }

  function release(): void {
    const all = settling;
    settling = [];
    for (const resolve of all) resolve();
  }
}

/** It does next to nothing, and what it does must not wait for whoever makes the machine busy. */
const hurriedNice = -10;

function hurry(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    setPriority(pid, hurriedNice);
  } catch (error) {
    // It has ended already, or root may not in this container: then it is as fast as others.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SYSTEM_ERROR') throw error;
  }
}

/** In 0.0.0.0/8, from where nobody sends. */
function markerAddress(number: number): string {
  return `0.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}

function refused(command: string, why: string): Problem {
  return {
    code: 'restore-refused',
    message: `the kernel did not take "${command.trim()}": ${why}`,
    hint: 'see ipset list -t',
  };
}

function gone(why: string): Problem {
  return {
    code: 'restore-refused',
    message: `nobody can be shut out, since ipset does not run (${why})`,
    hint: 'see that ipset is installed and that the kernel has ip_set; it is tried again all the time',
  };
}
