/** A process of its own: reads a file as sources do, shows what it reads to all detectors, and says how many events and incidents there were. */
import { closeSync, openSync, readSync } from 'node:fs';
import { createDetection, unknownSurroundings } from '../../src/watch/detect/index.ts';
import { Batch, LineClock, LineReader, readLines } from '../../src/watch/events/index.ts';

const [path = '', year = '2027'] = process.argv.slice(2);
const file = openSync(path, 'r');
const held = Buffer.allocUnsafeSlow(1 << 20);
const bytes = new Uint8Array(held.buffer);
const batch = new Batch();
const reader = new LineReader(new LineClock(Date.UTC(Number(year), 0, 1)));
const detection = createDetection({ seed: 4711, surroundings: unknownSurroundings });
let incidents = 0;
for (let kept = 0; ; ) {
  const read = readSync(file, held, kept, held.length - kept, null);
  if (read === 0) break;
  const to = kept + read;
  let at = 0;
  for (;;) {
    const reached = readLines(bytes, at, to, reader, batch);
    for (const said of detection.take(batch)) if (said.kind === 'incident' && said.change === 'opened') incidents += 1;
    const isFull = batch.isFull();
    batch.clear();
    at = reached;
    if (!isFull) break;
  }
  bytes.copyWithin(0, at, to);
  kept = to - at;
}
closeSync(file);
process.stdout.write(`${detection.counts.events} ${incidents}\n`);
