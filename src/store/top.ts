import type { DatabaseSync } from 'node:sqlite';
import { formatAddress, formatPrefix } from '../model/net/index.ts';
import { absent } from '../watch/events/index.ts';
import { type AddressColumn, addressOf } from './columns.ts';
import { noPrefix, portText } from './spans.ts';
import type { Top, TopQuestion, TopRow } from './store.ts';

interface Span {
  readonly id: number;
  readonly first: number;
  readonly last: number;
  readonly since: number;
  readonly until: number;
  readonly closed: number;
  readonly gone: number;
}

type What = AddressColumn | string;
type By = TopQuestion['by'];

/**
 * Who or what is in most events of a time: what whole spans come to is added up, and of spans that are open or cut by the time asked for single
 * events are looked at. A span whose events are gone counts whole.
 */
export function topOf(db: DatabaseSync, { by, since, until = Number.MAX_SAFE_INTEGER, most }: TopQuestion): Top {
  const spans = db
    .prepare('SELECT id, first, last, since, until, closed, gone FROM spans WHERE until >= ? AND since <= ? ORDER BY id')
    .all(since, until) as unknown as readonly Span[];
  const sums = new Sums();
  const counts = arrays(
    db,
    'SELECT what, sum(events), min(first), max(last), sum(most) FROM tops WHERE by = ? AND span BETWEEN ? AND ? GROUP BY what',
  );
  const isWhole = (span: Span): boolean => span.gone === 1 || (span.closed === 1 && span.since >= since && span.until <= until);
  for (const [first, last] of runsOf(spans.filter(isWhole)))
    for (const [what, events, from, to, most] of counts.all(by, first, last) as unknown as readonly [
      What,
      number,
      number,
      number,
      number | null,
    ][])
      if (most === null) sums.add(what, events, from, to);
      else sums.others(events, most);
  const columns = { source: 'src', network: 'src', target: 'dst', prefix: 'way', port: 'proto, dport, icmp_type' } as const;
  const events = arrays(db, `SELECT at, ${columns[by]} FROM events WHERE id BETWEEN ? AND ? AND at BETWEEN ? AND ?`);
  const whatOf = reader(db, by);
  for (const span of spans)
    if (!isWhole(span))
      for (const row of events.all(span.first, span.last, since, until) as unknown as readonly (readonly unknown[])[])
        sums.add(whatOf(row), 1, row[0] as number, row[0] as number);
  return sums.top(by, most);
}

/** What a row of an event, its time first, is counted as. */
function reader(db: DatabaseSync, by: By): (row: readonly unknown[]) => What {
  switch (by) {
    case 'source':
    case 'target':
      return (row) => row[1] as AddressColumn;
    case 'network':
      return (row) => networkOf(row[1] as AddressColumn);
    case 'port':
      return (row) => portText(...(row.slice(1).map((value) => value ?? absent) as [number, number, number]));
    case 'prefix': {
      const ways = db.prepare('SELECT id, prefix FROM ways').all();
      const prefixes = new Map(ways.map((way) => [Number(way['id']), String(way['prefix']) || noPrefix]));
      return (row) => prefixes.get(row[1] as number) ?? noPrefix;
    }
  }
}

function networkOf(address: AddressColumn): AddressColumn {
  if (typeof address === 'number') return address - (address % 256);
  return Uint8Array.from(address, (byte, at) => (at < 8 ? byte : 0));
}

class Sums {
  private readonly rows = new Map<number | string, { what: What; events: number; first: number; last: number }>();
  private events = 0;
  private uncounted = 0;
  private uncountedMost = 0;

  add(what: What, events: number, first: number, last: number): void {
    this.events += events;
    const key = typeof what === 'object' ? Buffer.from(what.buffer, what.byteOffset, 16).toString('latin1') : what;
    const sum = this.rows.get(key);
    if (sum === undefined) this.rows.set(key, { what, events, first, last });
    else {
      sum.events += events;
      if (first < sum.first) sum.first = first;
      if (last > sum.last) sum.last = last;
    }
  }

  others(events: number, mostOfOne: number): void {
    this.events += events;
    this.uncounted += events;
    this.uncountedMost += mostOfOne;
  }

  top(by: By, most: number): Top {
    const sorted = [...this.rows.values()].sort((a, b) => b.events - a.events || b.last - a.last).slice(0, most);
    const rows = sorted.map(({ what, ...rest }): TopRow => ({ what: textOf(by, what), ...rest }));
    return { rows, events: this.events, uncounted: this.uncounted, uncountedMost: this.uncountedMost };
  }
}

function textOf(by: By, what: What): string {
  if (typeof what === 'string') return what;
  const address = addressOf(what);
  return by === 'network' ? formatPrefix({ ...address, length: address.family === 4 ? 24 : 64 }) : formatAddress(address);
}

/** Ids that follow one another, as their first and last. */
function runsOf(spans: readonly Span[]): readonly (readonly [number, number])[] {
  const runs: [number, number][] = [];
  for (const { id } of spans) {
    const run = runs.at(-1);
    if (run !== undefined && run[1] === id - 1) run[1] = id;
    else runs.push([id, id]);
  }
  return runs;
}

/** Rows as arrays: a quarter of the time that objects take. */
function arrays(db: DatabaseSync, sql: string): ReturnType<DatabaseSync['prepare']> {
  const statement = db.prepare(sql);
  statement.setReturnArrays(true);
  return statement;
}
