import { join } from 'node:path';
import type { Run } from '../../kernel/index.ts';
import { failed, ok, type Problem, type Result } from '../../result.ts';
import { holdXtablesLock } from '../apply/xtables-lock.ts';
import { arm, type Guard } from '../guard/guard.ts';
import { stateFiles } from './files.ts';
import type { Way } from './rehearsal.ts';
import { restoreScript } from './script.ts';

export interface Restoring extends Way {
  readonly run: Run;
  /** Where the guard has its files. */
  readonly folder: string;
  /** Until the guard undoes it by itself. */
  readonly seconds: number;
  /** Which file the tools of iptables-legacy lock here. */
  readonly lockFile: string;
  /** Looks whether all is as it was to be, once it is written; why not. */
  readonly look: () => Promise<Problem | null>;
}

const longestMs = 300_000;

/**
 * Makes the host so, with somebody standing ready to undo it. Whatever fails, also by an exception, is undone before this is over, and then
 * the host is as it was.
 */
export async function restoreHost(restoring: Restoring): Promise<Result<Guard>> {
  const { run, folder, seconds, from, to, order, lockFile, look } = restoring;
  const backend = order.some((place) => place.backend === 'legacy') ? 'legacy' : 'nft';
  const locked = await holdXtablesLock(backend, lockFile, join(folder, 'xtables.lock'));
  if (!locked.ok) return locked;
  await using lock = locked.value;
  const files = new Map([
    ...within('old', stateFiles(from, to, order.toReversed())),
    ...within('new', stateFiles(to, from, order)),
    ['restore.sh', restoreScript],
  ]);
  const armed = await arm(run, folder, { kind: 'whole', files }, { XTABLES_LOCKFILE: lockFile }, lock.holder);
  if (!armed.ok) return armed;
  const guard = armed.value;
  const undo = async (): Promise<readonly Problem[]> => {
    await lock.release();
    const undone = await guard.revert();
    return undone.ok ? [] : undone.problems;
  };
  try {
    const script = ['sh', join(folder, 'restore.sh'), join(folder, 'new'), join(folder, 'committing')];
    const written = await run({ argv: [...guard.writing, ...script], env: lock.env, timeoutMs: longestMs });
    const why =
      written.kind === 'exited' ? written.stderr.trim().split('\n').at(-1) || `sh ended with ${written.status}` : written.kind;
    const problem = written.kind === 'exited' && written.status === 0 ? await look() : refused(why);
    if (problem !== null) return failed(problem, ...(await undo()));
    guard.written(seconds);
    return ok(guard);
  } catch (error) {
    await undo();
    throw error;
  }
}

function refused(why: string): Problem {
  return { code: 'restore-refused', message: `the host could not be restored: ${why}`, hint: 'the host is as it was' };
}

function within(folder: string, files: ReadonlyMap<string, string>): readonly (readonly [string, string])[] {
  return [...files].map(([name, text]) => [`${folder}/${name}`, text] as const);
}
