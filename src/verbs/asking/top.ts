import { openReading, type Reading, type Top, type TopRow } from '../../store/index.ts';
import type { TopJson } from '../top-shape.ts';
import type { Context, Outcome } from '../verb.ts';
import { type Places, placesIn } from './places.ts';
import { type Column, csvText, utcText } from './spreadsheet.ts';
import { windowOf } from './window.ts';

interface Asked {
  readonly by: TopJson['by'];
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly most: number;
  readonly format: 'text' | 'csv';
}

export function askTop(context: Context, asked: Asked): Outcome<TopJson> {
  const { by, most } = asked;
  const window = windowOf(asked, context.clock.now(), '1h');
  if (!window.ok) return { kind: 'invalid', problems: window.problems };
  const opened = openReading(context.stateFolder);
  if (!opened.ok) return { kind: 'unread', problems: opened.problems };
  using reading = opened.value;
  context.progress('counting events');
  const { since = 0, until } = window.value;
  const places = placesIn(context.stateFolder);
  if (by === 'country' || by === 'as') {
    const missing = places.missing(by);
    if (missing !== null) return { kind: 'unread', problems: [missing] };
  }
  const counted =
    by === 'country' || by === 'as'
      ? byPlace(reading, places, by, window.value, most)
      : reading.top({ by, since, most, ...(until !== undefined && { until }) });
  const isOfAddresses = by === 'source' || by === 'network';
  const value: TopJson = {
    by,
    since: since / 1000,
    until: until === undefined ? null : until / 1000,
    events: counted.events,
    uncounted: counted.uncounted,
    uncountedMost: counted.uncountedMost,
    rows: counted.rows.map(({ what, events, first, last }) => ({
      ...{ what, events, first: first / 1000, last: last / 1000 },
      ...(isOfAddresses && { whose: places.whose(what) }),
    })),
    data: places.used(),
    lost: reading.losses(since).map((loss) => ({ ...loss })),
  };
  const kind = value.events === 0 && value.lost.length > 0 ? 'unknown' : 'done';
  return asked.format === 'csv' ? { kind, value, document: csvText(columns, value.rows) } : { kind, value };
}

/** Networks are counted, and then whose they are: a /24 and a /64 hardly ever have two owners. */
function byPlace(
  reading: Reading,
  places: Places,
  by: 'country' | 'as',
  { since = 0, until }: { since?: number; until?: number },
  most: number,
): Top {
  const networks = reading.top({ by: 'network', since, most: Number.MAX_SAFE_INTEGER, ...(until !== undefined && { until }) });
  const sums = new Map<string, TopRow>();
  for (const { what: network, events, first, last } of networks.rows) {
    const { country, as, name } = places.whose(network);
    const what = by === 'country' ? (country ?? 'none') : as === null ? 'none' : `AS${as}${name === null ? '' : ` ${name}`}`;
    const sum = sums.get(what);
    sums.set(
      what,
      sum === undefined
        ? { what, events, first, last }
        : { what, events: sum.events + events, first: Math.min(sum.first, first), last: Math.max(sum.last, last) },
    );
  }
  const rows = [...sums.values()].sort((a, b) => b.events - a.events || b.last - a.last).slice(0, most);
  return { rows, events: networks.events, uncounted: networks.uncounted, uncountedMost: networks.uncountedMost };
}

const columns: readonly Column<TopJson['rows'][number]>[] = [
  ['what', ({ what }) => what],
  ['events', ({ events }) => events],
  ['first (UTC)', ({ first }) => utcText(first)],
  ['last (UTC)', ({ last }) => utcText(last)],
  ['country', ({ whose }) => whose?.country ?? null],
  ['AS', ({ whose }) => whose?.as ?? null],
  ['AS name', ({ whose }) => whose?.name ?? null],
];
