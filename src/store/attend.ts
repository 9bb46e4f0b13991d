import { failed, ok, type Result } from '../result.ts';
import { openForWord, storeFile, unreadable } from './file.ts';
import { reading } from './reading.ts';
import type { StoredIncident } from './store.ts';

/**
 * Notes that somebody has seen an incident. Whoever watches may write the store meanwhile: this waits for the end of its commit.
 *
 * @param id as much of the incident's id as tells it from others
 * @param at epoch milliseconds
 */
export function acknowledge(folder: string, id: string, by: string, at: number): Result<StoredIncident> {
  return attend(folder, id, { columns: ['acknowledged_by', 'acknowledged_at'], values: [by, at] });
}

/** Notes that nobody is to be told of an incident until a moment, in epoch milliseconds. */
export function silence(folder: string, id: string, by: string, until: number): Result<StoredIncident> {
  return attend(folder, id, { columns: ['silenced_by', 'silenced_until'], values: [by, until] });
}

interface Word {
  readonly columns: readonly [string, string];
  readonly values: readonly [string, number];
}

function attend(folder: string, id: string, { columns, values }: Word): Result<StoredIncident> {
  const opened = openForWord(folder);
  if (!opened.ok) return opened;
  const db = opened.value;
  try {
    const found = reading(db).incident(id);
    if (found === null)
      return failed({
        code: 'usage',
        message: `there is no incident ${id}, or several whose id begins so`,
        hint: 'palisade incidents lists them',
      });
    const [who, when] = columns;
    db.prepare(
      `INSERT INTO attended (incident, ${who}, ${when}) VALUES (?, ?, ?)
       ON CONFLICT (incident) DO UPDATE SET ${who} = excluded.${who}, ${when} = excluded.${when}`,
    ).run(found.id, ...values);
    return ok(reading(db).incident(found.id) ?? found);
  } catch (error) {
    return failed(unreadable(storeFile(folder), error));
  } finally {
    db.close();
  }
}
