import { deserialize, serialize } from 'node:v8';
import { type Audited, auditAndExposure, unaudited } from '../audit/index.ts';
import type { Run } from '../kernel/index.ts';
import { type Host, unknown } from '../model/host/index.ts';
import { knownRulesets } from './rulesets.ts';

/** Up to so many rules an audit takes no longer than starting a process for it. */
const quick = 500;

/** An audit of a hundred thousand rules takes seconds; what takes longer than this hangs. */
const longestMs = 600_000;

/**
 * Audits without keeping the caller waiting: page, terminal and Ctrl-C stay awake while a process of its own works on many rules, which
 * takes its memory with it when it ends: a thread would leave what it had to us.
 * Aborted, or out of memory, it says that all is unknown and why; it rejects only for bugs.
 */
export async function auditAside(run: Run, host: Host, signal: AbortSignal): Promise<Audited> {
  const rules = knownRulesets(host).reduce(
    (sum, { tables }) => sum + tables.reduce((of, table) => of + table.rules.length, 0),
    0,
  );
  if (signal.aborted) return interrupted();
  if (rules <= quick) return auditAndExposure(host);
  const script = new URL(import.meta.url.endsWith('.ts') ? './auditor.ts' : './auditor.js', import.meta.url).pathname;
  const argv = [process.execPath, script] as const;
  const ran = await run({ argv, input: serialize(host), timeoutMs: longestMs, maxBytes: 512 * 1024 * 1024, signal });
  if (signal.aborted) return interrupted();
  if (ran.kind === 'exited' && ran.status === 0) return deserialize(Buffer.from(ran.stdout, 'latin1')) as Audited;
  // V8 ends the process where its heap is full, and the kernel where the machine's memory is.
  if (ran.kind === 'signalled' || (ran.kind === 'exited' && /heap out of memory/.test(ran.stderr))) return tooMany(rules);
  throw new Error(`the audit's process ended with no report: ${ran.kind === 'exited' ? ran.stderr : ran.kind}`);
}

function interrupted(): Audited {
  return notDone('the audit was interrupted', 'let it come to its end');
}

function tooMany(rules: number): Audited {
  return notDone(
    `the audit of ${rules} rules needed more memory than there is for it`,
    'put addresses into an ipset instead of one rule each',
  );
}

function notDone(why: string, remedy: string): Audited {
  return { report: unaudited(why, remedy), exposure: unknown(why, remedy) };
}
