import { randomInt } from 'node:crypto';
import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import type { Problem } from '../result.ts';
import type { Ban, Batch, Incident } from '../watch/index.ts';
import { EventTable } from './event-table.ts';
import { moveAside, type Opened, openForReading, openForWriting, storeFile } from './file.ts';
import { type BanWord, type Loss, writeKept } from './kept.ts';
import { sqlite, sqliteCode } from './lock.ts';
import { reading } from './reading.ts';
import { Retention } from './retention.ts';
import { Rows } from './rows.ts';
import { type Reading, type Store, type StoreOptions, usualLimits } from './store.ts';
import { Ways } from './ways.ts';

const rowsAtOnce = 8192;
/** So many events wait in memory at most; more are written at once, into the transaction that the next commit ends. */
const mostWaiting = 16 * rowsAtOnce;
/** So many bans, and as many losses, wait for a disk that takes nothing: then the oldest go. */
const mostWords = 65_536;

/** Bytes by which, after the disk was full, the file may grow again with each commit. */
const backAgain = 65_536;

/** What is bound to one opening of the file. */
interface Tables {
  readonly db: DatabaseSync;
  readonly inode: number;
  readonly ways: Ways;
  readonly events: EventTable;
  readonly retention: Retention;
}

export class EventStore implements Store {
  notKept = 0;
  readonly notices: string[];
  private readonly folder: string;
  private readonly options: StoreOptions;
  private readonly release: () => void;
  private readonly seed = randomInt(2 ** 32);
  private tables: Tables;
  private asking: Reading | null = null;
  private readonly known: Map<string, string>;
  private waiting: Rows[] = [];
  private readonly spare: Rows[] = [];
  private isBegun = false;
  private failure: unknown = null;
  /** Events that this transaction has written, and those that are lost if it fails. */
  private inTransaction = 0;
  /** What the file may have while the disk is full. */
  private fullAt = Number.POSITIVE_INFINITY;
  private cursors = new Map<string, string>();
  private incidents = new Map<string, Incident>();
  private bans: BanWord[] = [];
  private losses: Loss[] = [];

  constructor(folder: string, options: StoreOptions, opened: Opened, release: () => void) {
    this.folder = folder;
    this.options = options;
    this.release = release;
    this.notices = [...opened.notices];
    this.tables = this.tablesOf(opened.db);
    this.known = new Map(
      opened.db
        .prepare('SELECT source, cursor FROM cursors')
        .all()
        .map((row) => [String(row['source']), String(row['cursor'])]),
    );
  }

  get read(): Reading {
    if (this.asking === null) {
      const opened = openForReading(this.folder);
      if (!opened.ok) throw new Error(opened.problems[0]?.message);
      this.asking = reading(opened.value);
    }
    return this.asking;
  }

  keep(batch: Batch, source: string): void {
    for (let from = 0; from < batch.length; ) {
      let rows = this.waiting.at(-1);
      if (rows === undefined || rows.length === rows.capacity) {
        rows = this.spare.pop() ?? new Rows(rowsAtOnce);
        this.waiting.push(rows);
      }
      const at = rows.length;
      const count = rows.take(batch, from);
      this.tables.ways.number(batch, source, from, count, rows.way, at);
      from += count;
    }
    if (this.waiting.length * rowsAtOnce > mostWaiting) this.write();
  }

  reached(source: string, cursor: string): void {
    this.cursors.set(source, cursor);
    this.known.set(source, cursor);
  }

  cursor(source: string): string | null {
    return this.known.get(source) ?? null;
  }

  lost(source: string, count: number, of: string, at: number): void {
    const last = this.losses.at(-1);
    // Losses of one source follow one another quickly.
    if (last?.source === source && last.of === of && at - last.at < 1000 && at >= last.at)
      this.losses[this.losses.length - 1] = { ...last, count: last.count + count };
    else bounded(this.losses, { at: Math.floor(at), source, count, of });
  }

  incident(incident: Incident): void {
    this.incidents.set(incident.id, incident);
    if (this.incidents.size > mostWords) this.incidents.delete(this.incidents.keys().next().value as string);
  }

  banned(ban: Ban): void {
    bounded(this.bans, { kind: 'ban', ban });
  }

  unbanned(source: string, at: number, by: string): void {
    bounded(this.bans, { kind: 'lift', source, at, by });
  }

  commit(): Problem | null {
    const now = this.options.clock.now();
    this.followFile(now);
    this.write();
    if (this.failure === null) {
      try {
        this.begin();
        const { db, events, retention } = this.tables;
        events.settle(now);
        this.writeWays();
        writeKept(db, { cursors: this.cursors, incidents: this.incidents, bans: this.bans, losses: this.losses });
        retention.step(now, this.inTransaction, events.openSpan, this.fullAt);
        db.exec('COMMIT');
        this.isBegun = false;
      } catch (error) {
        this.failure = error;
      }
    }
    return this.failure === null ? this.committed() : this.undone(now);
  }

  [Symbol.dispose](): void {
    this.commit();
    this.asking?.[Symbol.dispose]();
    this.tables.db.close();
    this.release();
  }

  private committed(): null {
    this.tables.ways.fresh.clear();
    this.inTransaction = 0;
    // Somebody may have made room meanwhile.
    this.fullAt += backAgain;
    this.cursors.clear();
    this.incidents.clear();
    this.bans = [];
    this.losses = [];
    return null;
  }

  /** Nothing of the transaction is there. What of it waits for the next is small; its events are counted as lost. */
  private undone(now: number): Problem {
    const error = this.failure;
    this.failure = null;
    const lost = this.inTransaction;
    this.inTransaction = 0;
    if (lost > 0) {
      this.notKept += lost;
      this.lost('store', lost, 'events', now);
    }
    const code = sqliteCode(error);
    if (code === null || code === sqlite.error) throw error;
    try {
      if (this.isBegun && this.tables.db.isTransaction) this.tables.db.exec('ROLLBACK');
      this.isBegun = false;
      if (code === sqlite.corrupt || code === sqlite.notADatabase) this.beginAnew(now, 'is damaged');
      else this.tables.events.resume();
      // What there is may be used again: then older events make room for newer ones.
      if (code === sqlite.full) this.fullAt = 0.98 * this.tables.retention.usedBytes();
    } catch (another) {
      if (sqliteCode(another) === null) throw another;
    }
    const what = code === sqlite.full ? 'the disk is full' : (error as Error).message;
    const events = lost === 0 ? '' : `: ${lost} events are not kept`;
    return {
      code: 'store-failed',
      at: { file: storeFile(this.folder) },
      message: `events cannot be written (${what})${events}`,
      hint: code === sqlite.full ? 'make room on that disk' : 'see what is wrong with that disk or folder',
    };
  }

  private write(): void {
    const now = this.options.clock.now();
    for (const rows of this.waiting) {
      this.inTransaction += rows.length;
      if (this.failure === null) {
        try {
          this.begin();
          this.tables.events.write(rows, now);
        } catch (error) {
          this.failure = error;
        }
      }
      rows.length = 0;
      if (this.spare.length < 4) this.spare.push(rows);
    }
    this.waiting = [];
  }

  private begin(): void {
    if (this.isBegun) return;
    this.tables.db.exec('BEGIN IMMEDIATE');
    this.isBegun = true;
  }

  private writeWays(): void {
    const { db, ways } = this.tables;
    const put = db.prepare('INSERT INTO ways (id, source, trusted, kind, prefix, "in", "out") VALUES (?, ?, ?, ?, ?, ?, ?)');
    for (const { id, source, trusted, kind, prefix, in: from, out } of ways.fresh.values())
      put.run(id, source, Number(trusted), kind, prefix, from, out);
  }

  /** Whoever took the file away meant to: another is begun. SQLite itself would go on writing where nobody reads. */
  private followFile(now: number): void {
    const stat = statSync(storeFile(this.folder), { throwIfNoEntry: false });
    if (stat?.ino === this.tables.inode) return;
    this.failure = null;
    try {
      this.beginAnew(now, stat === undefined ? 'was taken away' : 'was exchanged');
    } catch (error) {
      if (sqliteCode(error) === null && typeof (error as NodeJS.ErrnoException).code !== 'string') throw error;
      this.failure = error;
    }
  }

  private beginAnew(now: number, why: string): void {
    const file = storeFile(this.folder);
    this.tables.db.close();
    this.asking?.[Symbol.dispose]();
    this.asking = null;
    this.isBegun = false;
    const aside = why === 'is damaged' ? moveAside(file, now) : null;
    const opened = openForWriting(this.folder, now);
    if (!opened.ok) throw new Error(opened.problems[0]?.message);
    this.notices.push(
      `${file} ${why}${aside === null ? '' : `: it was moved to ${aside}`}; another was begun`,
      ...opened.value.notices,
    );
    this.tables = this.tablesOf(opened.value.db);
    for (const [source, cursor] of this.known) this.cursors.set(source, cursor);
  }

  /** For whoever is refused meanwhile; on a full disk it stays unsaid. */
  private sayWriter(db: DatabaseSync): void {
    try {
      db.prepare(
        'INSERT INTO writer (only, pid, what, since) VALUES (1, ?, ?, ?) ON CONFLICT (only) DO UPDATE SET pid = excluded.pid, what = excluded.what, since = excluded.since',
      ).run(process.pid, this.options.writer, this.options.clock.now());
    } catch (error) {
      if (sqliteCode(error) !== sqlite.full) throw error;
    }
  }

  private tablesOf(db: DatabaseSync): Tables {
    const ways = new Ways();
    ways.load(db);
    this.sayWriter(db);
    return {
      db,
      inode: statSync(storeFile(this.folder)).ino,
      ways,
      events: new EventTable(db, ways, this.seed),
      retention: new Retention(db, this.options.limits ?? usualLimits),
    };
  }
}

function bounded<T>(list: T[], one: T): void {
  list.push(one);
  if (list.length > mostWords) list.shift();
}
