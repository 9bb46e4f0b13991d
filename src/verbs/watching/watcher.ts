/**
 * Watches: reads what the kernel logs, sees attacks in it, shuts out, and remembers. `following.ts` starts it, tells it on standard input what it has to know
 * ({@link WatchErrand}, then {@link Order}s, a line each), and reads what it says from standard output ({@link Told}). It ends when its standard input does.
 */
import { createInterface } from 'node:readline';
import { contextAside } from '../aside-context.ts';
import type { Order, WatchErrand } from './told.ts';
import { watch } from './watch.ts';

const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => stop.abort());
// The reader is gone: there is nobody left to tell, and nobody who would end it.
process.stdout.on('error', () => stop.abort());

const lines = createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY });
let obey: ((order: Order) => void) | undefined;
let errand: ((errand: WatchErrand) => void) | undefined;
const told = new Promise<WatchErrand | null>((resolve) => {
  errand = resolve;
  lines.once('close', () => resolve(null));
});
lines.on('line', (line) => {
  if (errand !== undefined) {
    errand(JSON.parse(line) as WatchErrand);
    errand = undefined;
  } else obey?.(JSON.parse(line) as Order);
});
lines.once('close', () => stop.abort());

const first = await told;
if (first !== null)
  await watch(contextAside(first, stop.signal), first, process.stdout, (listener) => {
    obey = listener;
  });
process.stdin.destroy();
