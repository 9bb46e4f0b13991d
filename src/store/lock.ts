import { chmodSync, closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/**
 * Makes this process the only writer of the store, or of what else bears that name, for as long as it lives. It is SQLite's own lock on an empty database beside the store, which the
 * system takes back however the process ends; one on the store itself would keep readers out.
 *
 * @returns what gives it back; `null`: another has it.
 */
export function takeWriting(folder: string, name = 'events.lock'): (() => void) | null {
  const file = join(folder, name);
  closeSync(openSync(file, 'a', 0o600));
  chmodSync(file, 0o600);
  const lock = new DatabaseSync(file);
  try {
    lock.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE');
    return () => lock.close();
  } catch (error) {
    lock.close();
    if (isBusy(error)) return null;
    throw error;
  }
}

/** SQLite's primary result code of an error that it has thrown (sqlite3.h, "Result Codes"); `null` of any other. */
export function sqliteCode(error: unknown): number | null {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  return typeof code === 'number' ? code & 255 : null;
}

export const sqlite = {
  error: 1,
  busy: 5,
  readOnly: 8,
  io: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  notADatabase: 26,
} as const;

function isBusy(error: unknown): boolean {
  return sqliteCode(error) === sqlite.busy;
}
