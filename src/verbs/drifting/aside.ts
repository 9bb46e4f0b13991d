import { Worker } from 'node:worker_threads';
import { knownRulesets } from '../rulesets.ts';
import { type Compared, compared, type Question, undecided } from './comparing.ts';

/** Up to so many rules on both sides it takes no longer than starting a thread for it. */
const quick = 600;
/** Longer than this nobody waits for what packets it is about: the lines are said without. */
const mostMs = 20_000;
/** As many megabytes as a hundred thousand rules take. */
const mostMb = 1500;

/**
 * Finds out which packets are treated differently, without keeping the caller waiting or growing him: many rules are compared by a thread that
 * ends. What takes too long, or too much memory, is undecided.
 */
export async function comparedAside(question: Question, signal: AbortSignal): Promise<Compared> {
  const rules = [question.before, question.now]
    .flatMap(knownRulesets)
    .reduce((sum, { tables }) => sum + tables.reduce((of, table) => of + table.rules.length, 0), 0);
  if (signal.aborted) return unsaid(question, 'it was interrupted');
  if (rules <= quick) return compared(question);
  const name = import.meta.url.endsWith('.ts') ? './comparer.ts' : './comparer.js';
  const worker = new Worker(new URL(name, import.meta.url), {
    workerData: question,
    resourceLimits: { maxOldGenerationSizeMb: mostMb },
  });
  const ended = Promise.withResolvers<Compared>();
  const stop = (): void => ended.resolve(unsaid(question, 'it was interrupted'));
  const late = setTimeout(() => ended.resolve(unsaid(question, `it takes longer than ${mostMs / 1000} seconds`)), mostMs);
  signal.addEventListener('abort', stop, { once: true });
  worker.once('message', (answer: Compared) => ended.resolve(answer));
  worker.once('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') ended.resolve(unsaid(question, 'it needs more memory than there is for it'));
    else ended.reject(error);
  });
  worker.once('exit', (code) => ended.reject(new Error(`the comparing thread ended with ${code} and no answer`)));
  try {
    return await ended.promise;
  } finally {
    clearTimeout(late);
    signal.removeEventListener('abort', stop);
    await worker.terminate();
  }
}

function unsaid({ families, strange }: Question, why: string): Compared {
  return {
    packets: families.map((family) => undecided(family, why)),
    says: families.map((family) => `IPv${family}: which packets are treated differently is undecided: ${why}`),
    admitting: strange.length === 0 ? [] : null,
  };
}
