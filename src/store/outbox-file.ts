import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { failed, ok, type Problem, type Result } from '../result.ts';
import { moveAside, unreadable } from './file.ts';
import { sqlite, sqliteCode } from './lock.ts';
import { outboxApplicationId, outboxSchema, outboxVersion } from './outbox-schema.ts';

export const outboxFile = (folder: string): string => join(folder, 'alerts.db');

const patienceMs = 5000;

/**
 * Opens the outbox for its writer, as the store is opened. Each commit is flushed (synchronous FULL): there are few, and what was sent is not to be
 * sent again after a power cut.
 */
export function openOutboxFile(
  folder: string,
  now: number,
): Result<{ readonly db: DatabaseSync; readonly notice: string | null }> {
  const file = outboxFile(folder);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  let notice: string | null = null;
  for (const again of [true, false]) {
    closeSync(openSync(file, 'a', 0o600));
    const db = new DatabaseSync(file, { timeout: patienceMs });
    try {
      const state = stateOf(db);
      if (state === 'newer') {
        db.close();
        return failed(newer(file));
      }
      if (state !== 'other') {
        db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -4000');
        if (state === 'empty') db.exec(`BEGIN IMMEDIATE; ${outboxSchema} COMMIT`);
        return ok({ db, notice });
      }
    } catch (error) {
      const code = sqliteCode(error);
      if (!again || (code !== sqlite.corrupt && code !== sqlite.notADatabase)) {
        db.close();
        throw error;
      }
    }
    db.close();
    notice = `${file} is damaged, or no outbox of palisade's: it was moved to ${moveAside(file, now)}, and another was begun`;
  }
  throw new Error('an outbox that was just begun is none');
}

/** For those who ask, and, not `readOnly`, for a word to whoever sends. Problem: `unread`. */
export function openOutboxBeside(folder: string, readOnly: boolean): Result<DatabaseSync> {
  const file = outboxFile(folder);
  const nothing: Problem = {
    code: 'unread',
    message: `no alert was sent yet: there is no ${file}`,
    hint: 'say under alerts: in config.yaml who is told, and start palisade up; or name its folder with --state',
  };
  if (!existsSync(file)) return failed(nothing);
  try {
    const db = new DatabaseSync(file, { readOnly, timeout: patienceMs });
    const state = stateOf(db);
    if (state === 'ours') return ok(db);
    db.close();
    if (state === 'newer') return failed(newer(file));
    return failed(state === 'empty' ? nothing : { ...nothing, message: `${file} is no outbox of palisade's` });
  } catch (error) {
    return failed(unreadable(file, error));
  }
}

function stateOf(db: DatabaseSync): 'empty' | 'ours' | 'newer' | 'other' {
  const pragma = (name: string): number => Number(Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
  if (Number(db.prepare('SELECT count(*) AS tables FROM sqlite_schema').get()?.['tables']) === 0) return 'empty';
  if (pragma('application_id') !== outboxApplicationId) return 'other';
  return pragma('user_version') > outboxVersion ? 'newer' : 'ours';
}

function newer(file: string): Problem {
  return {
    code: 'store-refused',
    at: { file },
    message: 'it was written by a later palisade',
    hint: 'use that one, or move the file aside to begin another',
  };
}
