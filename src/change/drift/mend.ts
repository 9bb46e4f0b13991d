import type { Run } from '../../kernel/index.ts';
import type { CompiledSet } from '../../policy/index.ts';
import type { Problem } from '../../result.ts';
import { makeSets } from '../apply/sets.ts';
import { writeTransaction } from '../apply/transaction.ts';
import type { Repair } from './repairs.ts';

/** Writes what puts palisade's own back, table by table; what the kernel does not take, since somebody was faster, is the answer. */
export async function writeRepairs(run: Run, repairs: readonly Repair[]): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  for (const { family, backend, transactions } of repairs)
    for (const transaction of transactions) {
      const problem = await writeTransaction(run, backend, family, transaction);
      if (problem !== null) problems.push(problem);
    }
  return problems;
}

/**
 * Gives own sets the members that they are to have, and makes those that are gone. Their names say what is in them, so that nobody but a
 * stranger ever changes one.
 *
 * @param there what `ipset save` prints of the sets as they are
 */
export async function mendSets(run: Run, sets: readonly CompiledSet[], there: string): Promise<readonly Problem[]> {
  const isThere = ({ name }: CompiledSet): boolean => there.includes(`create ${name} `);
  const made = await makeSets(
    run,
    sets.filter((set) => !isThere(set)),
  );
  if (!made.ok) return made.problems;
  const lines = sets.filter(isThere).flatMap(({ name, members }) => {
    const lead = `add ${name} `;
    const now = new Set(there.split('\n').flatMap((line) => (line.startsWith(lead) ? [line.slice(lead.length)] : [])));
    const wanted = new Set(members);
    return [
      ...[...wanted].filter((member) => !now.has(member)).map((member) => `${lead}${member}`),
      ...[...now].filter((member) => !wanted.has(member)).map((member) => `del ${name} ${member.split(' ')[0]}`),
    ];
  });
  if (lines.length === 0) return [];
  const ran = await run({ argv: ['ipset', '-exist', 'restore'], input: `${lines.join('\n')}\n`, timeoutMs: 60_000 });
  if (ran.kind === 'exited' && ran.status === 0) return [];
  const why = ran.kind === 'exited' ? (ran.stderr.trim().split('\n')[0] ?? '') : ran.kind;
  return [{ code: 'restore-refused', message: `sets could not be mended: ${why}`, hint: 'see palisade drift' }];
}
