import { closeSync, openSync, readSync } from 'node:fs';
import { Batch, LineClock, LineReader, readLines } from '../../src/watch/events/index.ts';

/** What a log holds, as sources read it: a megabyte at a time, and one batch that is filled anew for each that is asked for. */
export interface Batches {
  readonly reader: LineReader;
  all(): Generator<Batch>;
}

/** @param year that its lines, which say none, are not later than */
export function batchesOf(path: string, year: number): Batches {
  const reader = new LineReader(new LineClock(Date.UTC(year, 0, 1)));
  return { reader, all: () => read(path, reader) };
}

function* read(path: string, reader: LineReader): Generator<Batch> {
  const file = openSync(path, 'r');
  const held = Buffer.allocUnsafeSlow(1 << 20);
  const bytes = new Uint8Array(held.buffer);
  const batch = new Batch();
  for (let kept = 0; ; ) {
    const count = readSync(file, held, kept, held.length - kept, null);
    if (count === 0) break;
    const to = kept + count;
    let at = 0;
    for (let isFull = true; isFull; ) {
      at = readLines(bytes, at, to, reader, batch);
      isFull = batch.isFull();
      yield batch;
      batch.clear();
    }
    bytes.copyWithin(0, at, to);
    kept = to - at;
  }
  closeSync(file);
}
