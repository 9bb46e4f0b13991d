import { join } from 'node:path';
import type { Run } from '../../kernel/index.ts';
import type { Backend } from '../../model/host/index.ts';
import type { Family } from '../../model/net/index.ts';
import { parseRuleset, type Ruleset } from '../../model/ruleset/index.ts';
import type { CompiledSet } from '../../policy/index.ts';
import { failed, ok, type Problem, type Result } from '../../result.ts';
import { arm, type Guard, type Guarded } from '../guard/guard.ts';
import { type OwnTable, ownOf } from './own.ts';
import { dropSets, makeSets } from './sets.ts';
import { toolsFor } from './tools.ts';
import { isSame, type Refusal, restoreTable, transactionsOf } from './transaction.ts';
import { holdXtablesLock, type XtablesLock } from './xtables-lock.ts';

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
  /** What was ours when the change was planned. */
  readonly planned: Readonly<Record<Family, readonly OwnTable[]>>;
  /** Which file the tools of iptables-legacy lock here. */
  readonly lockFile: string;
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
 * Makes a change: makes sets, arms what undoes it, commits table by table, reads back and compares. Whatever fails, also by an
 * exception, is undone before this is over, and then the host is as it was.
 */
export async function apply(applying: Applying): Promise<Result<Applied>> {
  const { run, backend, folder, lockFile, sets } = applying;
  const made = await makeSets(run, sets);
  if (!made.ok) return made;
  let stays = false;
  try {
    const locked = await holdXtablesLock(backend, lockFile, join(folder, 'xtables.lock'));
    if (!locked.ok) return locked;
    await using lock = locked.value;
    const done = await write(applying, lock);
    stays = done.ok;
    return done;
  } finally {
    if (!stays)
      await dropSets(
        run,
        sets.map(({ name }) => name),
      );
  }
}

async function write(applying: Applying, lock: XtablesLock): Promise<Result<Applied>> {
  const { run, backend, folder, seconds, wanted, planned, lockFile } = applying;
  const before = await readAll(run, backend, wanted);
  if (!before.ok) return before;
  if (before.value.some(({ family, own }) => !isAsPlanned(own, planned[family]))) return failed(elsewhere);
  const guarded = before.value.flatMap(({ family, tables, own, wanted: after }) =>
    transactionsOf(own, after.own).map(({ table }): Guarded => {
      const target = after.own.find((one) => one.table === table);
      const old = own.find((one) => one.table === table) ?? nothingIn(table);
      const policies = [...(target?.policies ?? [])].filter(
        ([chain, policy]) => (old.policies.get(chain) ?? 'ACCEPT') !== policy,
      );
      return { family, own: old, text: tables.get(table) ?? '', policies: policies.map(([chain]) => chain) };
    }),
  );
  // Without the lock that we hold now: it is ours no longer when the guard needs it.
  const undoing = { kind: 'own', backend, tables: guarded, sets: applying.ownSets } as const;
  const armed = await arm(run, folder, undoing, { XTABLES_LOCKFILE: lockFile }, lock.holder);
  if (!armed.ok) return armed;
  const guard = armed.value;
  const undo = async (): Promise<readonly Problem[]> => {
    await lock.release();
    const undone = await guard.revert();
    return undone.ok ? [] : undone.problems;
  };
  try {
    const committed = await commitAll(applying, guard, lock);
    const problems = committed.ok ? await differences(applying) : committed.problems;
    if (problems.length > 0) return failed(...problems, ...(await undo()));
    guard.written(seconds);
    return ok({ guard, tables: guarded.length });
  } catch (error) {
    await undo();
    throw error;
  }
}

const elsewhere: Problem = {
  code: 'change-waits',
  message: 'palisade’s rules were changed while this change was planned',
  hint: 'run the same again',
};

function isAsPlanned(own: readonly OwnTable[], planned: readonly OwnTable[]): boolean {
  const names = new Set([...own, ...planned].map(({ table }) => table));
  const of = (tables: readonly OwnTable[], name: string): OwnTable =>
    tables.find(({ table }) => table === name) ?? nothingIn(name);
  return [...names].every((name) =>
    sameRules({ ...of(own, name), policies: new Map() }, { ...of(planned, name), policies: new Map() }),
  );
}

function nothingIn(table: string): OwnTable {
  return { table, policies: new Map(), chains: new Map(), jumps: [] };
}

async function commitAll(applying: Applying, guard: Guard, lock: XtablesLock): Promise<Result<void>> {
  for (const wanted of applying.wanted.toSorted((one, other) => one.family - other.family)) {
    const done = await commitFamily(applying, guard, lock, wanted);
    if (!done.ok) return done;
  }
  return ok(undefined);
}

/** Reads again before each try: who writes rules meanwhile moves jumps and positions. */
async function commitFamily({ run, backend }: Applying, guard: Guard, lock: XtablesLock, wanted: Wanted): Promise<Result<void>> {
  let problem: Problem | null = null;
  for (let left = tries; left > 0; left -= 1) {
    const read = await readFamily(run, backend, wanted);
    if (!read.ok) return read;
    const open = transactionsOf(read.value.own, wanted.own).toSorted(
      (one, other) => wanted.order.indexOf(one.table) - wanted.order.indexOf(other.table),
    );
    let refused: Refusal | null = null;
    for (const transaction of open) {
      refused = await restoreTable(run, backend, wanted.family, transaction, { behind: guard.writing, env: lock.env });
      if (refused !== null) break;
    }
    if (refused === null) return ok(undefined);
    problem = refused.problem;
    // What was killed, or hangs, would be no better the next time.
    if (refused.how === 'broken') break;
    // A tool that knows of no other lock than the common one waits for what we hold.
    if (refused.how === 'locked') await lock.release();
  }
  return failed(problem ?? { code: 'restore-refused', message: 'the rules could not be written', hint: 'try again' });
}

/** Whether what is there is what was to be. */
async function differences({ run, backend, wanted }: Applying): Promise<readonly Problem[]> {
  const read = await readAll(run, backend, wanted);
  if (!read.ok) return read.problems;
  return read.value.flatMap(({ family, own, canonical }) =>
    canonical.flatMap((table): readonly Problem[] => {
      if (sameRules(own.find((one) => one.table === table.table) ?? nothingIn(table.table), table)) return [];
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
