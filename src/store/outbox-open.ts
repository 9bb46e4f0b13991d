import { mkdirSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { failed, ok, type Problem, type Result } from '../result.ts';
import { unreadable } from './file.ts';
import { sqlite, sqliteCode, takeWriting } from './lock.ts';
import { isThere } from './open.ts';
import type { ChannelStanding, Outbox, OutboxWord, Posted } from './outbox.ts';
import { openOutboxBeside, openOutboxFile, outboxFile } from './outbox-file.ts';
import { SqliteOutbox } from './outbox-writing.ts';

/**
 * Opens the outbox of a state folder for its one writer; it is made where there is none, and a damaged one is moved aside.
 *
 * Problems: `store-refused` (another process sends), `state-unwritable`.
 *
 * @param writer what sends, for whoever asks: `palisade up`
 */
export function openOutbox(folder: string, writer: string, now: number): Result<Outbox> {
  let release: (() => void) | null = null;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    release = takeWriting(folder, 'alerts.lock');
    if (release === null) return failed(held(folder));
    const opened = openOutboxFile(folder, now);
    if (!opened.ok) {
      release();
      return opened;
    }
    sayWriter(opened.value.db, writer, now);
    return ok(new SqliteOutbox(folder, opened.value.db, opened.value.notice, release));
  } catch (error) {
    release?.();
    const { code, syscall } = error as NodeJS.ErrnoException;
    const says = sqliteCode(error);
    if (says === null && syscall === undefined) throw error;
    const isFull = code === 'ENOSPC' || code === 'EDQUOT' || says === sqlite.full;
    return failed({
      code: 'state-unwritable',
      at: { file: folder },
      message: `alerts cannot be kept there (${isFull ? 'the disk is full' : (error as Error).message})`,
      hint: isFull
        ? 'make room, or name another folder with --state'
        : 'run palisade as root, or name another folder with --state',
    });
  }
}

function sayWriter(db: DatabaseSync, writer: string, now: number): void {
  try {
    db.prepare(
      'INSERT INTO writer (only, pid, what, since) VALUES (1, ?, ?, ?) ON CONFLICT (only) DO UPDATE SET pid = excluded.pid, what = excluded.what, since = excluded.since',
    ).run(process.pid, writer, now);
  } catch (error) {
    if (sqliteCode(error) !== sqlite.full) throw error;
  }
}

function held(folder: string): Problem {
  return {
    code: 'store-refused',
    at: { file: outboxFile(folder) },
    message: 'another process sends alerts from this folder',
    hint: 'there is nothing to do if that is meant; else end it, or name another folder with --state',
  };
}

/** What waits, was given up, and was delivered, for those who ask. */
export interface OutboxReading extends Disposable {
  /** Of one state, or all; the newest first. */
  posted(question: {
    readonly states: readonly Posted['state'][];
    readonly channel?: string;
    readonly most: number;
  }): readonly Posted[];
  /** One by its id, or by as much of its beginning as tells it from others. */
  one(id: string): Posted | null;
  standing(): readonly ChannelStanding[];
  /** Who sends now: `palisade up, process 812`; `null`: nobody who lives. */
  sender(): string | null;
}

/** Opens it for questions, beside whoever sends. Problem: `unread`. */
export function openOutboxReading(folder: string): Result<OutboxReading> {
  const opened = openOutboxBeside(folder, true);
  if (!opened.ok) return opened;
  const db = opened.value;
  const columns = 'id, channel, thread, sequence, kind, at, severity, title, state, attempts, next, since, why, ended';
  return ok({
    posted({ states, channel, most }) {
      const marks = states.map(() => '?').join(',');
      const of = channel === undefined ? '' : ' AND channel = ?';
      return db
        .prepare(`SELECT ${columns} FROM messages WHERE state IN (${marks})${of} ORDER BY n DESC LIMIT ?`)
        .all(...states, ...(channel === undefined ? [] : [channel]), most)
        .map((row) => ({ ...row }) as unknown as Posted);
    },
    one(id) {
      const found = db
        .prepare(`SELECT ${columns} FROM messages WHERE substr(id, 1, length(?)) = ? ORDER BY id = ? DESC LIMIT 2`)
        .all(id, id, id);
      const [first, second] = found;
      if (id === '' || first === undefined || (second !== undefined && first['id'] !== id)) return null;
      return { ...first } as unknown as Posted;
    },
    standing: () =>
      db
        .prepare(
          `SELECT channels.channel, type, delivered, last_delivered AS lastDelivered, failing,
            (SELECT count(*) FROM messages WHERE messages.channel = channels.channel AND state = 'waiting') AS waiting,
            (SELECT count(*) FROM messages WHERE messages.channel = channels.channel AND state = 'dead') AS dead
           FROM channels ORDER BY channel`,
        )
        .all()
        .map((row) => ({ ...row }) as unknown as ChannelStanding),
    sender() {
      const row = db.prepare('SELECT pid, what FROM writer').get();
      return row !== undefined && isThere(Number(row['pid'])) ? `${row['what']}, process ${row['pid']}` : null;
    },
    [Symbol.dispose]: () => db.close(),
  });
}

/** Leaves a word for whoever sends, who hears it within a second, or when he starts. */
export function sayToSender(folder: string, { word, of, by }: OutboxWord, at: number): Result<void> {
  const opened = openOutboxBeside(folder, false);
  if (!opened.ok) return opened;
  const db = opened.value;
  try {
    db.prepare('INSERT INTO words (word, of, at, by) VALUES (?, ?, ?, ?)').run(word, of, at, by);
    return ok(undefined);
  } catch (error) {
    return failed(unreadable(outboxFile(folder), error));
  } finally {
    db.close();
  }
}
