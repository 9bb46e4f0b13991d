import { mkdirSync, readFileSync, readlinkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Run } from '../../kernel/index.ts';
import type { Backend } from '../../model/host/index.ts';
import type { Family } from '../../model/net/index.ts';
import { ownPrefix } from '../../policy/index.ts';
import { failed, ok, type Result } from '../../result.ts';
import type { OwnTable } from '../apply/own.ts';
import { toolsFor } from '../apply/tools.ts';
import { guardScript, starterScript } from './script.ts';

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
  /** A file that is locked while a tool writes rules: who undoes waits for it. */
  readonly lock: string;
  /** All is written: from now on it is undone by itself after so many seconds. Until then, only if this process dies. */
  written(seconds: number): void;
  /** Undoes the change now, and resolves when it is undone, or after `patienceMs` with what stands in the way. */
  revert(patienceMs?: number): Promise<Result<void>>;
}

const patience = { armMs: 5000, revertMs: 30_000, stepMs: 20 };

/**
 * Writes all that is needed to undo the change, and starts who will do it: `sh` in a session of its own, in this process's
 * namespaces. Nothing may be changed before this has resolved.
 */
export async function arm(
  run: Run,
  folder: string,
  backend: Backend,
  tables: readonly Guarded[],
  sets: string,
): Promise<Result<Guard>> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const write = (name: string, text: string): void =>
    writeFileSync(join(folder, name), text, { encoding: 'latin1', mode: 0o600, flush: true });
  const lines: string[] = [];
  for (const { family, text, own, policies } of tables) {
    const at = `${family}.${own.table}`;
    const { save, restore } = toolsFor(family, backend);
    lines.push(`${family} ${own.table} ${save} ${restore}`);
    write(`${at}.chains`, [...own.chains.keys()].map((chain) => `${chain}\n`).join(''));
    write(`${at}.policies`, policies.map((chain) => `:${chain} ${own.policies.get(chain) ?? 'ACCEPT'} [0:0]\n`).join(''));
    write(`${at}.jumps`, own.jumps.map((jump) => `${jump.position} ${jump.text}\n`).join(''));
    const kept = text.split('\n').filter((line) => line.startsWith(`-A ${ownPrefix}`));
    write(`${at}.rules`, kept.map((line) => `${line}\n`).join(''));
    write(
      `${at}.own`,
      ownLines(text)
        .map((line) => `${line}\n`)
        .join(''),
    );
  }
  write('tables', lines.map((line) => `${line}\n`).join(''));
  write('sets', sets);
  write('owner', `${process.pid} ${startOf(process.pid)}\n`);
  write('lock', '');
  const setDeadline = (after: number): void => {
    // The reader must never find half of it.
    write('deadline.new', `${Math.ceil(uptime() + after)}\n`);
    renameSync(join(folder, 'deadline.new'), join(folder, 'deadline'));
  };
  // While rules are being written they are undone only if whoever writes them dies.
  write('committing', '');
  write('guard.sh', guardScript);
  write('place', place());
  if (!(await start(run, folder)))
    return failed({
      code: 'restore-refused',
      message: 'what would undo the change could not be started, and nothing was changed',
      hint: 'see that sh, setsid and flock (util-linux) can be run',
    });
  return ok({
    lock: join(folder, 'lock'),
    written(seconds) {
      setDeadline(seconds);
      rmSync(join(folder, 'committing'), { force: true });
    },
    async revert(patienceMs = patience.revertMs) {
      setDeadline(-1);
      rmSync(join(folder, 'committing'), { force: true });
      if (await appears(join(folder, 'reverted'), patienceMs)) return ok(undefined);
      return failed({
        code: 'restore-refused',
        message: `the change is not undone yet: ${lastError(folder)}`,
        hint: `it is tried again every second; see ${join(folder, 'errors')}`,
      });
    },
  });
}

/** By systemd where there is one, and else in a session of its own: it outlives this process, its shell, its service and the connection. */
async function start(run: Run, folder: string): Promise<boolean> {
  rmSync(join(folder, 'armed'), { force: true });
  const started = await run({
    argv: ['sh', '-c', starterScript, join(folder, 'guard.sh'), folder],
  });
  return started.kind === 'exited' && started.status === 0 && (await appears(join(folder, 'armed'), patience.armMs));
}

/**
 * Undoes a change whose guard is gone, killed with palisade: it starts another, which finds the deadline passed. After a restart of
 * the machine there is nothing to undo.
 */
export async function repair(run: Run, folder: string): Promise<Result<void>> {
  if (isThere(join(folder, 'place')) && readFileSync(join(folder, 'place'), 'latin1') === place()) {
    writeFileSync(join(folder, 'deadline'), '-2\n', { flush: true });
    rmSync(join(folder, 'committing'), { force: true });
    if (!(await start(run, folder)) || !(await appears(join(folder, 'reverted'), patience.revertMs)))
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

/** With this network namespace. */
function place(): string {
  return `${machineStart()} ${readlinkSync('/proc/self/ns/net')}\n`;
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

async function appears(file: string, patienceMs: number): Promise<boolean> {
  const until = performance.now() + patienceMs;
  for (;;) {
    if (isThere(file)) return true;
    if (performance.now() >= until) return false;
    await sleep(patience.stepMs);
  }
}

export function isThere(file: string): boolean {
  try {
    readFileSync(file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

function lastError(folder: string): string {
  if (!isThere(join(folder, 'errors'))) return 'no error was said';
  return readFileSync(join(folder, 'errors'), 'latin1').trim().split('\n').at(-1) ?? '';
}
