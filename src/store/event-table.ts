import type { DatabaseSync } from 'node:sqlite';
import { absent } from '../watch/events/index.ts';
import type { AddressColumn } from './columns.ts';
import { EventInsert } from './insert.ts';
import { LoggedCounts } from './logged.ts';
import { Rows } from './rows.ts';
import { noPrefix, OpenSpan, spanRows } from './spans.ts';
import type { Ways } from './ways.ts';

/** Seconds of which the number of events is kept, for a picture of how it goes. */
export const secondsKept = 3600;

/** Writes events, in spans, and what spans come to. All of it within the transaction that its caller has begun. */
export class EventTable {
  /** Events that this process has written, in this transaction and before. */
  written = 0;
  private readonly db: DatabaseSync;
  private readonly ways: Ways;
  private readonly span: OpenSpan;
  private readonly insert: EventInsert;
  private readonly seconds = new Map<number, number>();
  private readonly logged: LoggedCounts;

  constructor(db: DatabaseSync, ways: Ways, seed: number) {
    this.db = db;
    this.ways = ways;
    this.logged = new LoggedCounts(ways);
    this.span = new OpenSpan(seed);
    this.insert = new EventInsert(db);
    this.resume();
  }

  /** Goes on where what was committed ends: a span that is open is counted anew, from its events. */
  resume(): void {
    this.seconds.clear();
    this.logged.clear();
    const open = this.db.prepare('SELECT id, first, last, kept FROM spans WHERE closed = 0 ORDER BY id DESC LIMIT 1').get();
    const newest = this.db.prepare('SELECT max(id) AS id, max(last) AS last FROM spans').get();
    if (open === undefined) {
      this.span.begin(Number(newest?.['id'] ?? 0) + 1, Number(newest?.['last'] ?? 0) + 1);
      return;
    }
    this.span.begin(Number(open['id']), Number(open['first']));
    const read = this.db.prepare(
      'SELECT at, way, src, dst, proto, dport, icmp_type FROM events WHERE id BETWEEN ? AND ? ORDER BY id',
    );
    const one = new Rows(1);
    for (const row of read.iterate(open['first'] as number, open['last'] as number)) {
      one.at[0] = Number(row['at']);
      one.way[0] = Number(row['way']);
      const [src, dst] = [row['src'] as AddressColumn, row['dst'] as AddressColumn];
      one.family[0] = typeof src === 'number' ? 4 : 6;
      putWords(src, one.src);
      putWords(dst, one.dst);
      one.proto[0] = Number(row['proto'] ?? absent);
      one.dport[0] = Number(row['dport'] ?? absent);
      one.icmpType[0] = Number(row['icmp_type'] ?? absent);
      this.span.add(one, 0);
    }
  }

  /** @param now epoch milliseconds, by the host's clock */
  write(rows: Rows, now: number): void {
    for (let from = 0; from < rows.length; ) {
      const count = Math.min(rows.length - from, spanRows - this.span.rows);
      this.insert.put(rows, from, count, this.span.last + 1);
      for (let row = from; row < from + count; row += 1) this.span.add(rows, row);
      from += count;
      if (this.span.isOver()) this.close(now);
    }
    this.written += rows.length;
    this.countSeconds(rows, now);
    this.logged.add(rows);
  }

  /** At the end of a transaction. */
  settle(now: number): void {
    if (this.span.rows > 0) {
      if (this.span.isOver()) this.close(now);
      else this.putSpan(now, 0, 0);
    }
    const count = this.db.prepare(
      'INSERT INTO seconds (second, events) VALUES (?, ?) ON CONFLICT (second) DO UPDATE SET events = events + excluded.events',
    );
    for (const [second, events] of this.seconds) count.run(second, events);
    this.seconds.clear();
    this.logged.write(this.db);
  }

  /** The id of the span that grows: nothing of it goes yet. */
  get openSpan(): number {
    return this.span.id;
  }

  private close(now: number): void {
    const { span } = this;
    const tops = span.tops((way) => this.ways.prefixOf(way) || noPrefix);
    const put = this.db.prepare('INSERT INTO tops (by, span, what, events, first, last, most) VALUES (?, ?, ?, ?, ?, ?, ?)');
    // The column holds texts too and so turns no double into an integer.
    for (const { by, what, events, first, last, most } of tops)
      put.run(by, span.id, typeof what === 'number' ? BigInt(what) : what, events, first, last, most);
    this.putSpan(now, 1, tops.length);
    span.begin(span.id + 1, span.last + 1);
  }

  private putSpan(now: number, closed: 0 | 1, counts: number): void {
    const { id, first, last, since, until } = this.span;
    this.db
      .prepare(
        `INSERT INTO spans (id, first, last, since, until, kept, closed, gone, counts) VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?)
         ON CONFLICT (id) DO UPDATE SET last = excluded.last, since = excluded.since, until = excluded.until, kept = excluded.kept,
         closed = excluded.closed, counts = excluded.counts`,
      )
      .run(id, first, last, since, until, now, closed, counts);
  }

  private countSeconds(rows: Rows, now: number): void {
    for (let row = 0; row < rows.length; row += 1) {
      const at = rows.at[row] as number;
      if (Math.abs(now - at) > 1000 * secondsKept) continue;
      const second = Math.floor(at / 1000);
      this.seconds.set(second, (this.seconds.get(second) ?? 0) + 1);
    }
  }
}

function putWords(column: AddressColumn, words: Uint32Array): void {
  words.fill(0);
  if (typeof column === 'number') words[3] = column;
  else {
    const view = new DataView(column.buffer, column.byteOffset, 16);
    for (let word = 0; word < 4; word += 1) words[word] = view.getUint32(4 * word);
  }
}
