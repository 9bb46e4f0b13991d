import { closeSync, existsSync, openSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { failed, ok, type Problem, type Result } from '../result.ts';
import { sqlite, sqliteCode } from './lock.ts';
import { applicationId, migrations, schema, schemaVersion } from './schema.ts';

/** What the store is in the state folder. Beside it lie what SQLite needs of it, and the lock. */
export const storeFile = (folder: string): string => join(folder, 'events.db');

/** Milliseconds that one waits for another who writes: a commit takes some, and nothing else writes for long. */
const patienceMs = 5000;
/** A log that grew while somebody read is cut to this again. */
const logBytes = 32 * 2 ** 20;

export interface Opened {
  readonly db: DatabaseSync;
  readonly notices: readonly string[];
}

/**
 * Opens the file for writing, makes it where it is not there, and moves it aside where it is none of ours or damaged. A write-ahead log that is not
 * flushed with every commit (synchronous NORMAL): what was committed is in the system's hands, so that the death of this process loses nothing;
 * a power cut may lose the last commits, whole, since the log is flushed before its pages go to the file.
 *
 * @param now epoch milliseconds, for the name of what is moved aside
 */
export function openForWriting(folder: string, now: number): Result<Opened> {
  const file = storeFile(folder);
  const notices: string[] = [];
  for (const again of [true, false]) {
    closeSync(openSync(file, 'a', 0o600));
    const db = new DatabaseSync(file, { timeout: patienceMs });
    try {
      const found = stateOf(db);
      if (found === 'newer') {
        db.close();
        return failed(newer(file));
      }
      if (found !== 'other') {
        prepare(db, found === 'empty');
        return ok({ db, notices });
      }
    } catch (error) {
      const code = sqliteCode(error);
      if (!again || (code !== sqlite.corrupt && code !== sqlite.notADatabase)) {
        db.close();
        throw error;
      }
    }
    db.close();
    const aside = moveAside(file, now);
    notices.push(`${file} is damaged, or no store of palisade's: it was moved to ${aside}, and another was begun`);
  }
  throw new Error('a store that was just begun is none');
}

/** Takes a file with all that belongs to it out of the way; what it is called then. */
export function moveAside(file: string, now: number): string {
  const aside = `${file}.damaged-${new Date(now).toISOString().replace(/[-:]|\.\d+/g, '')}`;
  for (const end of ['', '-wal', '-shm']) if (existsSync(file + end)) renameSync(file + end, aside + end);
  return aside;
}

/** Opens the file for those who only ask. */
export function openForReading(folder: string): Result<DatabaseSync> {
  return opened(folder, true);
}

/** Opens the file for a word of somebody, such as that he has seen an incident, while another writes events. */
export function openForWord(folder: string): Result<DatabaseSync> {
  return opened(folder, false);
}

function opened(folder: string, readOnly: boolean): Result<DatabaseSync> {
  const file = storeFile(folder);
  if (!existsSync(file)) {
    const message = `nothing was kept yet: there is no ${file}`;
    return failed({
      code: 'unread',
      message,
      hint: 'start palisade up, which keeps what the firewall logs, or name its folder with --state; as root if the folder is his',
    });
  }
  try {
    const db = new DatabaseSync(file, { readOnly, timeout: patienceMs });
    const state = stateOf(db);
    if (state === 'ours') {
      if (!readOnly) migrate(db);
      return ok(db);
    }
    db.close();
    if (state === 'newer') return failed(newer(file));
    const message = state === 'empty' ? `nothing was kept yet in ${file}` : `${file} is no store of palisade's`;
    return failed({ code: 'unread', message, hint: 'start palisade up, which makes one and moves another file aside' });
  } catch (error) {
    return failed(unreadable(file, error));
  }
}

/** @throws what is no failure of the file or the disk */
export function unreadable(file: string, error: unknown): Problem {
  const code = sqliteCode(error);
  if (code === null || code === sqlite.error) throw error;
  if (code === sqlite.corrupt || code === sqlite.notADatabase) {
    const hint = 'start palisade up anew, which moves it aside and begins another';
    return { code: 'unread', message: `${file} is damaged`, hint };
  }
  const hint = code === sqlite.busy ? 'try again' : 'run palisade as root, or name the folder with --state';
  return { code: 'unread', message: `${file} could not be read (${(error as Error).message})`, hint };
}

function stateOf(db: DatabaseSync): 'empty' | 'ours' | 'newer' | 'other' {
  const id = Number(db.prepare('PRAGMA application_id').get()?.['application_id']);
  const version = versionOf(db);
  const tables = Number(db.prepare('SELECT count(*) AS tables FROM sqlite_schema').get()?.['tables']);
  if (tables === 0) return 'empty';
  if (id !== applicationId) return 'other';
  return version > schemaVersion ? 'newer' : 'ours';
}

function prepare(db: DatabaseSync, isEmpty: boolean): void {
  // Before the first page is written, or it does not hold.
  if (isEmpty) db.exec('PRAGMA auto_vacuum = INCREMENTAL');
  db.exec(
    `PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = ${logBytes}; PRAGMA cache_size = -16000`,
  );
  if (isEmpty) db.exec(`BEGIN IMMEDIATE; ${schema} COMMIT`);
  else migrate(db);
}

/** Makes a file that an earlier palisade wrote one of this form. One of the earlier goes on reading it, and writing what it knows of. */
function migrate(db: DatabaseSync): void {
  if (versionOf(db) === schemaVersion) return;
  db.exec('BEGIN IMMEDIATE');
  // Somebody else may have done it meanwhile.
  for (let version = versionOf(db); version < schemaVersion; version += 1)
    db.exec(`${migrations[version] ?? ''}; PRAGMA user_version = ${version + 1}`);
  db.exec('COMMIT');
}

function versionOf(db: DatabaseSync): number {
  return Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
}

function newer(file: string): Problem {
  return {
    code: 'store-refused',
    at: { file },
    message: 'it was written by a later palisade',
    hint: 'use that one, or move the file aside to begin another',
  };
}
