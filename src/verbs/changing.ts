import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  apply,
  disarm,
  dropSets,
  forget,
  type OwnRecord,
  type OwnTable,
  ownOf,
  pendingFolder,
  pendingState,
  plannedRuleset,
  readRecord,
  repair,
  safeOrder,
  transactionsOf,
  uptime,
  type Wanted,
  writeRecord,
} from '../change/index.ts';
import { rehearse } from '../kernel/index.ts';
import type { Backend, Host } from '../model/host/index.ts';
import type { Family } from '../model/net/index.ts';
import { parseRuleset, type Ruleset } from '../model/ruleset/index.ts';
import { type Compiled, setsText } from '../policy/index.ts';
import { failed, ok, type Problem, type Result } from '../result.ts';
import type { HostAndSets } from './reading.ts';
import type { Context, Outcome } from './verb.ts';

/** How a change is made. */
export interface Making {
  /** Until it undoes itself. */
  readonly seconds: number;
  /** Confirm it at once, if everything that was to be is so. */
  readonly yes: boolean;
  readonly backend: Backend | undefined;
  /** What is kept of it once it is confirmed; `null`: nothing is ours any more. */
  readonly policy: string | null;
}

/** Records of a state folder. */
export const records = (stateFolder: string) => ({
  /** What was there before the first change. */
  origin: join(stateFolder, 'origin.json'),
  confirmed: join(stateFolder, 'confirmed.json'),
  previous: join(stateFolder, 'previous.json'),
  /** What is being made, beside the guard's files. */
  pending: join(stateFolder, 'pending.json'),
});

/** Sets of ours that a change leaves unused, and when it was made (seconds of uptime). */
export interface PendingRecord extends OwnRecord {
  readonly unused: readonly string[];
  readonly changedAt: number;
  /** Nothing of ours is left once it is confirmed. */
  readonly leaves: boolean;
}

/**
 * Rehearses what is to be, makes it so, and waits until it is confirmed or undone. `after` is the host as it is to be, `made` what is to
 * be ours in it.
 */
export async function carryOut(
  context: Context,
  before: HostAndSets,
  after: Host,
  made: Compiled,
  making: Making,
): Promise<Outcome<null>> {
  const folder = pendingFolder(context.stateFolder);
  if (pendingState(folder) === 'waiting' || pendingState(folder) === 'reverting') return refused(waits);
  if (pendingState(folder) === 'abandoned') {
    const repaired = await repair(context.kernel.run, folder);
    if (!repaired.ok) return { kind: 'unchanged', problems: repaired.problems };
    return refused(repairedNow);
  }
  const prepared = await prepare(context, before, after, made, making.backend);
  if (!prepared.ok) return { kind: 'unchanged', problems: prepared.problems };
  const { wanted, backend, changes } = prepared.value;
  const there = before.host.sets.known ? new Set(before.host.sets.value.keys()) : new Set<string>();
  const sets = made.sets.filter(({ name }) => !there.has(name));
  if (changes === 0 && sets.length === 0) {
    await context.part({ kind: 'nothing', text: 'the host is as the policy says' });
    return { kind: 'done', value: null };
  }
  const files = records(context.stateFolder);
  const unused = [...there].filter((name) => /^PAL[46]-[0-9a-f]{20}$/.test(name) && !made.sets.some((set) => set.name === name));
  const families = { 4: ownFor(wanted, 4), 6: ownFor(wanted, 6) };
  const record: OwnRecord = { at: context.clock.now(), backend, policy: making.policy, families, sets: made.sets };
  if (readRecord(files.origin) === null) writeRecord(files.origin, originOf(context, before.host, backend));
  const pending: PendingRecord = { ...record, unused, changedAt: uptime(), leaves: making.policy === null };
  writeRecord(files.pending, pending);
  context.progress('changing the rules');
  const run = context.kernel.run;
  const applied = await apply({ run, backend, folder, seconds: making.seconds, sets, wanted });
  if (!applied.ok) {
    await dropSets(
      run,
      sets.map(({ name }) => name),
    );
    return { kind: 'unchanged', problems: applied.problems };
  }
  writeRecord(files.pending, { ...pending, changedAt: uptime() } as PendingRecord);
  await context.part({
    kind: 'changed',
    tables: applied.value.tables,
    sets: sets.length,
    seconds: making.yes ? null : making.seconds,
  });
  if (making.yes) {
    const confirmed = await confirm(context);
    if (!confirmed.ok) return { kind: 'unchanged', problems: confirmed.problems };
    await context.part({ kind: 'confirmed' });
    return { kind: 'done', value: null };
  }
  for (;;) {
    if (context.signal.aborted) await applied.value.guard.revert();
    const state = pendingState(folder);
    // Whoever confirmed it has cleared up behind it.
    if (state === 'confirmed' || state === 'none') {
      await context.part({ kind: 'confirmed' });
      return { kind: 'done', value: null };
    }
    // Somebody ended it: a change that nobody would undo may not wait.
    if (state === 'abandoned') {
      const repaired = await repair(run, folder);
      return { kind: 'unchanged', problems: repaired.ok ? [undone] : repaired.problems };
    }
    if (state === 'reverted') {
      await dropSets(
        run,
        sets.map(({ name }) => name),
      );
      return refused(undone);
    }
    await sleep(100);
  }
}

/** Keeps a change that waits, and what it is to be known by. */
export async function confirm(context: Context): Promise<Result<null>> {
  const folder = pendingFolder(context.stateFolder);
  const files = records(context.stateFolder);
  const pending = readRecord(files.pending) as PendingRecord | null;
  if (pending === null || pendingState(folder) !== 'waiting') return failed(nothingWaits);
  const disarmed = await disarm(folder);
  if (!disarmed.ok) return disarmed;
  const confirmed = readRecord(files.confirmed);
  if (confirmed !== null) writeRecord(files.previous, confirmed);
  writeRecord(files.confirmed, pending);
  await dropSets(context.kernel.run, pending.unused);
  forget(files.pending);
  if (pending.leaves) for (const file of [files.confirmed, files.previous, files.origin]) forget(file);
  forget(folder);
  return ok(null);
}

export const nothingWaits: Problem = {
  code: 'nothing-waits',
  message: 'no change waits to be confirmed',
  hint: 'run palisade apply to make one',
};

const repairedNow: Problem = {
  code: 'change-undone',
  message: 'an earlier change was left halfway when palisade and what would undo it ended together; it is undone now',
  hint: 'run the same again',
};

const undone: Problem = {
  code: 'change-undone',
  message: 'nobody confirmed the change, and it is undone',
  hint: 'the host is as it was',
};

const waits: Problem = {
  code: 'change-waits',
  message: 'another change waits to be confirmed',
  hint: 'run palisade confirm or palisade rollback first',
};

function refused(problem: Problem): Outcome<null> {
  return { kind: 'unchanged', problems: [problem] };
}

function ownFor(wanted: readonly Wanted[], family: Family): readonly OwnTable[] {
  return wanted.find((one) => one.family === family)?.own ?? [];
}

/** What was there before palisade: nothing of its own, and these policies. */
function originOf(context: Context, host: Host, backend: Backend): OwnRecord {
  const of = (family: Family): readonly OwnTable[] => {
    const ruleset = host.rulesets[family];
    return ruleset.known ? ownOf(ruleset.value) : [];
  };
  return { at: context.clock.now(), backend, policy: null, families: { 4: of(4), 6: of(6) }, sets: [] };
}

interface Prepared {
  readonly backend: Backend;
  readonly wanted: readonly Wanted[];
  /** Tables that differ. */
  readonly changes: number;
}

/** Loads what is to be into a namespace, where the kernel says whether it takes it, and how it prints it. */
async function prepare(
  context: Context,
  before: HostAndSets,
  after: Host,
  made: Compiled,
  asked: Backend | undefined,
): Promise<Result<Prepared>> {
  const rulesets: Partial<Record<Family, Ruleset>> = {};
  const current: Partial<Record<Family, Ruleset>> = {};
  for (const family of [4, 6] as const) {
    const [old, now] = [before.host.rulesets[family], after.rulesets[family]];
    if (!old.known || !now.known)
      return failed({ code: 'unread', message: `the IPv${family} rules are unknown`, hint: 'see palisade status' });
    current[family] = old.value;
    rulesets[family] = now.value;
  }
  const [four, six] = [rulesets[4], rulesets[6]];
  if (four === undefined || six === undefined || !before.sets.known)
    return failed({ code: 'unread', message: 'the sets of this host are unknown', hint: 'see palisade status' });
  const backend = asked ?? current[4]?.writer?.backend ?? current[6]?.writer?.backend ?? 'nft';
  context.progress('rehearsing the change');
  const there = before.host.sets.known ? before.host.sets.value : new Map();
  const sets = `${before.sets.value}${setsText(made.sets.filter(({ name }) => !there.has(name)))}`;
  const rehearsed = await rehearse(context.kernel, {
    backend,
    rulesets: { 4: four.text, 6: six.text },
    sets,
    policiesLeftOut: true,
  });
  if (!rehearsed.ok) return rehearsed;
  await using rehearsal = rehearsed.value;
  const back = await rehearsal.readBack();
  if (!back.ok) return back;
  const wanted: Wanted[] = [];
  let changes = 0;
  for (const family of [4, 6] as const) {
    const text = back.value[family] ?? '';
    const parsed = parseRuleset(text, { family, file: 'the rehearsed rules' });
    const own = text.trim() === '' ? [] : parsed.ok ? ownOf(parsed.value) : [];
    const [old, now] = [current[family], rulesets[family]];
    if (old === undefined || now === undefined) continue;
    const open = transactionsOf(ownOf(old), own);
    changes += open.length;
    const order = safeOrder(
      after,
      family,
      old,
      now,
      open.map(({ table }) => table),
    );
    if (order === null)
      return failed({
        code: 'restore-unsafe',
        message: `between two tables of IPv${family} packets could pass that neither the old nor the new rules let through`,
        hint: 'make the change in two steps: first without what is translated anew, then with it',
      });
    wanted.push({ family, own, order });
  }
  return ok({ backend, wanted, changes });
}

/**
 * What a record says, as what a policy makes: for going back to it. A table that was not there then let everything pass, and so it shall
 * where it is there now.
 */
export function compiledOf({ families, sets }: OwnRecord, now: Host): Compiled {
  const of = (family: Family): Compiled['families'][Family] => {
    const ruleset = now.rulesets[family];
    const there = ruleset.known ? ownOf(ruleset.value) : [];
    const gone = there.filter(({ table }) => !families[family].some((one) => one.table === table));
    const open = gone.map(({ table, policies }): OwnTable => {
      const accepting = new Map([...policies.keys()].map((chain) => [chain, 'ACCEPT']));
      return { table, policies: accepting, chains: new Map(), jumps: [] };
    });
    return [...families[family], ...open].map(({ table, policies, chains, jumps }) => ({
      table,
      policies: policies as ReadonlyMap<string, 'ACCEPT' | 'DROP'>,
      chains,
      jumps: jumps.map(({ from, to }) => ({ from, to })),
    }));
  };
  return { sets, families: { 4: of(4), 6: of(6) } };
}

/** The host with what is to be ours in it. */
export function hostWith(host: Host, made: Compiled): Host {
  const planned = (family: Family): Host['rulesets'][Family] => {
    const ruleset = host.rulesets[family];
    return ruleset.known ? { known: true, value: plannedRuleset(ruleset.value, made, family) } : ruleset;
  };
  return { ...host, rulesets: { 4: planned(4), 6: planned(6) } };
}
