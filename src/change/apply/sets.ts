import type { Run } from '../../kernel/index.ts';
import { type CompiledSet, setsText } from '../../policy/index.ts';
import { failed, ok, type Result } from '../../result.ts';

/**
 * Makes the sets that are not there yet. Each is filled under another name, counted, and only then given its own: a set of
 * that name is always whole, and is never changed while rules ask it.
 */
export async function makeSets(run: Run, sets: readonly CompiledSet[]): Promise<Result<void>> {
  if (sets.length > 0) await dropHalfMade(run);
  const made: string[] = [];
  for (const [index, set] of sets.entries()) {
    const result = await makeSet(run, set, `${temporaryPrefix}${process.pid}-${index}`);
    if (!result.ok) {
      await dropSets(run, made);
      return result;
    }
    made.push(set.name);
  }
  return ok(undefined);
}

/** How a set is called while it is filled. */
const temporaryPrefix = 'PAL-new-';

/** What an earlier change left when it was killed; only one at a time makes any. */
async function dropHalfMade(run: Run): Promise<void> {
  const listed = await run({ argv: ['ipset', 'list', '-n'] });
  if (listed.kind !== 'exited') return;
  await dropSets(
    run,
    listed.stdout.split('\n').filter((name) => name.startsWith(temporaryPrefix)),
  );
}

async function makeSet(run: Run, set: CompiledSet, temporary: string): Promise<Result<void>> {
  const text = setsText([{ ...set, name: temporary }]);
  const filled = await run({ argv: ['ipset', 'restore'], input: text, timeoutMs: 120_000 });
  if (filled.kind !== 'exited' || filled.status !== 0) {
    await dropSets(run, [temporary]);
    return refused(set.name, filled.kind === 'exited' ? filled.stderr : filled.kind);
  }
  const listed = await run({ argv: ['ipset', 'list', '-t', temporary] });
  const count = listed.kind === 'exited' ? Number(/^Number of entries: (\d+)$/m.exec(listed.stdout)?.[1] ?? -1) : -1;
  const named = count === set.members.length ? await run({ argv: ['ipset', 'rename', temporary, set.name] }) : null;
  if (named?.kind === 'exited' && named.status === 0) return ok(undefined);
  await dropSets(run, [temporary]);
  const why = named === null ? `it holds ${count} entries instead of ${set.members.length}` : named.kind;
  return refused(set.name, named?.kind === 'exited' ? named.stderr : why);
}

/** Takes sets away that nothing asks; one that something asks after all stays. */
export async function dropSets(run: Run, names: readonly string[]): Promise<void> {
  for (const name of names) await run({ argv: ['ipset', 'destroy', name] });
}

function refused(name: string, why: string): Result<never> {
  return failed({
    code: 'restore-refused',
    message: `the set ${name} could not be made: ${why.trim().split('\n')[0] ?? ''}`,
    hint: 'see that ipset is installed and that the kernel has ip_set',
  });
}
