/** One thread of `npm run fuzz`: takes ranges of numbers, makes the inputs of those numbers and checks them. */
import { parentPort, workerData } from 'node:worker_threads';
import { ordinary } from './ruleset-texts.ts';
import { trialAt } from './targets/index.ts';
import { ruleset } from './targets/ruleset.ts';
import type { Given, Told } from './thread.ts';

const { seed, clock } = workerData as Given;
const port = parentPort;
if (port === null) throw new Error('this file is a thread of fuzz.ts');
const tell = (told: Told): void => port.postMessage(told);

/** What the main thread looks at to see whether an input hangs: its number, and since when it is being read. */
const since = (index: number): void => {
  // The time first: with that of the input before it, this one would seem to hang.
  clock[1] = performance.timeOrigin + performance.now();
  clock[0] = index;
};

port.on('message', ({ from, to }: { readonly from: number; readonly to: number }) => {
  const accepted: Record<string, number> = {};
  const refused: Record<string, number> = {};
  for (let index = from; index < to; index += 1) {
    const trial = trialAt(seed, index);
    since(index);
    try {
      const counts = trial.check() ? accepted : refused;
      counts[trial.target] = (counts[trial.target] ?? 0) + 1;
    } catch (error) {
      tell({
        kind: 'broken',
        index,
        target: trial.target,
        why: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
    }
  }
  clock[0] = -1;
  tell({ kind: 'done', accepted, refused });
});

// The floor: a megabyte of what real firewalls hold, checked as every ruleset is.
const text = `4${ordinary()}`;
const from = performance.now();
ruleset.check(text);
tell({ kind: 'ready', floorMs: performance.now() - from });
