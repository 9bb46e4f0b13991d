import type { Panel } from './screen.ts';

/** Where a panel stands: a heading, and lines below it. */
export interface Box {
  readonly panel: Panel | 'events';
  readonly height: number;
}

/** Boxes below each other. */
export interface Column {
  readonly width: number;
  readonly boxes: readonly Box[];
}

/** From so many cells on the panels stand in two columns all the way down. */
const wideFrom = 120;
/** With fewer cells there is no room for two beside each other, and none for ports. */
const pairedFrom = 64;
/** From so many lines on there is room for events too. */
const highFrom = 26;

/** Bands below each other, of columns beside each other with one cell between them. */
export function boxesOf({ width, height }: { readonly width: number; readonly height: number }): readonly (readonly Column[])[] {
  const half = Math.floor((width - 1) * 0.58);
  if (width >= wideFrom) {
    return [
      [
        {
          width: half,
          boxes: shared(height, [
            ['incidents', 3],
            ['events', 2],
          ]),
        },
        {
          width: width - half - 1,
          boxes: shared(height, [
            ['sources', 4],
            ['ports', 3],
            ['bans', 3],
          ]),
        },
      ],
    ];
  }
  const [incidents, tops, bans, events] = heights(height, height >= highFrom ? [3, 3, 2, 2] : [35, 40, 25]);
  const all = (panel: Box['panel'], lines = 0): readonly Column[] => [{ width, boxes: [{ panel, height: lines }] }];
  const paired: readonly Column[] = [
    { width: half, boxes: [{ panel: 'sources', height: tops ?? 0 }] },
    { width: width - half - 1, boxes: [{ panel: 'ports', height: tops ?? 0 }] },
  ];
  return [
    all('incidents', incidents),
    width < pairedFrom ? all('sources', tops) : paired,
    all('bans', bans),
    ...(events === undefined ? [] : [all('events', events)]),
  ];
}

function shared(height: number, parts: readonly (readonly [Box['panel'], number])[]): readonly Box[] {
  const lines = heights(
    height,
    parts.map(([, weight]) => weight),
  );
  return parts.map(([panel], at) => ({ panel, height: lines[at] ?? 0 }));
}

/** Shares of some lines that add up to all of them. */
function heights(height: number, weights: readonly number[]): readonly number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let before = 0;
  let taken = 0;
  return weights.map((weight) => {
    before += weight;
    const upTo = Math.round((height * before) / total);
    const lines = upTo - taken;
    taken = upTo;
    return lines;
  });
}
