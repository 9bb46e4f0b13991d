import type { Picture } from '../../../verbs/watch-shape.ts';
import { oneLine } from '../safe.ts';
import { eventWords } from '../up.ts';
import type { View } from '../view.ts';
import { widthOf } from '../width.ts';
import { type Box, boxesOf } from './boxes.ts';
import { clockTime, cutTo, grouped, inCells, row, spark } from './cells.ts';
import { textOver } from './over.ts';
import { titlesOf } from './panels.ts';
import { listOf, type Panel, type Screen, shownOf } from './screen.ts';

export interface Size {
  readonly width: number;
  readonly height: number;
}

export const least: Size = { width: 40, height: 10 };

/** The screen as lines: as many as it is high, none wider than it is. */
export function draw(screen: Screen, size: Size, paint: View['paint']): string[] {
  const { width, height } = size;
  if (width < least.width || height < least.height) {
    const text = `At least ${least.width} by ${least.height}, please; q ends it.`;
    return lines([cutTo(text, width)], height);
  }
  const picture = shownOf(screen);
  const inner = height - 4;
  const body =
    picture === null
      ? ['', '  Looking…']
      : (overlay(screen, picture, { width, height: inner }, paint) ?? columns(screen, picture, { width, height: inner }, paint));
  return [
    ...head(screen, picture, width, paint),
    ...lines(body, inner),
    messageLine(screen, width, paint),
    keyLine(screen, width, paint),
  ];
}

function lines(all: readonly string[], height: number): string[] {
  return Array.from({ length: height }, (_, at) => all[at] ?? '');
}

/** Who is watched, by whom, and how much comes. */
function head(screen: Screen, picture: Picture | null, width: number, paint: View['paint']): string[] {
  if (picture === null) return [paint(['bold', 'inverse'], inCells(' palisade watch', width)), ''];
  const { watcher, sources } = picture;
  const state = screen.paused !== null ? '‖ paused' : watcher.kind === 'nobody' ? '○ not watching' : '● watching';
  const read = sources.map(({ name, problem }) => (problem === null ? name : `${name} (unreadable)`));
  const what =
    watcher.kind === 'nobody'
      ? watcher.why
      : watcher.kind === 'other'
        ? `by ${watcher.who}`
        : read.length === 0
          ? 'nothing'
          : read.join(', ');
  const left = ` palisade  ${oneLine(picture.host)}  ${state}${watcher.kind === 'nobody' ? ': ' : ' '}${oneLine(what)}`;
  const right = ` ${clockTime(picture.at)} `;
  const room = width - widthOf(right);
  const title = paint(['bold', 'inverse'], inCells(left, room) + right);
  const now = picture.rates.at(-1) ?? 0;
  const front = ` ${cutTo(grouped(now), 12).padStart(6)}/s `;
  const lost = cutTo(`${grouped(picture.lost)} lost`, 16);
  const whole = `  ${grouped(picture.hour)} in the last hour  `;
  const beside = width - widthOf(front) - widthOf(lost) - 1;
  const back = widthOf(whole) <= beside ? whole : '  ';
  const chart = Math.max(0, beside - widthOf(back));
  return [
    title,
    paint('bold', front) +
      paint('cyan', spark(picture.rates, chart)) +
      back +
      (picture.lost > 0 ? paint(['bold', 'yellow'], lost) : paint('dim', lost)) +
      ' ',
  ];
}

function overlay(screen: Screen, picture: Picture, size: Size, paint: View['paint']): string[] | null {
  const { over } = screen;
  if (over === null || over.kind === 'filter' || over.kind === 'asking') return null;
  const text = textOver(over, picture, size.width - 2, paint);
  const from = 'from' in over ? Math.min(over.from, Math.max(0, text.length - size.height)) : 0;
  const shown = text.slice(from, from + size.height).map((line) => ` ${line}`);
  const more = text.length - from - size.height;
  if (more > 0) shown[size.height - 1] = paint('dim', ` … ${more + 1} more lines: ↓`);
  return shown;
}

/** Panels beside and below one another. */
function columns(screen: Screen, picture: Picture, size: Size, paint: View['paint']): string[] {
  return boxesOf(size).flatMap((bands) => {
    const drawn = bands.map((column) => ({
      width: column.width,
      lines: column.boxes.flatMap((box) => lines(boxLines(screen, picture, box, column.width, paint), box.height)),
    }));
    const height = Math.max(...drawn.map((column) => column.lines.length));
    return Array.from({ length: height }, (_, at) =>
      drawn
        .map(({ width, lines: [...all] }, index) => (index === drawn.length - 1 ? (all[at] ?? '') : filled(all[at] ?? '', width)))
        .join(' '),
    );
  });
}

function filled(line: string, width: number): string {
  return line + ' '.repeat(Math.max(0, width - widthOf(line)));
}

function boxLines(screen: Screen, picture: Picture, box: Box, width: number, paint: View['paint']): string[] {
  return box.panel === 'events'
    ? eventLines(picture, box.height, width, paint)
    : panelLines(screen, picture, box.panel, box.height, width, paint);
}

function panelLines(
  screen: Screen,
  picture: Picture,
  panel: Panel,
  height: number,
  width: number,
  paint: View['paint'],
): string[] {
  const { items, at } = listOf(screen, panel);
  const hasFocus = screen.focus === panel && screen.over?.kind !== 'filter';
  const rows = height - 1;
  const titles = items.length === 0 ? [] : titlesOf(panel);
  const heading = headingLine(`${headings[panel]}${countOf(panel, picture)}`, titles, hasFocus, width, paint);
  if (items.length === 0)
    return [
      heading,
      ...emptyWords(panel, picture, width - 3)
        .slice(0, rows)
        .map((line) => `   ${paint('dim', line)}`),
    ];
  // What is chosen stays in sight.
  const from = Math.max(0, Math.min(at - Math.floor(rows / 2), items.length - rows));
  return [
    heading,
    ...items.slice(from, from + rows).map((item, index) => {
      const isChosen = hasFocus && from + index === at;
      const mark = isChosen ? '▸' : ' ';
      const cells = row(item.cells(width - 2), paint, isChosen ? 'inverse' : undefined);
      return isChosen ? `${paint(['bold', 'cyan'], mark)} ${cells}` : `${mark} ${cells}`;
    }),
  ];
}

const headings: Readonly<Record<Panel, string>> = {
  incidents: 'Incidents',
  sources: 'Top sources',
  ports: 'Top ports',
  bans: 'Bans',
};

function countOf(panel: Panel, picture: Picture): string {
  if (panel === 'incidents') {
    const open = picture.incidents.filter(({ state }) => state === 'open').length;
    return picture.incidents.length === 0 ? '' : `  ${open} open, ${picture.incidents.length - open} over`;
  }
  return panel === 'bans' && picture.bans.length > 0 ? `  ${picture.bans.length}` : '';
}

function headingLine(
  text: string,
  titles: ReturnType<typeof titlesOf>,
  hasFocus: boolean,
  width: number,
  paint: View['paint'],
): string {
  const right = row(titles, (_, title) => title);
  const lead = hasFocus ? '▸ ' : '─ ';
  const room = width - widthOf(right) - (right === '' ? 0 : 1);
  const left = `${lead}${cutTo(text, room - 3)} `;
  const rule = '─'.repeat(Math.max(0, room - widthOf(left)));
  const style = hasFocus ? (['bold', 'cyan'] as const) : ('bold' as const);
  return `${paint(style, left)}${paint('dim', rule)}${right === '' ? '' : ` ${paint('dim', right)}`}`;
}

function emptyWords(panel: Panel, picture: Picture, width: number): string[] {
  const filter = picture.filter === null ? '' : ` that has to do with ${picture.filter}`;
  switch (panel) {
    case 'incidents': {
      const first = `No incident${filter}. ${grouped(picture.hour)} events in the last hour.`;
      const rules =
        picture.logging === 'none'
          ? ['LOG or NFLOG rules: none found, so that nothing is ever seen.', 'Add "log:" to the policy (palisade help plan).']
          : [];
      return [first, ...rules].map((line) => cutTo(line, width));
    }
    case 'bans':
      return [cutTo(`Nobody${filter} is shut out.`, width)];
    default:
      return [cutTo(`None${filter} in the last hour.`, width)];
  }
}

function eventLines(picture: Picture, height: number, width: number, paint: View['paint']): string[] {
  const heading = headingLine('Events', [], false, width, paint);
  if (picture.events.length === 0) return [heading, `   ${paint('dim', cutTo('None yet.', width - 3))}`];
  return [
    heading,
    ...picture.events
      .slice(0, height - 1)
      .map((event) => `  ${paint('dim', clockTime(event.at))} ${cutTo(oneLine(eventWords(event)), width - 11)}`),
  ];
}

/** What is asked, what was said, or what is filtered. */
function messageLine({ over, said, picture }: Screen, width: number, paint: View['paint']): string {
  if (over?.kind === 'filter') return cutTo(` Address or network: ${over.typed}█`, width);
  if (over?.kind === 'asking') {
    return paint(['bold', 'yellow'], cutTo(` Shut out ${oneLine(over.source)} for an hour? y: yes, any other key: no`, width));
  }
  const filter = picture?.filter ?? null;
  const text = [filter === null ? '' : `Only ${oneLine(filter)} (Esc: all)`, oneLine(said ?? '')]
    .filter((part) => part !== '')
    .join('  ');
  return text === '' ? '' : paint('yellow', cutTo(` ${text}`, width));
}

const keys = {
  panels: [
    ['q', 'quit'],
    ['Tab', 'panel'],
    ['↑↓', 'move'],
    ['Enter', 'details'],
    ['s', 'sort'],
    ['/', 'filter'],
    ['p', 'pause'],
    ['b', 'ban'],
    ['?', 'help'],
  ],
  over: [
    ['q', 'quit'],
    ['↑↓', 'read on'],
    ['Esc', 'back'],
  ],
  typing: [
    ['Enter', 'filter'],
    ['Esc', 'back'],
  ],
  asking: [
    ['y', 'yes'],
    ['n', 'no'],
  ],
} as const;

function keyLine({ over }: Screen, width: number, paint: View['paint']): string {
  const which =
    over === null ? keys.panels : over.kind === 'filter' ? keys.typing : over.kind === 'asking' ? keys.asking : keys.over;
  const all = which.reduce((sum, [key, does]) => sum + widthOf(key) + widthOf(does) + 3, 0);
  const gap = all < width ? '  ' : ' ';
  let text = '';
  let cells = 0;
  for (const [key, does] of which) {
    const lead = text === '' ? ' ' : gap;
    cells += lead.length + widthOf(key) + 1 + widthOf(does);
    if (cells > width) break;
    text += `${lead}${paint(['bold', 'cyan'], key)} ${does}`;
  }
  return text;
}

/** Lines that a page of the panel with the focus has. */
export function pageOf(screen: Screen, { width, height }: Size): number {
  if (screen.over !== null) return Math.max(1, height - 5);
  const boxes = boxesOf({ width, height: height - 4 })
    .flat()
    .flatMap((column) => column.boxes);
  return Math.max(1, (boxes.find(({ panel }) => panel === screen.focus)?.height ?? 2) - 1);
}
