import { Worker } from 'node:worker_threads';
import { audit, type Report, unaudited } from '../audit/index.ts';
import type { Host } from '../model/host/index.ts';
import { knownRulesets } from './rulesets.ts';

/** Up to so many rules an audit takes no longer than starting a thread for it. */
const quick = 500;

/**
 * Audits without keeping the caller waiting: page, terminal and Ctrl-C stay awake while a thread works on many rules.
 * Aborted, or out of memory, it says that all is unknown and why; it rejects only for bugs.
 */
export async function auditAside(host: Host, signal: AbortSignal): Promise<Report> {
  const rules = knownRulesets(host).reduce(
    (sum, { tables }) => sum + tables.reduce((of, table) => of + table.rules.length, 0),
    0,
  );
  if (signal.aborted) return interrupted();
  if (rules <= quick) return audit(host);
  const worker = new Worker(new URL(import.meta.url.endsWith('.ts') ? './auditor.ts' : './auditor.js', import.meta.url), {
    workerData: host,
  });
  const ended = Promise.withResolvers<Report>();
  const stop = (): void => ended.resolve(interrupted());
  signal.addEventListener('abort', stop, { once: true });
  worker.once('message', (report: Report) => ended.resolve(report));
  worker.once('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') ended.resolve(tooMany(rules));
    else ended.reject(error);
  });
  worker.once('exit', (code) => ended.reject(new Error(`the audit's thread ended with ${code} and no report`)));
  try {
    return await ended.promise;
  } finally {
    signal.removeEventListener('abort', stop);
    await worker.terminate();
  }
}

function interrupted(): Report {
  return unaudited('the audit was interrupted', 'let it come to its end');
}

function tooMany(rules: number): Report {
  return unaudited(
    `the audit of ${rules} rules needed more memory than there is for it`,
    'put addresses into an ipset instead of one rule each',
  );
}
