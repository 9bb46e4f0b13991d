import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { absent } from '../watch/events/index.ts';
import { columnOfWords } from './columns.ts';
import type { Rows } from './rows.ts';
import { eventColumns } from './schema.ts';

/** Rows an INSERT: measured, 64 take two thirds of the time that 64 statements of one row take; more gain nothing. */
const together = 64;

/** Puts events into the table, with ids that follow one another. */
export class EventInsert {
  private readonly many: StatementSync;
  private readonly one: StatementSync;
  private readonly values: SQLInputValue[];

  constructor(db: DatabaseSync) {
    const columns = ['id', ...eventColumns];
    const row = `(${columns.map(() => '?').join(',')})`;
    const into = `INSERT INTO events (${columns.join(',')}) VALUES `;
    this.many = db.prepare(into + Array<string>(together).fill(row).join(','));
    this.one = db.prepare(into + row);
    this.values = Array<SQLInputValue>(together * columns.length).fill(null);
  }

  /** `count` of the rows, from `from` on; the first gets the id `first`. */
  put(rows: Rows, from: number, count: number, first: number): void {
    let row = from;
    for (; row + together <= from + count; row += together) {
      this.bind(rows, row, together, first + row - from);
      this.many.run(...this.values);
    }
    for (; row < from + count; row += 1) {
      this.bind(rows, row, 1, first + row - from);
      this.one.run(...this.values.slice(0, eventColumns.length + 1));
    }
  }

  private bind(rows: Rows, from: number, count: number, first: number): void {
    const { values } = this;
    let at = 0;
    for (let row = from; row < from + count; row += 1) {
      const family = rows.family[row] as number;
      values[at++] = first + row - from;
      values[at++] = rows.at[row] as number;
      values[at++] = rows.way[row] as number;
      values[at++] = columnOfWords(rows.src, 4 * row, family);
      values[at++] = columnOfWords(rows.dst, 4 * row, family);
      values[at++] = known(rows.proto[row] as number);
      values[at++] = known(rows.sport[row] as number);
      values[at++] = known(rows.dport[row] as number);
      values[at++] = known(rows.flags[row] as number);
      values[at++] = known(rows.icmpType[row] as number);
      values[at++] = known(rows.icmpCode[row] as number);
      values[at++] = known(rows.size[row] as number);
      values[at++] = known(rows.ttl[row] as number);
      values[at++] = rows.mark[row] as number;
    }
  }
}

function known(value: number): number | null {
  return value === absent ? null : value;
}
