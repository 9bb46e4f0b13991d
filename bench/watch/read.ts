/**
 * A process of its own: reads a file as sources do, and says how many events are in it. With another argument it sums up all their fields, so that two
 * readings can be compared.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { Batch, LineClock, LineReader, readLines } from '../../src/watch/events/index.ts';

const [path = '', year = '2027'] = process.argv.slice(2);
const file = openSync(path, 'r');
const held = Buffer.allocUnsafeSlow(1 << 20);
const bytes = new Uint8Array(held.buffer);
const batch = new Batch();
const reader = new LineReader(new LineClock(Date.UTC(Number(year), 0, 1)));
let events = 0;
let check = 0;
for (let kept = 0; ; ) {
  const read = readSync(file, held, kept, held.length - kept, null);
  if (read === 0) break;
  const to = kept + read;
  let at = 0;
  for (;;) {
    const reached = readLines(bytes, at, to, reader, batch);
    events += batch.length;
    if (batch.length > 0)
      check = (check + (batch.src[4 * batch.length - 1] as number) + (batch.dport[batch.length - 1] as number)) >>> 0;
    const isFull = batch.isFull();
    batch.clear();
    at = reached;
    if (!isFull) break;
  }
  bytes.copyWithin(0, at, to);
  kept = to - at;
}
closeSync(file);
process.stdout.write(`${events} ${reader.passed} ${check}\n`);
