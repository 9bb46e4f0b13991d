import { Worker } from 'node:worker_threads';

export interface Given {
  readonly seed: number;
  /** Shared: the number of the input that is being read (-1: none), and since when, in epoch milliseconds. */
  readonly clock: Float64Array;
}

export type Told =
  | { readonly kind: 'ready'; readonly floorMs: number }
  | { readonly kind: 'broken'; readonly index: number; readonly target: string; readonly why: string }
  | { readonly kind: 'done'; readonly accepted: Counts; readonly refused: Counts };

export type Counts = Readonly<Record<string, number>>;

export interface Range {
  readonly from: number;
  readonly to: number;
}

/** Takes whatever happens in a thread. */
export interface Listener {
  broken(index: number, why: string): void;
  counted(accepted: Counts, refused: Counts): void;
  /** The next range to work on; `null` ends the thread. */
  next(): Range | null;
}

const megabytes = 512;

/** Runs one thread after another until there is nothing left: one that hangs or runs out of memory ends, and the next goes on behind. */
export async function runThreads(seed: number, listener: Listener): Promise<void> {
  let left: Range | null = listener.next();
  while (left !== null) left = await runThread(seed, listener, left);
}

/** Resolves with what is left of the range in which the thread died, or `null` when all is done. */
function runThread(seed: number, listener: Listener, first: Range): Promise<Range | null> {
  return new Promise((resolve) => {
    const clock = new Float64Array(new SharedArrayBuffer(16)).fill(-1);
    const given: Given = { seed, clock };
    const worker = new Worker(new URL('./worker.ts', import.meta.url), {
      workerData: given,
      resourceLimits: { maxOldGenerationSizeMb: megabytes },
    });
    let range: Range | null = first;
    let limitMs = Number.POSITIVE_INFINITY;
    const die = (why: string): void => {
      clearInterval(watch);
      const index = clock[0] ?? -1;
      listener.broken(index, why);
      const left = index >= 0 && range !== null && index + 1 < range.to ? { from: index + 1, to: range.to } : listener.next();
      void worker.terminate().then(() => resolve(left));
    };
    const watch = setInterval(() => {
      const [index = -1, since = 0] = clock;
      const ms = performance.timeOrigin + performance.now() - since;
      if (index >= 0 && ms > limitMs) die(`hangs: not done after ${Math.round(ms)} ms`);
    }, 50);
    worker.on('error', (error) => die(String(error)));
    worker.on('message', (told: Told) => {
      if (told.kind === 'broken') return listener.broken(told.index, told.why);
      if (told.kind === 'ready') limitMs = 4 * told.floorMs + 1000;
      else {
        listener.counted(told.accepted, told.refused);
        range = listener.next();
      }
      if (range !== null) return worker.postMessage(range);
      clearInterval(watch);
      void worker.terminate().then(() => resolve(null));
    });
  });
}
