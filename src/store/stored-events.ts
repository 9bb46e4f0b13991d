import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { type AddressColumn, addressOf } from './columns.ts';
import { conditionsOf } from './filters.ts';
import type { EventQuestion, StoredEvent } from './store.ts';

interface EventRow {
  readonly id: number;
  readonly at: number;
  readonly way: number;
  readonly src: AddressColumn;
  readonly dst: AddressColumn;
  readonly proto: number | null;
  readonly sport: number | null;
  readonly dport: number | null;
  readonly flags: number | null;
  readonly icmp_type: number | null;
  readonly icmp_code: number | null;
  readonly length: number | null;
  readonly ttl: number | null;
  readonly mark: number;
}

interface WayRow {
  readonly source: string;
  readonly trusted: number;
  readonly kind: StoredEvent['kind'];
  readonly prefix: string;
  readonly in: string;
  readonly out: string;
}

/**
 * Events, in the order of their times. One span is read at a time, and none while whoever asked is at work with what he got: a long question
 * would keep SQLite from beginning its log anew.
 */
export function* eventsOf(db: DatabaseSync, question: EventQuestion): Iterable<StoredEvent> {
  const since = question.since ?? Number.MIN_SAFE_INTEGER;
  const until = question.until ?? Number.MAX_SAFE_INTEGER;
  const oldestFirst = question.oldestFirst === true;
  let left = question.most ?? Number.POSITIVE_INFINITY;
  const order = oldestFirst ? 'since' : 'until DESC';
  const spans = db
    .prepare(`SELECT first, last, since, until FROM spans WHERE gone = 0 AND until >= ? AND since <= ? ORDER BY ${order}`)
    .all(since, until) as unknown as readonly { first: number; last: number; since: number; until: number }[];
  const conditions = conditionsOf(question);
  const filter = conditions.map(({ sql }) => ` AND ${sql}`).join('');
  const direction = oldestFirst ? 'ASC' : 'DESC';
  const read = db.prepare(
    `SELECT * FROM events WHERE id BETWEEN ? AND ? AND at BETWEEN ? AND ?${filter} ORDER BY at ${direction}, id ${direction} LIMIT ?`,
  );
  const values = conditions.flatMap((condition): readonly SQLInputValue[] => condition.values);
  const ways = new Map<number, WayRow>();
  // Spans may overlap in time: an event is given when no span that is still to be read can have one before it.
  let ready: readonly EventRow[] = [];
  for (const [at, span] of spans.entries()) {
    const limit = Number.isFinite(left) ? left : -1;
    const rows = read.all(span.first, span.last, since, until, ...values, limit) as unknown as readonly EventRow[];
    ready = ready.length === 0 ? rows : merged(ready, rows, oldestFirst);
    const next = spans[at + 1];
    const given = next === undefined ? ready.length : countBefore(ready, oldestFirst ? next.since : next.until, oldestFirst);
    for (const row of ready.slice(0, given)) {
      yield eventOf(row, wayOf(db, ways, row.way));
      left -= 1;
      if (left <= 0) return;
    }
    ready = ready.slice(given);
  }
}

/** How many rows at the beginning stand before whatever may come at `bound` or behind it. */
function countBefore(rows: readonly EventRow[], bound: number, oldestFirst: boolean): number {
  const found = rows.findIndex(({ at }) => (oldestFirst ? at >= bound : at <= bound));
  return found < 0 ? rows.length : found;
}

function merged(left: readonly EventRow[], right: readonly EventRow[], oldestFirst: boolean): readonly EventRow[] {
  const sign = oldestFirst ? 1 : -1;
  return [...left, ...right].sort((a, b) => sign * (a.at - b.at || a.id - b.id));
}

function wayOf(db: DatabaseSync, ways: Map<number, WayRow>, id: number): WayRow {
  let way = ways.get(id);
  if (way === undefined) {
    way = db.prepare('SELECT * FROM ways WHERE id = ?').get(id) as unknown as WayRow;
    ways.set(id, way);
  }
  return way;
}

function eventOf(row: EventRow, way: WayRow): StoredEvent {
  const { id, at, proto, sport, dport, flags, length, ttl, mark } = row;
  return {
    id,
    kind: way.kind,
    at,
    source: way.source,
    trusted: way.trusted === 1,
    packet: {
      at,
      prefix: way.prefix,
      in: way.in === '' ? null : way.in,
      out: way.out === '' ? null : way.out,
      src: addressOf(row.src),
      dst: addressOf(row.dst),
      proto,
      sport,
      dport,
      icmpType: row.icmp_type,
      icmpCode: row.icmp_code,
      flags,
      length,
      ttl,
      mark,
    },
  };
}
