import type { Run } from '../../kernel/index.ts';
import type { Backend } from '../../model/host/index.ts';
import type { Family } from '../../model/net/index.ts';
import { parseRuleset, type Ruleset } from '../../model/ruleset/index.ts';
import type { CompiledSet } from '../../policy/index.ts';
import { failed, ok, type Problem, type Result } from '../../result.ts';
import { arm, type Guard, type Guarded } from '../guard/guard.ts';
import { type OwnTable, ownOf } from './own.ts';
import { makeSets } from './sets.ts';
import { toolsFor } from './tools.ts';
import { isSame, transactionsOf, writeTransaction } from './transaction.ts';

/** What a family's own part is to be, as the kernel prints it, and in which order its tables are written. */
export interface Wanted {
  readonly family: Family;
  readonly own: readonly OwnTable[];
  readonly order: readonly string[];
}

export interface Applying {
  readonly run: Run;
  readonly backend: Backend;
  /** Where the guard has its files. */
  readonly folder: string;
  /** Until the guard undoes the change by itself. */
  readonly seconds: number;
  readonly sets: readonly CompiledSet[];
  /** Sets of ours that are there, as `ipset save` prints them: the old rules ask them. */
  readonly ownSets: string;
  readonly wanted: readonly Wanted[];
}

/** A change that has been made and waits to be confirmed. */
export interface Applied {
  readonly guard: Guard;
  /** Tables that were written. */
  readonly tables: number;
}

/** How often others may be faster than we are with the same table. */
const tries = 5;

/**
 * Makes a change: arms what undoes it, makes sets, commits table by table, reads back and compares. Whatever fails behind the
 * arming is undone before this resolves, and then the host is as it was.
 */
export async function apply(applying: Applying): Promise<Result<Applied>> {
  const { run, backend, folder, seconds, sets, wanted } = applying;
  const before = await readAll(run, backend, wanted);
  if (!before.ok) return before;
  const guarded = before.value.flatMap(({ family, tables, own, wanted: after }) =>
    transactionsOf(own, after.own).map(({ table }): Guarded => {
      const target = after.own.find((one) => one.table === table);
      const old = own.find((one) => one.table === table) ?? { table, policies: new Map(), chains: new Map(), jumps: [] };
      const policies = [...(target?.policies ?? [])].filter(
        ([chain, policy]) => (old.policies.get(chain) ?? 'ACCEPT') !== policy,
      );
      return { family, own: old, text: tables.get(table) ?? '', policies: policies.map(([chain]) => chain) };
    }),
  );
  // Sets that nobody asks change nothing, and need nobody who would undo them.
  const [made, armed] = await Promise.all([makeSets(run, sets), arm(run, folder, backend, guarded, applying.ownSets)]);
  if (!armed.ok) return armed;
  const guard = armed.value;
  if (!made.ok) {
    const undone = await guard.revert();
    return undone.ok ? made : failed(...made.problems, ...undone.problems);
  }
  const committed = await commitAll(applying, guard.lock, order(before.value.flatMap(({ family }) => family)));
  const problems = committed.ok ? await differences(applying) : committed.problems;
  if (problems.length > 0) {
    const undone = await guard.revert();
    return failed(...problems, ...(undone.ok ? [] : undone.problems));
  }
  guard.written(seconds);
  return ok({ guard, tables: guarded.length });
}

/** Families in the order in which they are written. */
function order(families: readonly Family[]): readonly Family[] {
  return [...new Set(families)].sort();
}

async function commitAll(applying: Applying, lock: string, families: readonly Family[]): Promise<Result<void>> {
  for (const family of families) {
    const wanted = applying.wanted.find((one) => one.family === family);
    if (wanted === undefined) continue;
    const done = await commitFamily(applying, lock, wanted);
    if (!done.ok) return done;
  }
  return ok(undefined);
}

/** Reads again before each try: who writes rules meanwhile moves jumps and positions. */
async function commitFamily({ run, backend }: Applying, lock: string, wanted: Wanted): Promise<Result<void>> {
  let problem: Problem | null = null;
  for (let left = tries; left > 0; left -= 1) {
    const read = await readFamily(run, backend, wanted);
    if (!read.ok) return read;
    const open = transactionsOf(read.value.own, wanted.own).toSorted(
      (one, other) => wanted.order.indexOf(one.table) - wanted.order.indexOf(other.table),
    );
    problem = null;
    for (const transaction of open) {
      problem = await writeTransaction(run, backend, wanted.family, transaction, lock);
      if (problem !== null) break;
    }
    if (problem === null) return ok(undefined);
  }
  return failed(problem ?? { code: 'restore-refused', message: 'the rules could not be written', hint: 'try again' });
}

/** Whether what is there is what was to be. */
async function differences({ run, backend, wanted }: Applying): Promise<readonly Problem[]> {
  const read = await readAll(run, backend, wanted);
  if (!read.ok) return read.problems;
  return read.value.flatMap(({ family, own, canonical }) =>
    canonical.flatMap((table): readonly Problem[] => {
      const none: OwnTable = { table: table.table, policies: new Map(), chains: new Map(), jumps: [] };
      if (sameRules(own.find((one) => one.table === table.table) ?? none, table)) return [];
      return [
        {
          code: 'restore-refused',
          message: `the IPv${family} table ${table.table} is not what was written: somebody else changes it, or the kernel understood it otherwise`,
          hint: 'the change is undone; see palisade plan',
        },
      ];
    }),
  );
}

/** Jumps of others may have moved ours meanwhile; chains, rules and policies may not differ. */
function sameRules(there: OwnTable, wanted: OwnTable): boolean {
  const jumps = ({ jumps: all }: OwnTable): OwnTable['jumps'] => all.map((jump) => ({ ...jump, position: 0 }));
  return isSame({ ...there, jumps: jumps(there) }, { ...wanted, jumps: jumps(wanted) });
}

interface Read {
  readonly family: Family;
  readonly wanted: Wanted;
  /** Of each table what its tool printed. */
  readonly tables: ReadonlyMap<string, string>;
  readonly own: readonly OwnTable[];
  /** What is wanted, in the words in which it was planned. */
  readonly canonical: readonly OwnTable[];
}

async function readAll(run: Run, backend: Backend, wanted: readonly Wanted[]): Promise<Result<readonly Read[]>> {
  const reads: Read[] = [];
  for (const read of await Promise.all(wanted.map((one) => readFamily(run, backend, one)))) {
    if (!read.ok) return read;
    reads.push(read.value);
  }
  return ok(reads);
}

async function readFamily(run: Run, backend: Backend, wanted: Wanted): Promise<Result<Read>> {
  const { family } = wanted;
  const { save } = toolsFor(family, backend);
  const result = await run({ argv: [save] });
  if (result.kind !== 'exited' || result.status !== 0)
    return failed({ code: 'unread', message: `${save} could not read the rules`, hint: 'run palisade as root' });
  const parsed = parseRuleset(result.stdout, { family, file: save });
  // Nothing at all is printed where no table is.
  const ruleset: Ruleset | null = result.stdout.trim() === '' ? null : parsed.ok ? parsed.value : null;
  if (ruleset === null && result.stdout.trim() !== '') return parsed.ok ? failed() : parsed;
  const tables = new Map<string, string>();
  for (const block of result.stdout.split(/^(?=\*)/m)) {
    const name = /^\*(\S+)/.exec(block)?.[1];
    if (name !== undefined) tables.set(name, block);
  }
  return ok({ family, wanted, tables, own: ruleset === null ? [] : ownOf(ruleset), canonical: wanted.own });
}
