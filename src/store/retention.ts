import type { DatabaseSync } from 'node:sqlite';
import { secondsKept } from './event-table.ts';
import type { StoreLimits } from './store.ts';

const dayMs = 86_400_000;
/** Events that go with one commit, at least; more where more came with it, so that a flood never outruns it. */
const eventsAtOnce = 8192;
const rowsAtOnce = 256;
const pagesAtOnce = 128;
/** What is old is looked for so often, and a little goes with every commit while there is some. */
const sweepMs = 60_000;
/** The part of the limit that counts of spans may have whose events are gone. */
const countsShare = 0.25;
/** A row of `tops`, measured. */
const bytesOfCount = 40;

interface SpanRow {
  readonly id: number;
  readonly first: number;
  readonly last: number;
}

/**
 * Lets go what is too old or too much, a little with each commit and within its transaction. Events go span by span in the order in which they
 * were kept, so that a forged time neither saves an event nor costs another one. What spans came to stays longer than their events.
 */
export class Retention {
  private readonly db: DatabaseSync;
  private readonly limits: StoreLimits;
  private sweptAt = Number.NEGATIVE_INFINITY;

  constructor(db: DatabaseSync, limits: StoreLimits) {
    this.db = db;
    this.limits = limits;
  }

  /**
   * @param written events that were written in this transaction
   * @param open the span that is open, which stays
   * @param bytes what the file may have, where it is less than the limit: the disk is full
   */
  step(now: number, written: number, open: number, bytes = this.limits.bytes): void {
    const isTooMuch = this.usedBytes() > Math.min(bytes, this.limits.bytes);
    const isDue = now - this.sweptAt >= sweepMs || now < this.sweptAt;
    if (!isTooMuch && !isDue) return;
    const most = Math.max(eventsAtOnce, Math.ceil(1.25 * written));
    const oldest = now - this.limits.eventDays * dayMs;
    const hasMore = [
      this.dropEvents(most, open, isTooMuch ? Number.POSITIVE_INFINITY : oldest),
      isDue && this.dropOld(now),
      isDue && this.shrink(),
    ];
    if (!hasMore.includes(true)) this.sweptAt = now;
  }

  usedBytes(): number {
    return this.pragma('page_size') * (this.pragma('page_count') - this.pragma('freelist_count'));
  }

  /** @returns whether there are more to go */
  private dropEvents(most: number, open: number, before: number): boolean {
    const oldest = this.db.prepare(
      'SELECT id, first, last FROM spans WHERE gone = 0 AND id <> ? AND min(until, kept) < ? ORDER BY id LIMIT 1',
    );
    let left = most;
    while (left > 0) {
      const span = oldest.get(open, before) as unknown as SpanRow | undefined;
      if (span === undefined) return false;
      const from = Number(
        this.db.prepare('SELECT min(id) AS id FROM events WHERE id >= ?').get(span.first)?.['id'] ?? span.last + 1,
      );
      const to = Math.min(span.last, from + left - 1);
      if (from <= to) left -= Number(this.db.prepare('DELETE FROM events WHERE id BETWEEN ? AND ?').run(from, to).changes);
      if (to >= span.last) this.db.prepare('UPDATE spans SET gone = 1 WHERE id = ?').run(span.id);
    }
    return true;
  }

  private dropOld(now: number): boolean {
    const year = now - this.limits.yearDays * dayMs;
    const few = (table: string, where: string): boolean =>
      Number(
        this.db
          .prepare(`DELETE FROM ${table} WHERE rowid IN (SELECT rowid FROM ${table} WHERE ${where} LIMIT ${rowsAtOnce})`)
          .run(year).changes,
      ) === rowsAtOnce;
    this.db.prepare('DELETE FROM seconds WHERE second < ?').run(Math.floor(now / 1000) - secondsKept);
    this.db.prepare('DELETE FROM attended WHERE incident NOT IN (SELECT id FROM incidents)').run();
    const more = [this.dropCounts(year), few('incidents', 'last < ?'), few('bans', 'until < ?'), few('losses', 'at < ?')];
    return more.includes(true);
  }

  /** The counts of one span whose events are gone: those that are too old, or the oldest if there are too many. */
  private dropCounts(year: number): boolean {
    const counts = Number(this.db.prepare('SELECT sum(counts) AS counts FROM spans WHERE gone = 1').get()?.['counts'] ?? 0);
    const isTooMuch = counts * bytesOfCount > countsShare * this.limits.bytes;
    const span = this.db
      .prepare('SELECT id FROM spans WHERE gone = 1 AND min(until, kept) < ? ORDER BY id LIMIT 1')
      .get(isTooMuch ? Number.MAX_SAFE_INTEGER : year);
    if (span === undefined) return false;
    for (const by of ['source', 'network', 'port', 'target', 'prefix'])
      this.db.prepare('DELETE FROM tops WHERE by = ? AND span = ?').run(by, Number(span['id']));
    this.db.prepare('DELETE FROM spans WHERE id = ?').run(Number(span['id']));
    return true;
  }

  /** Gives room back to the disk where much of the file is empty and stays so. */
  private shrink(): boolean {
    const [pages, free] = [this.pragma('page_count'), this.pragma('freelist_count')];
    if (free < 1024 || free < pages / 4) return false;
    this.db.exec(`PRAGMA incremental_vacuum(${pagesAtOnce})`);
    return true;
  }

  private pragma(name: 'page_size' | 'page_count' | 'freelist_count'): number {
    return Number(this.db.prepare(`PRAGMA ${name}`).get()?.[name]);
  }
}
