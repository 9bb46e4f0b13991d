/** A process of its own: reads a file as sources do, and says how many events are in it, how many lines hold none, and a sum that hangs on what was read. */
import { batchesOf } from './batches.ts';

const [path = '', year = '2027'] = process.argv.slice(2);
const { reader, all } = batchesOf(path, Number(year));
let events = 0;
let check = 0;
for (const batch of all()) {
  events += batch.length;
  if (batch.length > 0)
    check = (check + (batch.src[4 * batch.length - 1] as number) + (batch.dport[batch.length - 1] as number)) >>> 0;
}
process.stdout.write(`${events} ${reader.passed} ${check}\n`);
