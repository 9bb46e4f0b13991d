import { oneLine } from '../safe.ts';
import type { Style, View } from '../view.ts';
import { widthOf, wrap } from '../width.ts';

/** A piece of a line of exactly so many cells. */
export interface Cell {
  readonly text: string;
  readonly width: number;
  readonly align?: 'left' | 'right';
  readonly style?: Style | readonly Style[] | undefined;
}

/** Cells beside each other, one blank between them. A cell without room is left out. */
export function row(cells: readonly Cell[], paint: View['paint'], behind?: Style): string {
  const drawn = cells.filter(({ width }) => width > 0).map((cell) => painted(cell, paint, behind));
  return drawn.join(behind === undefined ? ' ' : paint(behind, ' '));
}

function painted({ text, width, align = 'left', style }: Cell, paint: View['paint'], behind: Style | undefined): string {
  const fitted = inCells(text, width, align);
  const styles = [...(style === undefined ? [] : typeof style === 'string' ? [style] : style), ...(behind ? [behind] : [])];
  return styles.length === 0 || (fitted.trim() === '' && behind === undefined) ? fitted : paint(styles, fitted);
}

/** The text in exactly `width` cells, on one line: cut with an ellipsis, or filled up with blanks. */
export function inCells(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const cut = cutTo(oneLine(text), width);
  const blank = ' '.repeat(Math.max(0, width - widthOf(cut)));
  return align === 'right' ? blank + cut : cut + blank;
}

/** At most so many cells of a text that is on one line. */
export function cutTo(text: string, width: number): string {
  if (width <= 0) return '';
  if (widthOf(text) <= width) return text;
  // What no line can hold is not looked at: others may choose how long it is. An unbroken text is cut within the word.
  const [first = ''] = wrap(text.slice(0, 4 * width).replaceAll(' ', '\u00a0'), width - 1);
  return widthOf(first) < width ? `${first.replaceAll('\u00a0', ' ')}…` : first;
}

const levels = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;

/** The last `width` of some numbers as a row of columns, the greatest as high as the line; the lowest is kept for none. */
export function spark(numbers: readonly number[], width: number): string {
  if (width <= 0) return '';
  const shown = numbers.slice(-width);
  const most = Math.max(1, ...shown);
  const columns = shown.map((one) => levels[one === 0 ? 0 : 1 + Math.round((one / most) * (levels.length - 2))] ?? levels[0]);
  return columns.join('').padStart(width, levels[0]);
}

/** A bar as long as its share of the most; whatever there is at all shows. */
export function bar(part: number, most: number, width: number): string {
  return '▇'.repeat(part === 0 ? 0 : Math.max(1, Math.round((part / Math.max(most, 1)) * width)));
}

/** `12s`, `5m`, `3h`, `2d`: how long it is, in its greatest unit. */
export function shortTime(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m`;
  return whole < 86_400 ? `${Math.floor(whole / 3600)}h` : `${Math.floor(whole / 86_400)}d`;
}

/** `9m 12s`, `2h 05m`: how long it lasts yet. */
export function leftTime(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (count: number): string => String(count).padStart(2, '0');
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${two(whole % 60)}s`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)}h ${two(Math.floor((whole % 3600) / 60))}m`;
  return `${Math.floor(whole / 86_400)}d ${two(Math.floor((whole % 86_400) / 3600))}h`;
}

/** `12,345`. */
export function grouped(count: number): string {
  return count.toLocaleString('en-US');
}

/** Hours, minutes and seconds where the reader is. */
export function clockTime(atSeconds: number): string {
  const time = new Date(atSeconds * 1000);
  return Number.isNaN(time.getTime()) ? '??:??:??' : time.toLocaleTimeString('en-GB', { hour12: false });
}
