import type { Run } from '../../kernel/index.ts';
import { type CompiledSet, setsText } from '../../policy/index.ts';
import { failed, ok, type Result } from '../../result.ts';

/**
 * Makes the sets that are not there yet. Each is filled under another name, counted, and only then given its own: a set of
 * that name is always whole, and is never changed while rules ask it.
 */
export async function makeSets(run: Run, sets: readonly CompiledSet[]): Promise<Result<void>> {
  for (const [index, set] of sets.entries()) {
    const temporary = `PAL-new-${process.pid}-${index}`.slice(0, 31);
    const text = setsText([{ ...set, name: temporary }]);
    const filled = await run({ argv: ['ipset', 'restore'], input: text, timeoutMs: 120_000 });
    if (filled.kind !== 'exited' || filled.status !== 0) {
      await run({ argv: ['ipset', 'destroy', temporary] });
      return refused(set.name, filled.kind === 'exited' ? filled.stderr : filled.kind);
    }
    const listed = await run({ argv: ['ipset', 'list', '-t', temporary] });
    const count = listed.kind === 'exited' ? Number(/^Number of entries: (\d+)$/m.exec(listed.stdout)?.[1] ?? -1) : -1;
    const named = count === set.members.length ? await run({ argv: ['ipset', 'rename', temporary, set.name] }) : null;
    if (named?.kind !== 'exited' || named.status !== 0) {
      await run({ argv: ['ipset', 'destroy', temporary] });
      return refused(
        set.name,
        named?.kind === 'exited' ? named.stderr : `it holds ${count} entries instead of ${set.members.length}`,
      );
    }
  }
  return ok(undefined);
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
