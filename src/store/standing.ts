import type { DatabaseSync } from 'node:sqlite';
import type { Standing } from './store.ts';

/** Prefixes that are told apart; all packets of the others are counted together. */
const mostPrefixes = 50;
export const otherPrefixes = '(others)';

/** How all of it stands now, in few and short questions. */
export function standingOf(db: DatabaseSync, now: number): Standing {
  const open = db
    .prepare(
      `SELECT id, detector, severity, title, first, last, events, acknowledged_at, silenced_until FROM incidents
       LEFT JOIN attended ON attended.incident = incidents.id WHERE state = 'open'`,
    )
    .all()
    .map((row) => ({
      id: String(row['id']),
      detector: String(row['detector']),
      severity: row['severity'] as Standing['open'][number]['severity'],
      title: String(row['title']),
      first: Number(row['first']),
      last: Number(row['last']),
      events: Number(row['events']),
      attended: row['acknowledged_at'] !== null || Number(row['silenced_until'] ?? 0) > now,
    }));
  const shutOut = db.prepare('SELECT count(DISTINCT source) AS sources FROM bans WHERE until > ? AND lifted_at IS NULL').get(now);
  const newest = db.prepare('SELECT max(until) AS at FROM (SELECT until FROM spans ORDER BY id DESC LIMIT 8)').get();
  return { open, bans: Number(shutOut?.['sources']), lastEvent: (newest?.['at'] as number | null) ?? null, logged: loggedOf(db) };
}

function loggedOf(db: DatabaseSync): Standing['logged'] {
  // A store that an earlier palisade has made has no such table until it is written again.
  if (db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'logged'").get() === undefined) return [];
  return db
    .prepare(
      `WITH kept AS (SELECT prefix FROM logged GROUP BY prefix ORDER BY sum(events) DESC, prefix LIMIT ?)
       SELECT proto, CASE WHEN prefix IN kept THEN prefix ELSE ? END AS name, sum(events) AS events FROM logged
       GROUP BY proto, name ORDER BY events DESC, proto, name`,
    )
    .all(mostPrefixes, otherPrefixes)
    .map((row) => ({ proto: Number(row['proto']), prefix: String(row['name']), events: Number(row['events']) }));
}
