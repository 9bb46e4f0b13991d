/**
 * Looks once at what somebody changed, writes it down and, where it is asked to, puts palisade's own back; then it ends, and the memory that
 * it took goes with it. `watching.ts` starts it and tells it, as JSON on standard input, what it has to know.
 */
import { readFileSync } from 'node:fs';
import { contextAside } from '../aside-context.ts';
import { type Errand, onlook } from './onlooking.ts';

const errand = JSON.parse(readFileSync(0, 'utf8')) as Errand;
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());
process.stdout.write(JSON.stringify(await onlook(contextAside(errand, stop.signal), errand)));
