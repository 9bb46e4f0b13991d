import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import type { Message } from '../alert/index.ts';
import type { Problem } from '../result.ts';
import { moveAside } from './file.ts';
import { sqlite, sqliteCode } from './lock.ts';
import type { ChannelStanding, Outbox, OutboxWord, Posted, Remembered, Waiting } from './outbox.ts';
import { openOutboxFile, outboxFile } from './outbox-file.ts';
import { type ChannelRow, type Row, rowIn, sweepRows, writeRows } from './outbox-rows.ts';

const sweepMs = 3_600_000;
/** More than these do not wait: the oldest are given up. */
export const mostWaiting = 20_000;

export class SqliteOutbox implements Outbox {
  readonly notices: string[] = [];
  private readonly folder: string;
  private readonly release: () => void;
  private db: DatabaseSync;
  private inode: number;
  private version: number;
  private readonly rows = new Map<string, Row>();
  /** Those that wait, by channel, in their order. */
  private readonly queues = new Map<string, Map<string, Row>>();
  private readonly tracked = new Map<string, string>();
  private readonly kept = new Map<string, string>();
  private readonly channelRows = new Map<string, ChannelRow>();
  /** What was not written yet. */
  private readonly unwritten = {
    rows: new Set<string>(),
    tracked: new Set<string>(),
    kept: new Set<string>(),
    channels: new Set<string>(),
  };
  /** The last word of others that was heard, and whether it is still in the file. */
  private heardUpTo = 0;
  private isHeard = false;
  private readonly nextSequence = new Map<string, number>();
  private nextN: number;
  private sweptAt = Number.NEGATIVE_INFINITY;

  constructor(folder: string, db: DatabaseSync, notice: string | null, release: () => void) {
    this.folder = folder;
    this.release = release;
    this.db = db;
    this.inode = statSync(outboxFile(folder)).ino;
    // Whatever others have said before is looked at once.
    this.version = -1;
    if (notice !== null) this.notices.push(notice);
    this.nextN = Number(db.prepare('SELECT coalesce(max(n), 0) AS n FROM messages').get()?.['n']) + 1;
    for (const row of db.prepare("SELECT * FROM messages WHERE state = 'waiting' ORDER BY n").all()) {
      const one = rowIn(row);
      this.rows.set(one.id, one);
      this.queueOf(one.channel).set(one.id, one);
    }
    for (const row of db.prepare('SELECT incident, state FROM tracked').all())
      this.tracked.set(String(row['incident']), String(row['state']));
    for (const row of db.prepare('SELECT name, value FROM kept').all()) this.kept.set(String(row['name']), String(row['value']));
    for (const row of db.prepare('SELECT * FROM channels').all())
      this.channelRows.set(String(row['channel']), {
        type: String(row['type']),
        delivered: Number(row['delivered']),
        lastDelivered: row['last_delivered'] as number | null,
        failing: row['failing'] as string | null,
        failingSince: row['failing_since'] as number | null,
      });
  }

  get remembered(): Remembered {
    return { tracked: [...this.tracked.values()], kept: this.kept };
  }

  track(incident: string, state: string | null): void {
    if (state === null) this.tracked.delete(incident);
    else this.tracked.set(incident, state);
    this.unwritten.tracked.add(incident);
  }

  keep(name: string, value: string): void {
    if (this.kept.get(name) === value) return;
    this.kept.set(name, value);
    this.unwritten.kept.add(name);
  }

  queue(message: Omit<Message, 'sequence'>, channel: string, sending: ReadonlySet<string>): void {
    // A later renewal says all that an earlier one did; and none may come behind the word that something is over.
    for (const row of [...this.queueOf(channel).values()]) {
      const isOlder = row.kind === 'renewal' && !sending.has(row.id);
      const isSaid = message.kind === 'renewal' ? row.thread === message.thread : message.kind !== 'test';
      if (isOlder && isSaid) this.end(row, 'dropped', message.at);
    }
    const { id, thread, kind, at, severity, title } = message;
    const sequence = this.sequenceOf(channel, thread);
    const row: Row = {
      ...{ n: this.nextN++, id, channel, thread, sequence, kind, at, severity, title },
      ...{ state: 'waiting', attempts: 0, next: at, since: at, why: null, ended: null, receipt: null },
      body: JSON.stringify({ ...message, sequence } satisfies Message),
    };
    this.put(row);
    if (this.rows.size <= mostWaiting) return;
    const oldest = [...this.rows.values()].find(({ state, id: one }) => state === 'waiting' && !sending.has(one));
    if (oldest !== undefined) this.dead(oldest.id, at, `more than ${mostWaiting} messages wait`);
  }

  waiting(channel: string): Iterable<Waiting> {
    return this.queueOf(channel).values();
  }

  message(id: string): Message | null {
    const body = this.rows.get(id)?.body ?? this.db.prepare('SELECT body FROM messages WHERE id = ?').get(id)?.['body'];
    return body === undefined ? null : (JSON.parse(String(body)) as Message);
  }

  delivered(id: string, at: number, receipt: string | null): void {
    const row = this.rows.get(id);
    if (row === undefined) return;
    row.receipt = receipt;
    row.attempts += 1;
    this.end(row, 'delivered', at);
    const channel = this.channelRow(row.channel);
    channel.delivered += 1;
    channel.lastDelivered = at;
  }

  again(id: string, why: string, next: number): void {
    const row = this.rows.get(id);
    if (row === undefined) return;
    Object.assign(row, { why, next, attempts: row.attempts + 1 });
    this.unwritten.rows.add(id);
  }

  dead(id: string, at: number, why: string): void {
    const row = this.rows.get(id);
    if (row === undefined) return;
    row.why = why;
    // What only says that something is still so is no loss.
    this.end(row, row.kind === 'renewal' ? 'dropped' : 'dead', at);
  }

  retry(id: string, at: number): number {
    let count = 0;
    for (const row of this.those(id, id === 'all' ? ['dead'] : ['dead', 'waiting'])) {
      Object.assign(row, { state: 'waiting', next: at, since: at, ended: null });
      this.put(row);
      count += 1;
    }
    return count;
  }

  drop(id: string, at: number, sending: ReadonlySet<string>): number {
    const those = this.those(id, id === 'all' ? ['dead'] : ['dead', 'waiting']).filter((row) => !sending.has(row.id));
    for (const row of those) this.end(row, 'dropped', at);
    return those.length;
  }

  channels(types: ReadonlyMap<string, string>): void {
    for (const [channel, type] of types) this.channelRow(channel).type = type;
    for (const channel of this.channelRows.keys()) {
      if (types.has(channel)) continue;
      this.channelRows.delete(channel);
      this.unwritten.channels.add(channel);
    }
  }

  failing(channel: string, why: string | null, at: number): void {
    const row = this.channelRow(channel);
    if (row.failing === why) return;
    row.failingSince = why === null ? null : (row.failingSince ?? at);
    row.failing = why;
  }

  standing(): readonly ChannelStanding[] {
    const dead = new Map(
      this.db
        .prepare("SELECT channel, count(*) AS dead FROM messages WHERE state = 'dead' GROUP BY channel")
        .all()
        .map((row) => [row['channel'], Number(row['dead'])]),
    );
    return [...this.channelRows].map(([channel, { type, delivered, lastDelivered, failing }]) => ({
      ...{ channel, type, delivered, lastDelivered, failing },
      waiting: this.queueOf(channel).size,
      dead: dead.get(channel) ?? 0,
    }));
  }

  words(): readonly OutboxWord[] {
    const version = Number(Object.values(this.db.prepare('PRAGMA data_version').get() ?? {})[0]);
    if (version === this.version) return [];
    this.version = version;
    const rows = this.db.prepare('SELECT n, word, of, by FROM words WHERE n > ? ORDER BY n').all(this.heardUpTo);
    if (rows.length === 0) return [];
    // They go with the commit that holds what is done of them.
    this.heardUpTo = Number(rows.at(-1)?.['n']);
    this.isHeard = true;
    return rows.map((row) => ({ word: row['word'] as OutboxWord['word'], of: String(row['of']), by: String(row['by']) }));
  }

  commit(now: number): Problem | null {
    const { rows, tracked, kept, channels } = this.unwritten;
    try {
      this.followFile(now);
      if (rows.size + tracked.size + kept.size + channels.size === 0 && !this.isHeard && now - this.sweptAt < sweepMs)
        return null;
      this.db.exec('BEGIN IMMEDIATE');
      writeRows(this.db, { rows: this.rows, tracked: this.tracked, kept: this.kept, channels: this.channelRows }, this.unwritten);
      this.db.prepare('DELETE FROM words WHERE n <= ?').run(this.heardUpTo);
      const isDue = now - this.sweptAt >= sweepMs || now < this.sweptAt;
      if (isDue) sweepRows(this.db, now);
      this.db.exec('COMMIT');
      if (isDue) this.sweptAt = now;
      this.isHeard = false;
    } catch (error) {
      return this.undone(error, now);
    }
    for (const id of rows) {
      const row = this.rows.get(id);
      if (row === undefined) continue;
      row.body = null;
      if (row.state !== 'waiting') this.rows.delete(id);
    }
    for (const set of [rows, tracked, kept, channels]) set.clear();
    return null;
  }

  [Symbol.dispose](): void {
    this.db.close();
    this.release();
  }

  private channelRow(channel: string): ChannelRow {
    let row = this.channelRows.get(channel);
    if (row === undefined) {
      row = { type: '', delivered: 0, lastDelivered: null, failing: null, failingSince: null };
      this.channelRows.set(channel, row);
    }
    this.unwritten.channels.add(channel);
    return row;
  }

  private queueOf(channel: string): Map<string, Row> {
    let queue = this.queues.get(channel);
    if (queue === undefined) {
      queue = new Map();
      this.queues.set(channel, queue);
    }
    return queue;
  }

  private put(row: Row): void {
    this.rows.set(row.id, row);
    this.unwritten.rows.add(row.id);
    const queue = this.queueOf(row.channel);
    if (row.state !== 'waiting') queue.delete(row.id);
    else if (!queue.has(row.id)) {
      let last: Row | undefined;
      for (const each of queue.values()) last = each;
      queue.set(row.id, row);
      // One that waits again goes where it was.
      if (last !== undefined && last.n > row.n)
        this.queues.set(row.channel, new Map([...queue].sort(([, one], [, other]) => one.n - other.n)));
    }
  }

  private end(row: Row, state: 'delivered' | 'dead' | 'dropped', at: number): void {
    Object.assign(row, { state, ended: at });
    this.put(row);
  }

  /** One of that id, or all. */
  private those(id: string, states: readonly Posted['state'][]): Row[] {
    const here = [...this.rows.values()].filter((row) => (id === 'all' || row.id === id) && states.includes(row.state));
    const found = this.db
      .prepare(
        `SELECT * FROM messages WHERE ${id === 'all' ? '? = ?' : 'id = ? AND ? IS NOT NULL'} AND state = 'dead' ORDER BY n`,
      )
      .all(id, id)
      .map(rowIn)
      .filter((row) => states.includes(row.state) && !this.rows.has(row.id));
    return [...here, ...found];
  }

  private sequenceOf(channel: string, thread: string): number {
    const key = `${channel}\n${thread}`;
    const next =
      this.nextSequence.get(key) ??
      Number(
        this.db
          .prepare('SELECT coalesce(max(sequence), -1) + 1 AS next FROM messages WHERE channel = ? AND thread = ?')
          .get(channel, thread)?.['next'],
      );
    // The file says it too, once it was written.
    if (this.nextSequence.size > 10_000 && this.unwritten.rows.size === 0) this.nextSequence.clear();
    this.nextSequence.set(key, next + 1);
    return next;
  }

  /** Nothing of it is written, and all of it stays in memory. */
  private undone(error: unknown, now: number): Problem {
    const code = sqliteCode(error);
    if (code === null && typeof (error as NodeJS.ErrnoException).syscall !== 'string') throw error;
    if (this.db.isTransaction) this.db.exec('ROLLBACK');
    const file = outboxFile(this.folder);
    if (code === sqlite.corrupt || code === sqlite.notADatabase) this.beginAnew(now, true);
    const what = code === sqlite.full ? 'the disk is full' : (error as Error).message;
    return {
      code: 'store-failed',
      at: { file },
      message: `what was sent cannot be written down (${what}); it goes on in memory`,
      hint:
        code === sqlite.full
          ? 'make room on that disk before palisade ends, or alerts are lost or sent twice'
          : 'see what is wrong with that disk or folder',
    };
  }

  /** SQLite would go on writing where nobody reads. */
  private followFile(now: number): void {
    if (statSync(outboxFile(this.folder), { throwIfNoEntry: false })?.ino !== this.inode) this.beginAnew(now, false);
  }

  private beginAnew(now: number, isDamaged: boolean): void {
    let unread = 0;
    // What waits is read before the file is let go.
    for (const row of this.rows.values()) {
      try {
        row.body ??= JSON.stringify(this.message(row.id));
      } catch {
        row.body = null;
      }
      if (row.body !== null && row.body !== 'null') continue;
      this.rows.delete(row.id);
      unread += 1;
    }
    this.db.close();
    const file = outboxFile(this.folder);
    const aside = isDamaged ? ` is damaged: it was moved to ${moveAside(file, now)}` : ' was taken away or exchanged';
    const opened = openOutboxFile(this.folder, now);
    if (!opened.ok) throw Object.assign(new Error(opened.problems[0]?.message), { syscall: 'open' });
    this.db = opened.value.db;
    this.inode = statSync(file).ino;
    this.version = -1;
    this.heardUpTo = 0;
    const gone =
      unread === 0
        ? ''
        : `; ${unread === 1 ? 'a message' : `${unread} messages`} could not be read out of it, and ${unread === 1 ? 'is' : 'are'} lost`;
    this.notices.push(`${file}${aside}; another was begun${gone}`);
    for (const id of this.rows.keys()) this.unwritten.rows.add(id);
    for (const id of this.tracked.keys()) this.unwritten.tracked.add(id);
    for (const name of this.kept.keys()) this.unwritten.kept.add(name);
    for (const channel of this.channelRows.keys()) this.unwritten.channels.add(channel);
  }
}
