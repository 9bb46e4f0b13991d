import { oneLine } from './safe.ts';
import type { Style, View } from './view.ts';
import { widthOf, wrap } from './width.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Takes what is left of the width, and wraps; of several, each takes its share. */
  readonly grows?: boolean;
}

/** A cell's text, and how it is painted. `below` stands dimmed under it, on lines of its own. */
export type Cell = string | { readonly text: string; readonly style?: Style | readonly Style[]; readonly below?: string };

const gap = 2;
/** A growing column is never narrower, whatever the terminal: a table then runs over the edge. */
const narrowest = 16;

/** Draws rows under titles; every line ends with a line end. Columns that are empty everywhere are left out. */
export function table(columns: readonly Column[], rows: readonly (readonly Cell[])[], view: View, indent = 0): string {
  const cells = rows.map((row) => columns.map((_, at) => cellOf(row[at] ?? '')));
  const used = columns.map((column, at) => ({ column, at })).filter(({ at }) => cells.some((row) => row[at]?.text !== ''));
  if (used.length === 0) return '';
  const natural = used.map(({ column, at }) =>
    Math.max(widthOf(column.title), ...cells.map((row) => Math.max(widthOf(row[at]?.text ?? ''), widthOf(row[at]?.below ?? '')))),
  );
  const widths = shares(
    natural,
    used.map(({ column }) => column.grows === true),
    view.columns === null ? null : view.columns - indent - gap * (used.length - 1),
  );
  const draw = (row: readonly Piece[][]): string => {
    let text = '';
    for (let line = 0; line < Math.max(...row.map((pieces) => pieces.length)); line += 1) {
      const drawn = row.map((pieces, index) => {
        const { text: piece, style } = pieces[line] ?? { text: '' };
        const blank = ' '.repeat(Math.max(0, (widths[index] ?? 0) - widthOf(piece)));
        const painted = style === undefined || piece === '' ? piece : view.paint(style, piece);
        return used[index]?.column.align === 'right' ? blank + painted : painted + blank;
      });
      text += `${`${' '.repeat(indent)}${drawn.join(' '.repeat(gap))}`.trimEnd()}\n`;
    }
    return text;
  };
  const head = draw(used.map(({ column }) => [{ text: column.title, style: 'dim' }]));
  const body = cells.map((row) => draw(used.map(({ at }, index) => pieces(row[at] ?? { text: '' }, widths[index] ?? 1))));
  return head + body.join('');
}

/** One line of a cell. */
interface Piece {
  readonly text: string;
  readonly style?: Style | readonly Style[];
}

function pieces({ text, style, below }: Exclude<Cell, string>, width: number): Piece[] {
  const above = wrap(text, width).map((line) => (style === undefined ? { text: line } : { text: line, style }));
  return below === undefined ? above : [...above, ...wrap(below, width).map((line) => ({ text: line, style: 'dim' as const }))];
}

function cellOf(cell: Cell): Exclude<Cell, string> {
  if (typeof cell === 'string') return { text: oneLine(cell) };
  const below = cell.below === undefined ? {} : { below: oneLine(cell.below) };
  return { ...cell, text: oneLine(cell.text), ...below };
}

/** Widths that fit into `room`: columns that do not grow keep theirs. */
function shares(natural: readonly number[], grows: readonly boolean[], room: number | null): number[] {
  const total = natural.reduce((sum, width) => sum + width, 0);
  if (room === null || total <= room) return [...natural];
  const fixed = natural.reduce((sum, width, at) => sum + (grows[at] ? 0 : width), 0);
  const wanted = total - fixed;
  if (wanted === 0) return [...natural];
  const left = Math.max(room - fixed, 0);
  return natural.map((width, at) =>
    grows[at] ? Math.min(width, Math.max(narrowest, Math.floor((left * width) / wanted))) : width,
  );
}

/** A paragraph with a hanging indent, wrapped where somebody looks. */
export function paragraph(text: string, view: View, indent = 0, lead = ''): string {
  const margin = ' '.repeat(indent);
  const room = view.columns === null ? Number.POSITIVE_INFINITY : Math.max(view.columns - indent - widthOf(lead), 20);
  const hang = ' '.repeat(widthOf(lead));
  return wrap(text, room)
    .map((line, index) => `${margin}${index === 0 ? lead : hang}${line}`.trimEnd())
    .join('\n')
    .concat('\n');
}
