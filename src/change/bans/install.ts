import { banSetNames, type Kernel, makeBanSets, NamespaceRefused } from '../../kernel/index.ts';
import type { Backend } from '../../model/host/index.ts';
import type { Family } from '../../model/net/index.ts';
import { emptyRuleset, type Ruleset } from '../../model/ruleset/index.ts';
import { failed, ok, type Problem, type Result } from '../../result.ts';
import { dropSets } from '../apply/sets.ts';
import { type Transaction, writeTransaction } from '../apply/transaction.ts';
import { banRemoval, banTransactions } from './chains.ts';

type Rulesets = Readonly<Record<Family, Ruleset>>;

/** The rules as they now are; asked again behind each change. */
export type ReadRulesets = () => Promise<Result<Rulesets>>;

/** Whether the chains stand, and are asked before everything else. */
export function banChainsStand(rulesets: Rulesets): boolean {
  return families.every((family) => banTransactions(rulesets[family]).length === 0);
}

/**
 * Has the chains asked that ask the sets, where they are not: rehearsed in a namespace, then one transaction a table. The sets are made by it where they
 * are not there; whoever is never shut out must be in theirs before anybody is put into another. What does not come to stand is taken back.
 *
 * @returns whether anything had to be written
 */
export async function installBans(kernel: Kernel, backend: Backend, read: ReadRulesets): Promise<Result<boolean>> {
  const before = await read();
  if (!before.ok) return before;
  const wanted = families.map((family) => ({ family, transactions: banTransactions(before.value[family]) }));
  const made = await makeBanSets(kernel.run);
  if (!made.ok) return made;
  if (wanted.every(({ transactions }) => transactions.length === 0)) return ok(false);
  const rehearsed = await rehearse(kernel, backend);
  if (rehearsed !== null) return failed(rehearsed);
  const problem = await write(kernel, backend, wanted);
  const after = await read();
  const isThere = after.ok && banChainsStand(after.value);
  if (problem === null && isThere) return ok(true);
  if (after.ok) await write(kernel, backend, removals(after.value));
  return failed(problem ?? (after.ok ? notThere : (after.problems[0] ?? notThere)));
}

/** Takes the chains away, and the sets with all who are shut out. */
export async function removeBans(kernel: Kernel, backend: Backend, read: ReadRulesets): Promise<Result<boolean>> {
  const before = await read();
  if (!before.ok) return before;
  const all = removals(before.value);
  const problem = await write(kernel, backend, all);
  if (problem !== null) return failed(problem);
  await dropSets(
    kernel.run,
    Object.values(banSetNames).flatMap((names) => Object.values(names)),
  );
  return ok(all.some(({ transactions }) => transactions.length > 0));
}

const families = [4, 6] as const;

const notThere: Problem = {
  code: 'restore-refused',
  message: 'the chains that ask who is shut out do not stand as they were written',
  hint: 'another program writes rules; nothing is changed, try again',
};

interface FamilyTransactions {
  readonly family: Family;
  readonly transactions: readonly Transaction[];
}

function removals(rulesets: Rulesets): readonly FamilyTransactions[] {
  return families.map((family) => ({ family, transactions: banRemoval(rulesets[family]) }));
}

async function write(kernel: Kernel, backend: Backend, all: readonly FamilyTransactions[]): Promise<Problem | null> {
  for (const { family, transactions } of all)
    for (const transaction of transactions) {
      const problem = await writeTransaction(kernel.run, backend, family, transaction);
      if (problem !== null) return problem;
    }
  return null;
}

/** The chains by themselves: they lead nowhere else, so nothing of the host's can make them other than they are there. */
async function rehearse(kernel: Kernel, backend: Backend): Promise<Problem | null> {
  try {
    await using ns = await kernel.namespace();
    const made = await makeBanSets(ns.run);
    if (!made.ok) return made.problems[0] ?? notThere;
    for (const family of families)
      for (const transaction of banTransactions(emptyRuleset(family, 'no rules'))) {
        const problem = await writeTransaction(ns.run, backend, family, transaction);
        if (problem !== null) return problem;
      }
    return null;
  } catch (error) {
    if (error instanceof NamespaceRefused) return error.problem;
    throw error;
  }
}
