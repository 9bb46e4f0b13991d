import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { failed, ok, type Problem, type Result } from '../../result.ts';
import { startOf } from '../guard/guard.ts';
import { strangeness } from '../history/lock.ts';
import { damaged, type Head, headOf, isAsWritten, type Packed, type Unpacked, unpack } from './file.ts';

/** A snapshot in the folder. */
export interface Kept extends Head {
  readonly path: string;
  /** Of the file. */
  readonly bytes: number;
}

/** What lies in the folder. */
export interface Store {
  /** The newest first, by number. Only their beginnings were read. */
  readonly kept: readonly Kept[];
  /** Files with the name of a snapshot that are none. */
  readonly strange: readonly Problem[];
}

const ending = '.snapshot';

/** Where a state folder keeps them. */
export function backupsFolder(stateFolder: string): string {
  return join(stateFolder, 'backups');
}

/** The folder must be ours alone, and no link. */
export function checkFolder(folder: string): Problem | null {
  const message = strangeness(folder, 'the folder of the snapshots');
  if (message === null) return null;
  return { code: 'state-unsafe', at: { file: folder }, message, hint: 'mend it, or name another state folder with --state' };
}

/** As {@link Store}; an absent folder holds nothing. */
export function listSnapshots(folder: string): Result<Store> {
  const unsafe = checkFolder(folder);
  if (unsafe !== null) return failed(unsafe);
  const kept: Kept[] = [];
  const strange: Problem[] = [];
  for (const name of namesIn(folder)) {
    if (!name.endsWith(ending) || name.startsWith('.')) continue;
    const path = join(folder, name);
    const read = readHead(path);
    // Another took it away meanwhile.
    if (read === null) continue;
    if (!read.ok) strange.push(...read.problems);
    else if (`${read.value.id}${ending}` !== name) strange.push(damaged(path, 'its name is not the one that it says'));
    else kept.push(read.value);
  }
  return ok({ kept: kept.toSorted(newestFirst), strange });
}

function newestFirst({ meta: one }: Kept, { meta: other }: Kept): number {
  return other.number - one.number || other.at - one.at;
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** `null` where there is none any more. */
function readHead(path: string): Result<Kept> | null {
  const opened = openOwn(path);
  if (opened === null || !opened.ok) return opened;
  try {
    const beginning = Buffer.alloc(20_000);
    const length = readSync(opened.value, beginning, 0, beginning.length, 0);
    const head = headOf(beginning.subarray(0, length), path);
    return head.ok ? ok({ ...head.value, path, bytes: fstatSync(opened.value).size }) : head;
  } finally {
    closeSync(opened.value);
  }
}

/** A file of ours that nobody else can have written; no link. `null` where there is none. */
function openOwn(path: string): Result<number> | null {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    if (code === 'ELOOP') return failed(damaged(path, 'it is a link'));
    if (code === 'EACCES') return failed({ ...damaged(path, 'it may not be read'), hint: 'run palisade as root' });
    throw error;
  }
  const { uid, mode } = fstatSync(file);
  const why =
    (mode & 0o170000) !== 0o100000
      ? 'it is no file'
      : uid !== process.geteuid?.() && uid !== 0
        ? 'it belongs to somebody else'
        : (mode & 0o022) === 0
          ? null
          : 'others may write to it';
  if (why === null) return ok(file);
  closeSync(file);
  return failed({
    ...damaged(path, why),
    hint: 'if you know where it comes from, make a copy that is root’s alone: install -m 600',
  });
}

/** Reads all of a snapshot and checks that each byte is as it was written. */
export function readSnapshot(path: string): Result<Unpacked> {
  try {
    const opened = openOwn(path);
    if (opened === null) return failed({ ...damaged(path, 'there is no such file'), code: 'file-missing' });
    if (!opened.ok) return opened;
    try {
      return unpack(readFileSync(opened.value), path);
    } finally {
      closeSync(opened.value);
    }
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (code === undefined || syscall === undefined) throw error;
    return failed({ ...damaged(path, `it cannot be read (${code})`), code: 'file-missing' });
  }
}

/** Whether each byte of a snapshot is as it was written; what it says is not looked at. */
export function isWhole(path: string): boolean {
  const opened = openOwn(path);
  if (opened === null || !opened.ok) return false;
  try {
    return isAsWritten(readFileSync(opened.value));
  } finally {
    closeSync(opened.value);
  }
}

/** The number of the next one. */
export function nextNumber({ kept }: Store): number {
  return (kept[0]?.meta.number ?? 0) + 1;
}

/**
 * Puts a snapshot into the folder, whole or not at all, and on the disk when this returns: what a crash leaves has another name.
 *
 * @returns its path
 * @throws Error of the file system, ENOSPC among them; then nothing is left of it
 */
export function writeSnapshot(folder: string, { id, bytes }: Packed): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  dropHalfWritten(folder);
  const path = join(folder, `${id}${ending}`);
  const half = join(folder, `.${process.pid}-${startOf(process.pid)}-${id.slice(0, 16)}.new`);
  const file = openSync(half, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
  try {
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(half, path);
  } catch (error) {
    rmSync(half, { force: true });
    throw error;
  }
  syncFolder(folder);
  return path;
}

/** Takes snapshots away; those that are gone already are so. */
export function removeSnapshots(folder: string, paths: readonly string[]): void {
  for (const path of paths) rmSync(path, { force: true });
  dropHalfWritten(folder);
  syncFolder(folder);
}

/** What others left that were killed while they wrote. */
function dropHalfWritten(folder: string): void {
  for (const name of namesIn(folder)) {
    const [, pid, began] = /^\.(\d+)-(\d+)-[0-9a-f]{16}\.new$/.exec(name) ?? [];
    if (pid !== undefined && !isAlive(Number(pid), began ?? '')) rmSync(join(folder, name), { force: true });
  }
}

function isAlive(pid: number, began: string): boolean {
  try {
    return startOf(pid) === began;
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

function syncFolder(folder: string): void {
  try {
    lstatSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const opened = openSync(folder, 'r');
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}

/** How somebody can name one: its ID or the beginning of it, `latest`, a tag, or a time (the latest that is not younger). */
export function chooseSnapshot({ kept }: Store, named: string): Result<Kept> {
  if (kept.length === 0) return failed(none('there are no snapshots yet', 'take one with palisade backup create'));
  const byId = /^[0-9a-f]{6,64}$/.test(named) ? kept.filter(({ id }) => id.startsWith(named)) : [];
  if (byId.length > 1)
    return failed(
      none(
        `${byId.length} snapshots begin with ${named}`,
        `write more of it: ${byId.map(({ id }) => id.slice(0, 16)).join(', ')}`,
      ),
    );
  const found = byId[0] ?? (named === 'latest' ? kept[0] : undefined) ?? kept.find(({ meta }) => meta.tag === named);
  if (found !== undefined) return ok(found);
  const time = timeOf(named);
  if (time === null) return failed(none(`no snapshot has the id or the tag ${named}`, 'palisade backup list names them'));
  const before = kept.find(({ meta }) => meta.at < time);
  if (before !== undefined) return ok(before);
  return failed(none(`no snapshot is as old as ${named}`, 'palisade backup list says of when they are'));
}

/** The end of the moment that is named: `2026-11-30` is that day, in the machine's own time unless it says another. */
function timeOf(text: string): number | null {
  const form = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?::(\d\d)(\.\d+)?)?)?(Z|[+-]\d\d:?\d\d)?$/.exec(text);
  if (form === null) return null;
  const [, day, minute, second, part, zone = ''] = form;
  const wide = minute === undefined ? 86_400_000 : second === undefined ? 60_000 : part === undefined ? 1000 : 1;
  const time = Date.parse(`${day}T${minute ?? '00:00'}:${second ?? '00'}${part ?? ''}${zone}`);
  return Number.isNaN(time) ? null : time + wide;
}

function none(message: string, hint: string): Problem {
  return { code: 'snapshot-invalid', message, hint };
}
