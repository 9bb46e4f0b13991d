/**
 * Sends alerts, and brings the host's state to those who wait for it. `following.ts` starts it without rights over the firewall, tells it on standard
 * input what it has to know ({@link SendErrand}, a line), and reads what it says from standard output ({@link SenderTold}). It ends when its standard
 * input does.
 */
import { createInterface } from 'node:readline';
import { contextAside } from '../aside-context.ts';
import { send } from './sending.ts';
import type { SendErrand } from './told.ts';

const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => stop.abort());
// The reader is gone: there is nobody left to tell, and nobody who would end it.
process.stdout.on('error', () => stop.abort());

const lines = createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY });
lines.once('close', () => stop.abort());
const first = await new Promise<SendErrand | null>((resolve) => {
  lines.once('line', (line) => resolve(JSON.parse(line) as SendErrand));
  lines.once('close', () => resolve(null));
});
if (first !== null)
  await send(contextAside(first, stop.signal), first, (told) => void process.stdout.write(`${JSON.stringify(told)}\n`));
process.stdin.destroy();
