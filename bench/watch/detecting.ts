/** A process of its own: reads a file as sources do, shows what it reads to all detectors, and says how many events and incidents there were. */
import { createDetection, unknownSurroundings } from '../../src/watch/detect/index.ts';
import { batchesOf } from './batches.ts';

const [path = '', year = '2027'] = process.argv.slice(2);
const detection = createDetection({ seed: 4711, surroundings: unknownSurroundings });
let incidents = 0;
for (const batch of batchesOf(path, Number(year)).all())
  for (const said of detection.take(batch)) if (said.kind === 'incident' && said.change === 'opened') incidents += 1;
process.stdout.write(`${detection.counts.events} ${incidents}\n`);
