import { randomInt } from 'node:crypto';
import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import type { Problem } from '../result.ts';
import type { Ban, Batch, Hits, Incident } from '../watch/index.ts';
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
  readonly events: EventTable;
  readonly retention: Retention;
}

export class EventStore implements Store {
  notKept = 0;
  readonly notices: string[];
  private readonly folder: string;
  private readonly file: string;
  private readonly options: StoreOptions;
  private readonly release: () => void;
  private readonly seed = randomInt(2 ** 32);
  private ways = new Ways();
  /** `null`: the file could not be opened again. */
  private tables: Tables | null;
  private asking: Reading | null = null;
  private readonly known: Map<string, string>;
  private waiting: Rows[] = [];
  private readonly spare: Rows[] = [];
  private isBegun = false;
  /** What went wrong since the last commit. */
  private failure: unknown = null;
  /** Events of this transaction, written or not: they are lost if it fails. */
  private inTransaction = 0;
  /** What the file may have while the disk is full. */
  private fullAt = Number.POSITIVE_INFINITY;
  private readonly cursors = new Map<string, string>();
  private readonly incidents = new Map<string, Incident>();
  private readonly ruleHits = new Map<string, Hits>();
  private bans: BanWord[] = [];
  private losses: Loss[] = [];

  constructor(folder: string, options: StoreOptions, opened: Opened, release: () => void) {
    this.folder = folder;
    this.file = storeFile(folder);
    this.options = options;
    this.release = release;
    this.notices = [...opened.notices];
    this.ways.load(opened.db);
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
      this.ways.number(batch, source, from, count, rows.way, at);
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

  hits(changed: readonly Hits[]): void {
    for (const hits of changed) this.ruleHits.set(hits.rule, hits);
  }

  banned(ban: Ban): void {
    bounded(this.bans, { kind: 'ban', ban });
  }

  unbanned(source: string, at: number, by: string): void {
    bounded(this.bans, { kind: 'lift', source, at, by });
  }

  commit(): Problem | null {
    const now = this.options.clock.now();
    this.attempt(() => this.followFile(now));
    this.write();
    this.attempt(() => {
      const { db, events, retention } = this.begin();
      events.settle(now);
      this.ways.write(db);
      const { cursors, incidents, bans, losses, ruleHits: hits } = this;
      writeKept(db, { cursors, incidents, bans, losses, hits }, now);
      retention.step(now, this.inTransaction, events.openSpan, this.fullAt);
      db.exec('COMMIT');
      this.isBegun = false;
    });
    return this.failure === null ? this.committed() : this.undone(now);
  }

  [Symbol.dispose](): void {
    this.commit();
    this.asking?.[Symbol.dispose]();
    this.tables?.db.close();
    this.release();
  }

  private committed(): null {
    this.ways.fresh.clear();
    this.inTransaction = 0;
    // Somebody may have made room meanwhile.
    this.fullAt += backAgain;
    this.cursors.clear();
    this.incidents.clear();
    this.ruleHits.clear();
    this.bans = [];
    this.losses = [];
    return null;
  }

  /** Nothing of the transaction is there. What of it waits for the next is small; its events are counted as lost. */
  private undone(now: number): Problem {
    const error = this.failure as Error;
    this.failure = null;
    const lost = this.countLost(now);
    const code = sqliteCode(error);
    this.attempt(() => {
      if (this.tables === null) return;
      if (this.tables.db.isTransaction) this.tables.db.exec('ROLLBACK');
      this.isBegun = false;
      if (code === sqlite.corrupt || code === sqlite.notADatabase) this.beginAnew(now, 'is damaged');
      else this.tables.events.resume();
      // What there is may be used again: then older events make room for newer ones.
      if (code === sqlite.full) this.fullAt = 0.98 * this.tables.retention.usedBytes();
    });
    this.failure = null;
    const what = code === sqlite.full ? 'the disk is full' : error.message;
    return {
      code: 'store-failed',
      at: { file: this.file },
      message: `events cannot be written (${what})${lost === 0 ? '' : `: ${lost} of them are lost`}`,
      hint: code === sqlite.full ? 'make room on that disk' : 'see what is wrong with that disk or folder',
    };
  }

  /** The events of this transaction are gone. */
  private countLost(now: number): number {
    const lost = this.inTransaction;
    this.inTransaction = 0;
    this.notKept += lost;
    if (lost > 0) this.lost('store', lost, 'events', now);
    return lost;
  }

  /** Does something of a transaction, unless something of it failed before. Only what the disk or the file is guilty of is a failure. */
  private attempt(something: () => void): void {
    if (this.failure !== null) return;
    try {
      something();
    } catch (error) {
      if (sqliteCode(error) === null && typeof (error as NodeJS.ErrnoException).syscall !== 'string') throw error;
      this.failure = error;
    }
  }

  private write(): void {
    const now = this.options.clock.now();
    for (const rows of this.waiting) {
      this.inTransaction += rows.length;
      this.attempt(() => this.begin().events.write(rows, now));
      rows.length = 0;
      if (this.spare.length < 4) this.spare.push(rows);
    }
    this.waiting = [];
  }

  private begin(): Tables {
    if (this.tables === null) throw new Error('the store is closed');
    if (!this.isBegun) this.tables.db.exec('BEGIN IMMEDIATE');
    this.isBegun = true;
    return this.tables;
  }

  /** Whoever took the file away meant to: another is begun. SQLite itself would go on writing where nobody reads. */
  private followFile(now: number): void {
    const stat = statSync(this.file, { throwIfNoEntry: false });
    if (this.tables === null || stat?.ino !== this.tables.inode)
      this.beginAnew(now, stat === undefined ? 'was taken away' : 'was exchanged');
  }

  private beginAnew(now: number, why: 'is damaged' | 'was taken away' | 'was exchanged'): void {
    // Before another is opened: SQLite takes its log away by name.
    this.tables?.db.close();
    this.tables = null;
    this.asking?.[Symbol.dispose]();
    this.asking = null;
    this.isBegun = false;
    this.countLost(now);
    const aside = why === 'is damaged' ? `: it was moved to ${moveAside(this.file, now)}` : '';
    const opened = openForWriting(this.folder, now);
    if (!opened.ok) throw Object.assign(new Error(opened.problems[0]?.message), { syscall: 'open' });
    const { db } = opened.value;
    this.notices.push(`${this.file} ${why}${aside}; another was begun`, ...opened.value.notices);
    const ways = new Ways();
    ways.load(db);
    // What waits has the numbers of the ways that were; in an empty file they can be the same.
    if (ways.isEmpty()) this.ways.rewrite();
    else {
      for (const rows of this.waiting) this.inTransaction += rows.length;
      this.waiting = [];
      this.countLost(now);
      this.ways = ways;
    }
    this.tables = this.tablesOf(db);
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
    this.sayWriter(db);
    return {
      db,
      inode: statSync(this.file).ino,
      events: new EventTable(db, this.ways, this.seed),
      retention: new Retention(db, this.options.limits ?? usualLimits),
    };
  }
}

function bounded<T>(list: T[], one: T): void {
  list.push(one);
  if (list.length > mostWords) list.shift();
}
