import { cell } from '../../audit/reports/cell.ts';

/** A column of a table for spreadsheets: its title, and its text of a row. */
export type Column<Row> = readonly [title: string, of: (row: Row) => string | number | boolean | null];

/** RFC 4180, with a head; no cell is taken for a formula. */
export function csvText<Row>(columns: readonly Column<Row>[], rows: Iterable<Row>): string {
  let text = `${columns.map(([title]) => cell(title)).join(',')}\r\n`;
  for (const row of rows) text += `${columns.map(([, of]) => textOf(of(row))).join(',')}\r\n`;
  return text;
}

function textOf(value: string | number | boolean | null): string {
  if (typeof value === 'string') return cell(value);
  return value === null ? '' : String(value);
}

/** Epoch seconds as every spreadsheet reads them, in UTC. */
export function utcText(atSeconds: number): string {
  const ms = atSeconds * 1000;
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString().replace('T', ' ').slice(0, 23) : '';
}
