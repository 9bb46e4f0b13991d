/**
 * Looks once at what somebody changed, writes it down and, where it is asked to, puts palisade's own back; then it ends, and the memory that
 * it took goes with it. `watching.ts` starts it and tells it, as JSON on standard input, what it has to know.
 */
import { readFileSync } from 'node:fs';
import { systemClock } from '../../clock.ts';
import { createKernel } from '../../kernel/index.ts';
import type { Context } from '../verb.ts';
import { type Errand, onlook } from './onlooking.ts';

const errand = JSON.parse(readFileSync(0, 'utf8')) as Errand;
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());
const silent = (): void => undefined;
// Whoever started it logs what it says there.
const told = (event: string, details = {}): void => void process.stderr.write(`${event} ${JSON.stringify(details)}\n`);
const context: Context = {
  clock: systemClock,
  kernel: createKernel(),
  log: { debug: silent, info: silent, warn: told, error: told },
  progress: silent,
  part: async () => undefined,
  signal: stop.signal,
  serve: async () => {
    throw new Error('nobody is served here');
  },
  stdin: async () => new Uint8Array(),
  env: errand.env,
  stateFolder: errand.stateFolder,
  policyFile: errand.policyFile,
  settings: errand.settings,
};
process.stdout.write(JSON.stringify(await onlook(context, errand)));
