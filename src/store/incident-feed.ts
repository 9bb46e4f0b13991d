import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import type { Prefix } from '../model/net/index.ts';
import { parsePrefix } from '../model/net/index.ts';
import type { Severity } from '../watch/index.ts';
import { openForReading, storeFile } from './file.ts';
import { sqliteCode } from './lock.ts';
import { incidentNamed } from './reading.ts';
import type { StoredIncident } from './store.ts';

/** An incident in short, for those who follow what becomes of it. Times are epoch milliseconds. */
export interface FedIncident {
  readonly id: string;
  readonly detector: string;
  readonly severity: Severity;
  /** Only of those that are new. */
  readonly sources: readonly Prefix[];
  readonly first: number;
  readonly isOpen: boolean;
  readonly acknowledgedBy: string | null;
  readonly silencedUntil: number | null;
}

/** Incidents as they come, beside whoever writes them. */
export interface IncidentFeed extends Disposable {
  /** Something may have changed since this was last asked. It costs next to nothing. */
  changed(): boolean;
  /** Those that came behind a cursor; of `null`, those that are open, however many. The cursor is where they end. `null`: it cannot be read now. */
  behind(
    cursor: string | null,
    most: number,
  ): { readonly incidents: readonly FedIncident[]; readonly cursor: string; readonly isAll: boolean } | null;
  /** What has become of these. What is not there any more is left out. `null`: it cannot be read now. */
  now(ids: Iterable<string>): readonly FedIncident[] | null;
  /** By its whole id. */
  incident(id: string): StoredIncident | null;
}

const columns = `incidents.rowid AS n, id, detector, severity, first, state, acknowledged_by, silenced_until
  FROM incidents LEFT JOIN attended ON attended.incident = incidents.id`;

/** Follows the store of a state folder, which need not be there yet, and may be exchanged for another one. */
export function openIncidentFeed(folder: string): IncidentFeed {
  const file = storeFile(folder);
  let db: DatabaseSync | null = null;
  let inode = 0;
  let version = -1;

  function close(): void {
    db?.close();
    db = null;
    version = -1;
  }

  /** The file that lies there now. */
  function follow(): DatabaseSync | null {
    const there = statSync(file, { throwIfNoEntry: false })?.ino ?? 0;
    if (db !== null && there === inode) return db;
    close();
    inode = there;
    if (there === 0) return null;
    const opened = openForReading(folder);
    // It is being made, or damaged: whoever writes it sees to that.
    if (opened.ok) db = opened.value;
    return db;
  }

  function asked<T>(ask: (from: DatabaseSync) => T, otherwise: T): T {
    try {
      const from = follow();
      return from === null ? otherwise : ask(from);
    } catch (error) {
      if (sqliteCode(error) === null) throw error;
      close();
      return otherwise;
    }
  }

  return {
    changed: () =>
      asked((from) => {
        const now = Number(Object.values(from.prepare('PRAGMA data_version').get() ?? {})[0]);
        if (now === version) return false;
        version = now;
        return true;
      }, false),
    behind(cursor, most) {
      // What comes in a file that is not there yet is new.
      if (statSync(file, { throwIfNoEntry: false }) === undefined) return { incidents: [], cursor: cursor ?? '0:0', isAll: true };
      return asked<ReturnType<IncidentFeed['behind']>>((from) => {
        const [of, before = 0] = (cursor ?? '').split(':').map(Number);
        const newest = Number(from.prepare('SELECT coalesce(max(rowid), 0) AS n FROM incidents').get()?.['n']);
        // All that another file holds is new.
        const after = of === inode && before <= newest ? before : 0;
        const where = cursor === null ? "state = 'open'" : 'incidents.rowid > ?';
        const rows = from
          .prepare(`SELECT sources, ${columns} WHERE ${where} ORDER BY incidents.rowid${cursor === null ? '' : ' LIMIT ?'}`)
          .all(...(cursor === null ? [] : [after, most]));
        const isAll = cursor === null || rows.length < most;
        const last = Number(rows.at(-1)?.['n'] ?? 0);
        return { incidents: rows.map(fedIn), cursor: `${inode}:${isAll ? Math.max(newest, last) : last}`, isAll };
      }, null);
    },
    now: (ids) =>
      asked<readonly FedIncident[] | null>(
        (from) =>
          from
            .prepare(`SELECT ${columns} WHERE id IN (SELECT value FROM json_each(?))`)
            .all(JSON.stringify([...ids]))
            .map(fedIn),
        null,
      ),
    incident: (id) => asked((from) => incidentNamed(from, id), null),
    [Symbol.dispose]: close,
  };
}

function fedIn(row: Record<string, unknown>): FedIncident {
  const sources = row['sources'] === undefined ? [] : (JSON.parse(String(row['sources'])) as string[]);
  return {
    id: String(row['id']),
    detector: String(row['detector']),
    severity: row['severity'] as Severity,
    sources: sources.flatMap((text) => parsePrefix(text) ?? []),
    first: Number(row['first']),
    isOpen: row['state'] === 'open',
    acknowledgedBy: row['acknowledged_by'] as string | null,
    silencedUntil: row['silenced_until'] as number | null,
  };
}
