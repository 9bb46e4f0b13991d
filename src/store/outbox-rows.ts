import type { DatabaseSync } from 'node:sqlite';
import type { Message } from '../alert/index.ts';
import type { Posted } from './outbox.ts';

/** Of one message, as it is written. `body`: `null`, it is in the file. */
export interface Row extends Omit<Posted, 'state'> {
  readonly n: number;
  state: Posted['state'];
  attempts: number;
  next: number;
  since: number;
  why: string | null;
  ended: number | null;
  receipt: string | null;
  body: string | null;
}

export interface ChannelRow {
  type: string;
  delivered: number;
  lastDelivered: number | null;
  failing: string | null;
  failingSince: number | null;
}

/** All that there is in memory. */
export interface OutboxRows {
  readonly rows: ReadonlyMap<string, Row>;
  readonly tracked: ReadonlyMap<string, string>;
  readonly kept: ReadonlyMap<string, string>;
  readonly channels: ReadonlyMap<string, ChannelRow>;
}

/** What of it is another than in the file, by its names. */
export type Changed = Readonly<Record<keyof OutboxRows, ReadonlySet<string>>>;

/** What was delivered is remembered so long, and what was given up. */
const endedDays = { delivered: 30, dropped: 30, dead: 90 } as const;
const mostEnded = 100_000;

/** Writes what has changed, within a transaction. */
export function writeRows(db: DatabaseSync, { rows, tracked, kept, channels }: OutboxRows, changed: Changed): void {
  const put = db.prepare(
    `INSERT INTO messages (n, id, channel, thread, sequence, kind, at, severity, title, body, state, attempts, next, since, why, ended, receipt)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const change = db.prepare(
    'UPDATE messages SET state = ?, attempts = ?, next = ?, since = ?, why = ?, ended = ?, receipt = ? WHERE id = ?',
  );
  for (const id of changed.rows) {
    const row = rows.get(id);
    if (row === undefined) continue;
    const { n, channel, thread, sequence, kind, at, severity, title, body } = row;
    const { state, attempts, next, since, why, ended, receipt } = row;
    if (body === null) change.run(state, attempts, next, since, why, ended, receipt, id);
    else
      put.run(
        ...[n, id, channel, thread, sequence, kind, at, severity, title, body],
        ...[state, attempts, next, since, why, ended, receipt],
      );
  }
  const track = db.prepare(
    'INSERT INTO tracked (incident, state) VALUES (?, ?) ON CONFLICT (incident) DO UPDATE SET state = excluded.state',
  );
  const forget = db.prepare('DELETE FROM tracked WHERE incident = ?');
  for (const incident of changed.tracked) {
    const state = tracked.get(incident);
    if (state === undefined) forget.run(incident);
    else track.run(incident, state);
  }
  const keep = db.prepare('INSERT INTO kept (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value');
  for (const name of changed.kept) keep.run(name, kept.get(name) as string);
  for (const channel of changed.channels) {
    db.prepare('DELETE FROM channels WHERE channel = ?').run(channel);
    const row = channels.get(channel);
    if (row === undefined) continue;
    const { type, delivered, lastDelivered, failing, failingSince } = row;
    db.prepare(
      'INSERT INTO channels (channel, type, delivered, last_delivered, failing, failing_since) VALUES (?, ?, ?, ?, ?, ?)',
    ).run(channel, type, delivered, lastDelivered, failing, failingSince);
  }
}

/** Lets go of what ended long ago. */
export function sweepRows(db: DatabaseSync, now: number): void {
  for (const [state, days] of Object.entries(endedDays))
    db.prepare('DELETE FROM messages WHERE state = ? AND ended < ?').run(state, now - days * 86_400_000);
  db.prepare(
    'DELETE FROM messages WHERE ended IS NOT NULL AND n <= (SELECT n FROM messages WHERE ended IS NOT NULL ORDER BY n DESC LIMIT 1 OFFSET ?)',
  ).run(mostEnded);
}

export function rowIn(row: Record<string, unknown>): Row {
  return {
    n: Number(row['n']),
    id: String(row['id']),
    channel: String(row['channel']),
    thread: String(row['thread']),
    sequence: Number(row['sequence']),
    kind: row['kind'] as Message['kind'],
    at: Number(row['at']),
    severity: row['severity'] as Message['severity'],
    title: String(row['title']),
    state: row['state'] as Posted['state'],
    attempts: Number(row['attempts']),
    next: Number(row['next']),
    since: Number(row['since']),
    why: row['why'] as string | null,
    ended: row['ended'] as number | null,
    receipt: row['receipt'] as string | null,
    body: null,
  };
}
