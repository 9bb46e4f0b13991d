import { Batch, copyRow, type Names } from '../../watch/events/index.ts';
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
    for (; first.row < batch.length; first.row += 1) {
      const at = batch.at[first.row] as number;
      if (at > until) break;
      if (at < since) {
        passed.before += 1;
        continue;
      }
      if (out.isFull() || used + (batch.textLength[first.row] as number) > texts.length) {
        notice(out, passed);
        yield out;
        out.clear();
        used = 0;
      }
      used = copyRow(batch, first.row, out, texts, used);
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
