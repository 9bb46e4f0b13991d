import { mkdirSync, readFileSync, readlinkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Run } from '../../kernel/index.ts';
import type { Backend } from '../../model/host/index.ts';
import type { Family } from '../../model/net/index.ts';
import { ownPrefix } from '../../policy/index.ts';
import { failed, ok, type Result } from '../../result.ts';
import type { OwnTable } from '../apply/own.ts';
import { toolsFor } from '../apply/tools.ts';
import { unwritable } from '../history/unwritable.ts';
import { guardScript, starterScript } from './script.ts';

/** What tools are told beside their arguments, by name. */
type Env = Readonly<Record<string, string>>;

/** One table that a change touches, as it was before. */
export interface Guarded {
  readonly family: Family;
  /** What `iptables-save -t TABLE` printed. */
  readonly text: string;
  readonly own: OwnTable;
  /** Built-in chains whose policy changes. */
  readonly policies: readonly string[];
}

/** A change that undoes itself unless somebody confirms it; see {@link guardScript}. */
export interface Guard {
  /**
   * What stands before the argv of a tool that writes rules: a lock for which whoever undoes waits, and behind which nothing is written
   * any more once he has begun.
   */
  readonly writing: readonly [tool: string, ...args: string[]];
  /** Its folder still holds this change, and not one that somebody made since. */
  isCurrent(): boolean;
  /** All is written: from now on it is undone by itself after so many seconds. Until then, only if this process dies. */
  written(seconds: number): void;
  /** Undoes the change now, and resolves when it is undone, or after `patienceMs` with what stands in the way. */
  revert(patienceMs?: number): Promise<Result<void>>;
}

const stepMs = 5;

/**
 * How long whoever undoes the change of a folder is waited for, until he stands ready and until he has undone it: it takes its time to read
 * and to write a whole host with a hundred thousand rules or members of sets.
 */
export function patienceFor(folder: string): { readonly armMs: number; readonly revertMs: number } {
  return isThere(join(folder, 'old/tables')) ? { armMs: 30_000, revertMs: 120_000 } : { armMs: 5000, revertMs: 30_000 };
}

/** Marks that the guard sets. They are there from the start under other names, since a full disk takes no new file. */
const marks = ['reverting', 'reverted'] as const;

/** How a change is undone: what palisade has in some tables is put back, or the whole host as a folder `old` says it. */
export type Undo =
  | {
      readonly kind: 'own';
      readonly backend: Backend;
      readonly tables: readonly Guarded[];
      /** As `ipset save` prints them. */
      readonly sets: string;
    }
  | {
      readonly kind: 'whole';
      /** What `old` holds, and whatever else is to lie in the guard's folder; see {@link stateFiles}. */
      readonly files: ReadonlyMap<string, string>;
    };

/**
 * Writes all that is needed to undo the change, and starts who will do it: `sh` in a session of its own, in this process's
 * namespaces. Nothing may be changed before this has resolved.
 *
 * @param env what its tools are told
 * @param holder who holds for this process what those tools would wait for: ended where this process is stopped
 */
export async function arm(run: Run, folder: string, undo: Undo, env: Env, holder: number | null): Promise<Result<Guard>> {
  rmSync(folder, { recursive: true, force: true });
  // Not with those above it, of which Node would say that they are not there on a disk that may only be read.
  mkdirSync(folder, { mode: 0o700 });
  const write = (name: string, text: string): void =>
    writeFileSync(join(folder, name), text, { encoding: 'latin1', mode: 0o600, flush: true });
  for (const [name, text] of filesOf(undo)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true, mode: 0o700 });
    write(name, text);
  }
  const owner = `${process.pid} ${startOf(process.pid)} ${process.hrtime.bigint()}\n`;
  write('owner', owner);
  write('holder', holder === null ? '' : `${holder} ${startOf(holder)}\n`);
  for (const lock of ['lock', 'xtables.lock']) write(lock, '');
  const setDeadline = (after: number): void => {
    // The reader must never find half of it.
    write('deadline.new', `${Math.ceil(uptime() + after)}\n`);
    renameSync(join(folder, 'deadline.new'), join(folder, 'deadline'));
  };
  // While rules are being written they are undone only if whoever writes them dies.
  write('committing', '');
  write('guard.sh', guardScript);
  write('place', `${machineStart()} ${networkHere()}\n`);
  write('confirm', '');
  for (const mark of marks) write(`${mark}.mark`, '');
  if (!(await start(run, folder, env))) {
    // Without it, whoever comes late does not stand ready any more.
    rmSync(folder, { recursive: true, force: true });
    return failed({
      code: 'restore-refused',
      message: 'what would undo the change could not be started, and nothing was changed',
      hint: 'see that sh, setsid and flock (util-linux) can be run, and that there is room in the state folder',
    });
  }
  return ok({
    writing: ['flock', join(folder, 'lock'), 'sh', '-c', '[ -e "$0" ] && exec "$@"', join(folder, 'committing')],
    isCurrent: () => textOf(join(folder, 'owner')) === owner,
    written(seconds) {
      setDeadline(seconds);
      rmSync(join(folder, 'committing'), { force: true });
    },
    async revert(patienceMs = patienceFor(folder).revertMs) {
      tellUndo(folder);
      if (await reverts(folder, patienceMs)) return ok(undefined);
      const isGone = guardOf(folder) === null;
      // Somebody ended it; or it has undone the change, and a disk that may only be read took no word of that.
      if (isGone && (await startAnew(run, folder, env)) && (await reverts(folder, patienceMs))) return ok(undefined);
      return failed({
        code: 'restore-refused',
        message: isGone
          ? 'what undoes the change has ended, and could leave no word of it'
          : `the change is not undone yet: ${lastError(folder)}`,
        hint: isGone ? 'see palisade plan for what is there' : `it is tried again every second; see ${join(folder, 'errors')}`,
      });
    },
  });
}

/** What {@link guardScript} reads. */
function filesOf(undo: Undo): ReadonlyMap<string, string> {
  if (undo.kind === 'whole') return new Map([['tables', ''], ['sets', ''], ...undo.files]);
  const files = new Map<string, string>();
  const lines: string[] = [];
  for (const { family, text, own, policies } of undo.tables) {
    const at = `${family}.${own.table}`;
    const { save, restore } = toolsFor(family, undo.backend);
    lines.push(`${family} ${own.table} ${save} ${restore}`);
    files.set(`${at}.chains`, [...own.chains.keys()].map((chain) => `${chain}\n`).join(''));
    files.set(`${at}.policies`, policies.map((chain) => `:${chain} ${own.policies.get(chain) ?? 'ACCEPT'} [0:0]\n`).join(''));
    files.set(`${at}.jumps`, own.jumps.map((jump) => `${jump.position} ${jump.text}\n`).join(''));
    const kept = text.split('\n').filter((line) => line.startsWith(`-A ${ownPrefix}`));
    files.set(`${at}.rules`, kept.map((line) => `${line}\n`).join(''));
    files.set(
      `${at}.own`,
      ownLines(text)
        .map((line) => `${line}\n`)
        .join(''),
    );
  }
  return files.set('tables', lines.map((line) => `${line}\n`).join('')).set('sets', undo.sets);
}

/** By systemd where there is one, and else in a session of its own: it outlives this process, its shell, its service and the connection. */
async function start(run: Run, folder: string, env: Env, turn: 'first' | 'anew' = 'first'): Promise<boolean> {
  rmSync(join(folder, 'armed'), { force: true });
  const started = await run({
    env,
    argv: ['sh', '-c', starterScript, join(folder, 'guard.sh'), folder, turn],
  });
  return started.kind === 'exited' && started.status === 0 && (await appears(join(folder, 'armed'), patienceFor(folder).armMs));
}

/** Another, which finds the deadline gone, and undoes. */
async function startAnew(run: Run, folder: string, env: Env): Promise<boolean> {
  try {
    for (const mark of ['deadline', 'committing', 'confirmed']) rmSync(join(folder, mark), { force: true });
    return await start(run, folder, env, 'anew');
  } catch (error) {
    if (unwritable(folder, error) === null) throw error;
    return false;
  }
}

/** Whether it comes to its end within this time; false at once where nobody is at it. */
async function reverts(folder: string, patienceMs: number): Promise<boolean> {
  const until = performance.now() + patienceMs;
  while (guardOf(folder) !== null && performance.now() < until && !isThere(join(folder, 'reverted'))) await sleep(stepMs);
  return isThere(join(folder, 'reverted'));
}

/**
 * Undoes a change whose guard is gone, killed with palisade: it starts another, which finds the deadline passed. After a restart of
 * the machine there is nothing to undo.
 */
export async function repair(run: Run, folder: string, env: Env): Promise<Result<void>> {
  const [boot, network] = (textOf(join(folder, 'place')) ?? '').trim().split(' ');
  if (boot === machineStart()) {
    if (network !== networkHere())
      return failed({
        code: 'change-waits',
        message: 'an earlier change was left halfway in another network namespace than this one',
        hint: `run palisade there; if it is gone, remove ${folder}`,
      });
    if (!(await startAnew(run, folder, env)) || !(await reverts(folder, patienceFor(folder).revertMs)))
      return failed({
        code: 'restore-refused',
        message: `an earlier change was left halfway, and is not undone yet: ${lastError(folder)}`,
        hint: `see ${join(folder, 'errors')}`,
      });
  }
  rmSync(folder, { recursive: true, force: true });
  return ok(undefined);
}

/** This start of the machine, or of the container. */
export function machineStart(): string {
  return `${readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()}/${startOf(1)}`;
}

function networkHere(): string {
  return readlinkSync('/proc/self/ns/net');
}

/** What palisade has in a table, as its save says it, without counters and chain by chain: as the guard's own `own` does. */
export function ownLines(text: string): readonly string[] {
  const jump = new RegExp(`^-A .* -[jg] ${ownPrefix}[^ "]*$`);
  const key = (line: string): string => line.split(' ').slice(0, 2).join(' ');
  return text
    .split('\n')
    .map((line) => line.replace(/ \[\d+:\d+\]$/, ''))
    .filter((line) => line.startsWith(`:${ownPrefix}`) || line.startsWith(`-A ${ownPrefix}`) || jump.test(line))
    .toSorted((one, other) => (key(one) < key(other) ? -1 : key(one) > key(other) ? 1 : 0));
}

/** Whole seconds since the machine started; a clock that nobody sets. */
export function uptime(): number {
  return Number.parseFloat(readFileSync('/proc/uptime', 'latin1'));
}

/**
 * When a process began, in ticks since the machine started (proc(5), field 22 of stat); empty for one that has ended, and waits for
 * somebody to ask after it.
 *
 * @throws ENOENT or ESRCH where it is gone
 */
export function startOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? '' : (fields[19] ?? '');
}

/** Whom the mark of a guard names, by process id; `null` where he has ended, or another has his number. */
export function guardOf(folder: string): number | null {
  const [pid = '', began = ''] = (textOf(join(folder, 'armed')) ?? '').trim().split(' ');
  try {
    return began !== '' && startOf(Number(pid)) === began ? Number(pid) : null;
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
}

/** Has a guard undo its change now. By a signal: a disk that may only be read takes no word. */
export function tellUndo(folder: string): void {
  const pid = guardOf(folder);
  try {
    if (pid !== null) process.kill(pid, 'SIGUSR1');
  } catch (error) {
    // It has come to its end in this moment.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function appears(file: string, patienceMs: number): Promise<boolean> {
  const until = performance.now() + patienceMs;
  for (;;) {
    if (isThere(file)) return true;
    if (performance.now() >= until) return false;
    await sleep(stepMs);
  }
}

export function isThere(file: string): boolean {
  return textOf(file) !== null;
}

/** `null` of a file that is not there. */
function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'latin1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function lastError(folder: string): string {
  return textOf(join(folder, 'errors'))?.trim().split('\n').at(-1) ?? 'no error was said';
}
