import type { Picture, TopRowJson } from '../../../verbs/watch-shape.ts';
import type { Style } from '../view.ts';
import { countShort, severityStyles } from '../words.ts';
import { bar, type Cell, leftTime, shortTime } from './cells.ts';
import type { Panel } from './screen.ts';

/** One line of a panel. */
export interface Item {
  /** Unlike any other's of the panel. */
  readonly key: string;
  /** The one source that is behind it. */
  readonly source: string | null;
  /** In a line of so many cells. */
  cells(width: number): readonly Cell[];
}

type Incident = Picture['incidents'][number];
type Ban = Picture['bans'][number];

/** In what order a panel may stand; the first is the usual one. */
export const orders: Readonly<Record<Panel, readonly string[]>> = {
  incidents: ['open first, newest first', 'worst first', 'most events first'],
  sources: ['with most events first', 'heard last first'],
  ports: ['with most events first', 'asked for last first'],
  bans: ['newest first', 'ending first'],
};

const countWidth = 7;
const timeWidth = 5;
const leftWidth = 8;

export function itemsOf(panel: Panel, picture: Picture, order: number): readonly Item[] {
  switch (panel) {
    case 'incidents':
      return sorted(picture.incidents, [null, worse, (a: Incident, b: Incident) => b.events - a.events][order]).map((one) =>
        incidentItem(one, picture.at),
      );
    case 'sources':
    case 'ports': {
      const rows = picture.top[panel];
      const most = Math.max(...rows.map(({ events }) => events));
      return sorted(rows, [null, lastFirst][order]).map((one) => topItem(one, most, picture.at, panel === 'sources'));
    }
    case 'bans':
      return sorted(picture.bans, [null, (a: Ban, b: Ban) => a.until - b.until][order]).map((one) => banItem(one, picture.at));
  }
}

function sorted<T>(all: readonly T[], by: ((a: T, b: T) => number) | null | undefined): readonly T[] {
  return by === null || by === undefined ? all : all.toSorted(by);
}

const ranks: Readonly<Record<Incident['severity'], number>> = { critical: 0, high: 1, medium: 2, low: 3, info: 4 };
const worse = (a: Incident, b: Incident): number => ranks[a.severity] - ranks[b.severity] || b.last - a.last;
const lastFirst = (a: TopRowJson, b: TopRowJson): number => b.last - a.last;

function incidentItem(one: Incident, now: number): Item {
  const isOpen = one.state === 'open';
  const style: Style | readonly Style[] = isOpen ? severityStyles[one.severity] : 'dim';
  return {
    key: one.id,
    source: one.sources.length === 1 && one.sourceCount === 1 ? (one.sources[0] ?? null) : null,
    cells: (width) => [
      { text: isOpen ? '●' : '○', width: 1, style },
      { text: one.severity, width: 8, style },
      { text: one.title, width: width - 13 - countWidth - timeWidth, ...(isOpen ? {} : { style: 'dim' as const }) },
      { text: countShort(one.events), width: countWidth, align: 'right' },
      { text: shortTime(now - one.last), width: timeWidth, align: 'right', style: 'dim' },
    ],
  };
}

function topItem(one: TopRowJson, most: number, now: number, isSource: boolean): Item {
  return {
    key: one.what,
    source: isSource ? one.what : null,
    cells(width) {
      const bars = Math.min(16, Math.max(0, Math.floor((width - 30) / 3)));
      const country = isSource ? 2 : 0;
      const rest = width - countWidth - timeWidth - 2 - (bars > 0 ? bars + 1 : 0) - (country > 0 ? country + 1 : 0);
      return [
        { text: one.what, width: rest },
        { text: one.where ?? '', width: country, style: 'cyan' },
        { text: bar(one.events, most, bars), width: bars, style: 'green' },
        { text: countShort(one.events), width: countWidth, align: 'right' },
        { text: shortTime(now - one.last), width: timeWidth, align: 'right', style: 'dim' },
      ];
    },
  };
}

function banItem(one: Ban, now: number): Item {
  return {
    key: one.source,
    source: null,
    cells(width) {
      const source = Math.min(Math.max(18, Math.floor(width / 3)), 43);
      return [
        { text: one.source.replace(/\/32$/, ''), width: source, style: 'red' },
        { text: one.reach, width: 3, style: 'dim' },
        { text: one.why, width: width - source - 6 - leftWidth },
        { text: leftTime(one.until - now), width: leftWidth, align: 'right' },
      ];
    },
  };
}

/** What stands over the columns of a panel, from the right. */
export function titlesOf(panel: Panel): readonly Cell[] {
  switch (panel) {
    case 'bans':
      return [{ text: 'LEFT', width: leftWidth, align: 'right' }];
    default:
      return [
        { text: 'EVENTS', width: countWidth, align: 'right' },
        { text: 'LAST', width: timeWidth, align: 'right' },
      ];
  }
}
