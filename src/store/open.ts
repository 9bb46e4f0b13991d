import { mkdirSync } from 'node:fs';
import { failed, ok, type Problem, type Result } from '../result.ts';
import { openForReading, openForWriting, storeFile } from './file.ts';
import { sqlite, sqliteCode, takeWriting } from './lock.ts';
import { reading } from './reading.ts';
import type { Reading, Store, StoreOptions } from './store.ts';
import { EventStore } from './writing.ts';

/**
 * Opens the store of a state folder for its one writer; it is made where there is none.
 *
 * Problems: `store-refused` (another writes it, or a later palisade has written it), `state-unwritable`. A file that is damaged, or something else
 * by that name, is no problem: it is moved aside, which {@link Store.notices} says.
 */
export function openStore(folder: string, options: StoreOptions): Result<Store> {
  let release: (() => void) | null = null;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    release = takeWriting(folder);
    if (release === null) return failed(held(folder));
    const opened = openForWriting(folder, options.clock.now());
    if (opened.ok) return ok(new EventStore(folder, options, opened.value, release));
    release();
    return opened;
  } catch (error) {
    release?.();
    const problem = unwritable(folder, error);
    if (problem === null) throw error;
    return failed(problem);
  }
}

/** Opens it for questions, beside whoever writes. Problem: `unread`, `store-refused`. */
export function openReading(folder: string): Result<Reading> {
  const opened = openForReading(folder);
  return opened.ok ? ok(reading(opened.value)) : opened;
}

function held(folder: string): Problem {
  const file = storeFile(folder);
  return {
    code: 'store-refused',
    at: { file },
    message: `another process writes it${heldBy(folder)}`,
    hint: 'there is nothing to do if that is meant; else end it, or name another folder with --state',
  };
}

function heldBy(folder: string): string {
  const writer = writerOf(folder);
  return writer === null ? '' : ` (${writer.words})`;
}

/** `palisade up, process 812`: who writes it now; `null`: nobody who lives. Asked without taking its lock, which a writer may be about to take. */
export function whoWrites(folder: string): string | null {
  const writer = writerOf(folder);
  return writer !== null && isThere(writer.pid) ? writer.words : null;
}

/** A process of that number lives. */
export function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It may be somebody else's, and is there all the same.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** As it has written itself. */
function writerOf(folder: string): { readonly pid: number; readonly words: string } | null {
  const opened = openForReading(folder);
  if (!opened.ok) return null;
  try {
    const row = opened.value.prepare('SELECT pid, what FROM writer').get();
    return row === undefined ? null : { pid: Number(row['pid']), words: `${row['what']}, process ${row['pid']}` };
  } finally {
    opened.value.close();
  }
}

function unwritable(folder: string, error: unknown): Problem | null {
  const { code = '' } = error as NodeJS.ErrnoException;
  const sqliteSays = sqliteCode(error);
  const isFull = code === 'ENOSPC' || code === 'EDQUOT' || sqliteSays === sqlite.full;
  const isOfDisk = sqliteSays !== null && sqliteSays !== sqlite.error;
  if (!isFull && !isOfDisk && !['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENOENT', 'EISDIR'].includes(code)) return null;
  return {
    code: 'state-unwritable',
    at: { file: folder },
    message: `the store of events cannot be opened there (${isFull ? 'the disk is full' : (error as Error).message})`,
    hint: isFull ? 'make room, or name another folder with --state' : 'run palisade as root, or name another folder with --state',
  };
}
