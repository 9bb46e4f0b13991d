import type { TopJson } from '../../verbs/index.ts';
import { clock, count } from './simulate.ts';
import { type Cell, paragraph, table } from './table.ts';
import type { View } from './view.ts';

const titles = {
  source: 'SOURCE',
  network: 'NETWORK',
  port: 'PORT',
  target: 'TARGET',
  prefix: 'PREFIX',
  country: 'COUNTRY',
  as: 'SYSTEM',
} as const;

/** Most events first, with each one's share. */
export function whole({ by, since, until, events, uncounted, uncountedMost, rows, data, lost }: TopJson, view: View): string {
  const range = `${clock(since)}Z ${until === null ? 'on' : `to ${clock(until)}Z`}`;
  const head = paragraph(`${count(events)} ${events === 1 ? 'event' : 'events'} from ${range}.`, view);
  const right = 'right' as const;
  const drawn = table(
    [
      { title: titles[by], grows: true },
      { title: 'EVENTS', align: right },
      { title: 'SHARE', align: right },
      { title: 'COUNTRY' },
      { title: 'SYSTEM', grows: true },
      { title: 'FIRST' },
      { title: 'LAST' },
    ],
    rows.map((row) => cells(row, events)),
    view,
  );
  const words = [
    ...(uncounted === 0
      ? []
      : [
          `${count(uncounted)} events are of others, who came too seldom at a time to be counted one by one: each has ${count(uncountedMost)} or fewer.`,
        ]),
    ...lost.map(({ source, count: of, of: what }) => `${count(of)} ${what} of ${source} were lost in this time.`),
    ...data.map(({ of, asOf, source }) => `Data of ${of} as of ${asOf}, by ${source}.`),
  ];
  return `${head}${drawn === '' ? '' : `\n${drawn}`}${words.length === 0 ? '' : `\n${paragraph(words.join(' '), view)}`}`;
}

function cells({ what, events, first, last, whose }: TopJson['rows'][number], all: number): Cell[] {
  const system = whose == null || whose.as === null ? '' : `AS${whose.as}${whose.name === null ? '' : ` ${whose.name}`}`;
  const share = `${((100 * events) / Math.max(all, 1)).toFixed(1)} %`;
  return [what, count(events), share, whose?.country ?? '', system, `${clock(first)}Z`, `${clock(last)}Z`];
}
