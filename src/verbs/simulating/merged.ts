import { Batch, copyRows, type Names, textsOf } from '../../watch/events/index.ts';
import type { Log } from './log.ts';

/** What was noticed of the events on their way. */
export interface Passed {
  /** Those that were left out, since they are older than was asked for. */
  before: number;
  /** Epoch milliseconds of the earliest and the latest of the others. */
  from: number;
  to: number;
}

/**
 * The events of all logs, in the order of their times as far as each keeps to it. A batch is used before the next is asked for.
 *
 * @param since epoch milliseconds; what is older is left out
 */
export async function* merged(
  logs: readonly Log[],
  names: Names,
  since: number,
  passed: Passed,
  progress: (name: string) => void,
): AsyncGenerator<Batch> {
  const [only] = logs;
  if (logs.length === 1 && only !== undefined && since === Number.NEGATIVE_INFINITY) {
    while (await only.next()) {
      progress(only.name);
      notice(only.batch, passed);
      yield only.batch;
    }
    return;
  }
  const heads: Head[] = [];
  for (const log of logs) {
    const head = { log, row: 0 };
    if (await refilled(head)) heads.push(head);
  }
  const out = new Batch(8192, names);
  const texts = Buffer.allocUnsafe(4 << 20);
  let used = 0;
  while (heads.length > 0) {
    // Few logs: looking through all costs less than keeping them in order.
    heads.sort((one, other) => timeOf(one) - timeOf(other));
    const [first, second] = heads as [Head, Head | undefined];
    const until = second === undefined ? Number.POSITIVE_INFINITY : timeOf(second);
    const { batch } = first.log;
    while (first.row < batch.length && !((batch.at[first.row] as number) > until)) {
      if ((batch.at[first.row] as number) < since) {
        passed.before += 1;
        first.row += 1;
        continue;
      }
      const end = runOf(batch, first.row, until, since, out.capacity - out.length, texts.length - used);
      used = copyRows(batch, first.row, end, out, texts, used);
      const isStuck = end === first.row;
      first.row = end;
      if (!isStuck && !out.isFull()) continue;
      notice(out, passed);
      yield out;
      out.clear();
      used = 0;
    }
    if (first.row === batch.length) {
      progress(first.log.name);
      first.row = 0;
      if (!(await refilled(first))) heads.shift();
    }
  }
  notice(out, passed);
  if (out.length > 0) yield out;
}

/** Where the rows end that may go on together: as far as it is their turn, and there is room. */
function runOf(batch: Batch, row: number, until: number, since: number, rows: number, bytes: number): number {
  const { at } = batch;
  const most = Math.min(batch.length, row + rows);
  let end = row;
  while (end < most && !((at[end] as number) > until) && !((at[end] as number) < since) && textsOf(batch, row, end + 1) <= bytes)
    end += 1;
  return end;
}

interface Head {
  readonly log: Log;
  row: number;
}

function timeOf({ log, row }: Head): number {
  return log.batch.at[row] as number;
}

function refilled({ log }: Head): Promise<boolean> {
  return log.next();
}

function notice({ at, length }: Batch, passed: Passed): void {
  for (let row = 0; row < length; row += 1) {
    const time = at[row] as number;
    if (time < passed.from) passed.from = time;
    if (time > passed.to) passed.to = time;
  }
}
