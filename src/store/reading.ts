import type { DatabaseSync } from 'node:sqlite';
import { bitsOf, type Prefix, parsePrefix } from '../model/net/index.ts';
import type { Ban, Incident } from '../watch/index.ts';
import { hitsOf } from './rule-hits.ts';
import { standingOf } from './standing.ts';
import type { IncidentQuestion, Reading, StoredBan, StoredIncident } from './store.ts';
import { eventsOf } from './stored-events.ts';
import { topOf } from './top.ts';

/** Answers from an open file, which it closes in the end. */
export function reading(db: DatabaseSync): Reading {
  return {
    events: (question) => eventsOf(db, question),
    top: (question) => atOneMoment(db, () => topOf(db, question)),
    incidents: (question) => incidentsOf(db, question),
    incident: (id) => incidentOf(db, id),
    bans: (question) => bansOf(db, question),
    rates: (seconds, now) => ratesOf(db, seconds, now),
    hits: () => hitsOf(db),
    standing: (now) => atOneMoment(db, () => standingOf(db, now)),
    losses: (since) =>
      db
        .prepare('SELECT source, sum(count) AS count, of FROM losses WHERE at >= ? GROUP BY source, of ORDER BY source, of')
        .all(since)
        .map((row) => ({ source: String(row['source']), count: Number(row['count']), of: String(row['of']) })),
    [Symbol.dispose]: () => db.close(),
  };
}

/** All of an answer is of one moment, whoever writes meanwhile. */
function atOneMoment<T>(db: DatabaseSync, ask: () => T): T {
  db.exec('BEGIN');
  try {
    return ask();
  } finally {
    db.exec('COMMIT');
  }
}

const incidentColumns = `incidents.*, acknowledged_by, acknowledged_at, silenced_until
  FROM incidents LEFT JOIN attended ON attended.incident = incidents.id`;

function incidentsOf(db: DatabaseSync, { since, state, detector, source, most }: IncidentQuestion): StoredIncident[] {
  const wanted = source === undefined ? null : parsePrefix(source);
  if (wanted === undefined) return [];
  const conditions = [
    ...(since === undefined ? [] : [{ sql: 'last >= ?', value: since }]),
    // As a literal, or SQLite does not see that the index of open ones will do.
    ...(state === undefined ? [] : [{ sql: state === 'open' ? "state = 'open'" : "state = 'closed'" }]),
    ...(detector === undefined ? [] : [{ sql: 'detector = ?', value: detector }]),
  ];
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.map(({ sql }) => sql).join(' AND ')}`;
  const ids = db.prepare(`SELECT id, sources FROM incidents${where} ORDER BY last DESC, id`);
  const one = db.prepare(`SELECT ${incidentColumns} WHERE id = ?`);
  const found: StoredIncident[] = [];
  for (const row of ids.all(...conditions.flatMap((one) => ('value' in one ? [one.value] : [])))) {
    if (wanted !== null && !prefixesIn(row['sources']).some((network) => overlap(network, wanted))) continue;
    found.push(incidentIn(one.get(row['id'] as string) ?? {}));
    if (found.length === most) break;
  }
  return found;
}

/** By its whole id. */
export function incidentNamed(db: DatabaseSync, id: string): StoredIncident | null {
  const row = db.prepare(`SELECT ${incidentColumns} WHERE id = ?`).get(id);
  return row === undefined ? null : incidentIn(row);
}

/** By its id, or as much of its beginning as tells it from others. */
function incidentOf(db: DatabaseSync, id: string): StoredIncident | null {
  if (id === '') return null;
  const rows = db
    .prepare(`SELECT ${incidentColumns} WHERE substr(id, 1, length(?)) = ? ORDER BY id = ? DESC LIMIT 2`)
    .all(id, id, id);
  const [first, second] = rows;
  if (first === undefined || (second !== undefined && first['id'] !== id)) return null;
  return incidentIn(first);
}

function incidentIn(row: Record<string, unknown>): StoredIncident {
  const by = row['acknowledged_by'] as string | null;
  return {
    id: String(row['id']),
    detector: String(row['detector']),
    severity: row['severity'] as Incident['severity'],
    title: String(row['title']),
    why: String(row['why']),
    remedy: String(row['remedy'] ?? ''),
    sources: prefixesIn(row['sources']),
    sourceCount: Number(row['source_count']),
    targets: JSON.parse(String(row['targets'])) as string[],
    first: Number(row['first']),
    last: Number(row['last']),
    events: Number(row['events']),
    evidence: JSON.parse(String(row['evidence'])) as string[],
    spoofable: row['spoofable'] === 1,
    trusted: row['trusted'] === 1,
    state: row['state'] as Incident['state'],
    acknowledged: by === null ? null : { by, at: Number(row['acknowledged_at']) },
    silencedUntil: row['silenced_until'] as number | null,
  };
}

function bansOf(db: DatabaseSync, { since, source }: { since?: number; source?: string }): StoredBan[] {
  const wanted = source === undefined ? null : parsePrefix(source);
  if (wanted === undefined) return [];
  const rows = db.prepare('SELECT * FROM bans WHERE at >= ? ORDER BY at DESC, id DESC').all(since ?? 0);
  return rows.flatMap((row): StoredBan[] => {
    const network = parsePrefix(String(row['source']));
    if (network === undefined || (wanted !== null && !overlap(network, wanted))) return [];
    const by = row['lifted_by'] as string | null;
    return [
      {
        source: network,
        at: Number(row['at']),
        until: Number(row['until']),
        reach: row['reach'] as Ban['reach'],
        why: String(row['why']),
        by: JSON.parse(String(row['by'])) as Ban['by'],
        before: Number(row['before']),
        lifted: by === null ? null : { by, at: Number(row['lifted_at']) },
      },
    ];
  });
}

function ratesOf(db: DatabaseSync, seconds: number, now: number): readonly number[] {
  const first = Math.floor(now / 1000) - seconds + 1;
  const rates = Array<number>(seconds).fill(0);
  for (const row of db.prepare('SELECT second, events FROM seconds WHERE second BETWEEN ? AND ?').all(first, first + seconds - 1))
    rates[Number(row['second']) - first] = Number(row['events']);
  return rates;
}

function prefixesIn(json: unknown): readonly Prefix[] {
  return (JSON.parse(String(json)) as string[]).flatMap((text) => parsePrefix(text) ?? []);
}

function overlap(left: Prefix, right: Prefix): boolean {
  if (left.family !== right.family) return false;
  const hostBits = BigInt(bitsOf(left.family) - Math.min(left.length, right.length));
  return left.value >> hostBits === right.value >> hostBits;
}
