import { formatProtocol, type Prefix, parsePrefix, prefixRange } from '../../model/net/index.ts';
import type { Reading, StoredEvent } from '../../store/index.ts';
import type { Places } from '../asking/places.ts';
import { loggedPacketToJson } from '../event.ts';
import { banToJson, incidentToJson } from '../incident-shape.ts';
import type { Picture, TopRowJson } from '../watch-shape.ts';

const hourMs = 3_600_000;
const dayMs = 86_400_000;
/** As many as anybody scrolls through. */
const most = { top: 200, incidents: 200, bans: 500, events: 60, filtered: 20_000 } as const;
const shownSeconds = 240;
/** Of the time, what is asked of the store costs at most one part in so many. */
const share = 20;

/** The part of a picture that the store knows. */
export type Remembered = Pick<Picture, 'rates' | 'hour' | 'lost' | 'filter' | 'top' | 'incidents' | 'bans' | 'events'>;

/** Asks the store again and again, for what is cheap every time, and for what is not so seldom that it is no burden. */
export function createPainter(
  reading: Reading,
  places: Pick<Places, 'whose'>,
): (now: number, filter: string | null) => Remembered {
  let kept: { readonly filter: string | null; readonly top: Pick<Remembered, 'top' | 'hour'>; readonly until: number } | null =
    null;
  return (now, filter) => {
    if (kept === null || kept.filter !== filter || now >= kept.until || now < kept.until - dayMs) {
      const began = performance.now();
      const top = located(filter === null ? topOfAll(reading, now) : topOf(reading, filter, now), places);
      kept = { filter, top, until: now + share * (performance.now() - began) };
    }
    const network = filter === null ? null : (parsePrefix(filter) ?? null);
    const bans = reading
      .bans({ since: now - 30 * dayMs })
      .filter(({ source, until, lifted }) => lifted === null && until > now && (network === null || overlaps(source, network)));
    const incidents = reading.incidents({ since: now - dayMs, most: most.incidents, ...(filter !== null && { source: filter }) });
    return {
      // The second that goes on is not whole, and what is of the one before may not be written yet.
      rates: [...reading.rates(shownSeconds, now - 1000)],
      ...kept.top,
      lost: reading.losses(now - dayMs).reduce((sum, { count }) => sum + count, 0),
      filter,
      incidents: incidents
        .toSorted((a, b) => Number(b.state === 'open') - Number(a.state === 'open') || b.last - a.last)
        .map(incidentToJson),
      bans: bans.slice(0, most.bans).map(banToJson),
      events: [...reading.events({ most: most.events, ...(filter !== null && { source: filter }) })]
        .filter(({ kind }) => kind === 'packet')
        .map(({ packet }) => loggedPacketToJson(packet)),
    };
  };
}

/** With the country in which each source is registered. */
function located(
  { top, hour }: Pick<Remembered, 'top' | 'hour'>,
  places: Pick<Places, 'whose'>,
): Pick<Remembered, 'top' | 'hour'> {
  return { top: { ...top, sources: top.sources.map((row) => ({ ...row, where: places.whose(row.what).country })) }, hour };
}

function topOfAll(reading: Reading, now: number): Pick<Remembered, 'top' | 'hour'> {
  const since = now - hourMs;
  const sources = reading.top({ by: 'source', since, most: most.top });
  const ports = reading.top({ by: 'port', since, most: most.top });
  const row = ({ what, events, last }: { what: string; events: number; last: number }): TopRowJson => ({
    what,
    where: null,
    events,
    last: last / 1000,
  });
  return { top: { sources: sources.rows.map(row), ports: ports.rows.map(row) }, hour: sources.events };
}

/** Of one source or network, counted event by event. */
function topOf(reading: Reading, filter: string, now: number): Pick<Remembered, 'top' | 'hour'> {
  const sources = new Map<string, TopRowJson>();
  const ports = new Map<string, TopRowJson>();
  let hour = 0;
  for (const event of reading.events({ since: now - hourMs, source: filter, most: most.filtered })) {
    hour += 1;
    const { src } = loggedPacketToJson(event.packet);
    count(sources, src, event.at);
    count(ports, portOf(event), event.at);
  }
  const sorted = (all: ReadonlyMap<string, TopRowJson>): TopRowJson[] =>
    [...all.values()].sort((a, b) => b.events - a.events).slice(0, most.top);
  return { top: { sources: sorted(sources), ports: sorted(ports) }, hour };
}

function count(all: Map<string, TopRowJson>, what: string, at: number): void {
  const before = all.get(what);
  all.set(what, { what, where: null, events: (before?.events ?? 0) + 1, last: Math.max(before?.last ?? 0, at / 1000) });
}

function portOf({ packet }: StoredEvent): string {
  const name = packet.proto === null ? 'unknown' : formatProtocol(packet.proto);
  if (packet.dport !== null) return `${packet.dport}/${name}`;
  return packet.icmpType === null ? name : `${name} ${packet.icmpType}`;
}

function overlaps(one: Prefix, other: Prefix): boolean {
  const [from, to] = prefixRange(one);
  const [low, high] = prefixRange(other);
  return one.family === other.family && from <= high && low <= to;
}
