import type { Run } from '../../kernel/index.ts';
import { type CompiledSet, setsText } from '../../policy/index.ts';
import { failed, ok, type Problem, type Result } from '../../result.ts';

/**
 * Makes the sets that are not there yet. Each is filled under another name, counted, and only then given its own: a set of
 * that name is always whole, and is never changed while rules ask it.
 */
export async function makeSets(run: Run, sets: readonly CompiledSet[]): Promise<Result<void>> {
  if (sets.length === 0) return ok(undefined);
  await dropHalfMade(run);
  const filling = sets.map((set, index) => ({ ...set, name: `${temporaryPrefix}${process.pid}-${index}`.slice(0, 31) }));
  const problem = (await fill(run, sets, filling)) ?? (await name(run, sets, filling));
  if (problem === null) return ok(undefined);
  await dropSets(
    run,
    filling.map((set) => set.name),
  );
  return failed(problem);
}

async function fill(run: Run, sets: readonly CompiledSet[], filling: readonly CompiledSet[]): Promise<Problem | null> {
  const filled = await run({ argv: ['ipset', 'restore'], input: setsText(filling), timeoutMs: 120_000 });
  if (filled.kind !== 'exited') return refused(sets[0], filled.kind);
  if (filled.status !== 0) {
    let line = Number(/Error in line (\d+)/.exec(filled.stderr)?.[1] ?? 1);
    const at = filling.find(({ members }) => {
      line -= members.length + 1;
      return line <= 0;
    });
    return refused(sets[at === undefined ? 0 : filling.indexOf(at)], filled.stderr);
  }
  const listed = await run({ argv: ['ipset', 'list', '-t'] });
  const text = listed.kind === 'exited' ? listed.stdout : '';
  const counts = new Map(
    [...text.matchAll(/^Name: (.*)\n(?:(?!Name: ).*\n)*?Number of entries: (\d+)$/gm)].map(([, of = '', count]) => [
      of,
      Number(count),
    ]),
  );
  const wrong = filling.findIndex((set) => counts.get(set.name) !== set.members.length);
  if (wrong < 0) return null;
  const count = counts.get(filling[wrong]?.name ?? '');
  return refused(sets[wrong], `it holds ${count ?? 'unknown'} entries instead of ${sets[wrong]?.members.length}`);
}

async function name(run: Run, sets: readonly CompiledSet[], filling: readonly CompiledSet[]): Promise<Problem | null> {
  const lines = sets.map((set, index) => `rename ${filling[index]?.name} ${set.name}\n`);
  const named = await run({ argv: ['ipset', 'restore'], input: lines.join('') });
  if (named.kind === 'exited' && named.status === 0) return null;
  const said = named.kind === 'exited' ? named.stderr : named.kind;
  const at = Number(/Error in line (\d+)/.exec(said)?.[1] ?? 1) - 1;
  await dropSets(
    run,
    sets.slice(0, at).map((set) => set.name),
  );
  return refused(sets[at], said);
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

/** Takes sets away that nothing asks; one that something asks after all stays. */
export async function dropSets(run: Run, names: readonly string[]): Promise<void> {
  for (const name of names) await run({ argv: ['ipset', 'destroy', name] });
}

function refused(set: CompiledSet | undefined, why: string): Problem {
  return {
    code: 'restore-refused',
    message: `the set ${set?.name ?? ''} could not be made: ${why.trim().split('\n')[0] ?? ''}`,
    hint: 'see that ipset is installed and that the kernel has ip_set',
  };
}
