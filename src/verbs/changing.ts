import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  apply,
  disarm,
  dropSets,
  forget,
  type Guard,
  lockState,
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
import { isOwnSet, sessionRefusals } from './planning.ts';
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
  /** The same, once it is to be confirmed. */
  next: join(stateFolder, 'next.json'),
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
  const state = resolve(context.stateFolder);
  const locked = lockState(state);
  if (!locked.ok) return { kind: 'unchanged', problems: locked.problems };
  try {
    const begun = await begin(context, state, before, after, made, making);
    if (!('guard' in begun)) return begun;
    locked.value();
    if (making.yes) {
      const confirmed = await confirm(context);
      if (!confirmed.ok) return { kind: 'unchanged', problems: confirmed.problems };
      await context.part({ kind: 'confirmed' });
      return { kind: 'done', value: null };
    }
    return await waitFor(context, state, begun);
  } finally {
    locked.value();
  }
}

interface Begun {
  readonly guard: Guard;
  readonly record: PendingRecord;
  /** Sets that were made for it. */
  readonly sets: readonly string[];
}

async function begin(
  context: Context,
  state: string,
  before: HostAndSets,
  after: Host,
  made: Compiled,
  making: Making,
): Promise<Begun | Outcome<null>> {
  const unsettled = await settle(context, state);
  if (unsettled !== null) return refused(unsettled);
  const lockedOut = sessionRefusals(before.host, after);
  if (lockedOut.length > 0) return { kind: 'unchanged', problems: lockedOut };
  const prepared = await prepare(context, before, after, made, making.backend);
  if (!prepared.ok) return { kind: 'unchanged', problems: prepared.problems };
  const { wanted, backend, changes } = prepared.value;
  const there = before.host.sets.known ? new Set(before.host.sets.value.keys()) : new Set<string>();
  const sets = made.sets.filter(({ name }) => !there.has(name));
  const run = context.kernel.run;
  const files = records(state);
  const unused = [...there].filter((name) => isOwnSet(name) && !made.sets.some((set) => set.name === name));
  const leaves = making.policy === null;
  if (changes === 0 && sets.length === 0) {
    await dropSets(run, unused);
    if (leaves) for (const file of Object.values(files)) forget(file);
    await context.part({
      kind: 'nothing',
      text: leaves ? 'nothing of palisade is in the firewall' : 'the host is as the policy says',
    });
    return { kind: 'done', value: null };
  }
  const declared = { 4: declaredBy(wanted, made, 4), 6: declaredBy(wanted, made, 6) };
  const record: OwnRecord = { at: context.clock.now(), backend, policy: making.policy, families: declared, sets: made.sets };
  // What was there before the first change that stays; policies of chains that only a later one changes are added to it.
  const origin = readRecord(files.confirmed) === null ? null : readRecord(files.origin);
  if (!leaves) writeRecord(files.origin, originOf(context, before.host, backend, wanted, origin));
  const pending: PendingRecord = { ...record, unused, changedAt: uptime(), leaves };
  writeRecord(files.pending, pending);
  context.progress('changing the rules');
  const ownSets = before.sets.known ? ownSetsIn(before.sets.value) : '';
  const folder = pendingFolder(state);
  const applied = await apply({ run, backend, folder, seconds: making.seconds, sets, ownSets, wanted });
  const names = sets.map(({ name }) => name);
  if (!applied.ok) {
    await dropSets(run, names);
    return { kind: 'unchanged', problems: applied.problems };
  }
  const changed: PendingRecord = { ...pending, changedAt: uptime() };
  writeRecord(files.pending, changed);
  await context.part({
    kind: 'changed',
    tables: applied.value.tables,
    sets: sets.length,
    seconds: making.yes ? null : making.seconds,
  });
  return { guard: applied.value.guard, record: changed, sets: names };
}

async function waitFor(context: Context, state: string, { guard, record, sets }: Begun): Promise<Outcome<null>> {
  const folder = pendingFolder(state);
  const run = context.kernel.run;
  for (;;) {
    if (context.signal.aborted) {
      const reverted = await guard.revert();
      return { kind: 'unchanged', problems: reverted.ok ? [undone] : reverted.problems };
    }
    switch (pendingState(folder)) {
      case 'confirmed':
        // Whoever confirmed it is at work, or has died of it.
        await settleAlone(context);
        await sleep(100);
        break;
      case 'none': {
        const kept = record.leaves
          ? readRecord(records(state).pending) === null
          : readRecord(records(state).confirmed)?.at === record.at;
        if (!kept) return refused(lost);
        await context.part({ kind: 'confirmed' });
        return { kind: 'done', value: null };
      }
      case 'abandoned': {
        // Somebody ended it: a change that nobody would undo may not wait.
        const repaired = await repair(run, folder);
        return { kind: 'unchanged', problems: repaired.ok ? [undone] : repaired.problems };
      }
      case 'reverted':
        await dropSets(run, sets);
        return refused(undone);
      default:
        await sleep(100);
    }
  }
}

/** As {@link settle}, for those who do not hold the state folder. */
export async function settleAlone(context: Context): Promise<Problem | null> {
  const state = resolve(context.stateFolder);
  const locked = lockState(state);
  if (!locked.ok) return locked.problems[0] ?? waits;
  try {
    return await settle(context, state);
  } finally {
    locked.value();
  }
}

/** Brings to its end what an earlier run left halfway; the problem that the caller must say, or `null`. */
async function settle(context: Context, state: string): Promise<Problem | null> {
  const folder = pendingFolder(state);
  switch (pendingState(folder)) {
    case 'waiting':
    case 'reverting':
      return waits;
    case 'confirmed':
      await keep(context, state);
      return null;
    case 'abandoned': {
      const repaired = await repair(context.kernel.run, folder);
      return repaired.ok ? repairedNow : (repaired.problems[0] ?? waits);
    }
    default:
      return null;
  }
}

/** Keeps a change that waits, and what it is to be known by: written before it is confirmed, so that a full disk is told in time. */
export async function confirm(context: Context): Promise<Result<null>> {
  const state = resolve(context.stateFolder);
  const locked = lockState(state);
  if (!locked.ok) return locked;
  try {
    const folder = pendingFolder(state);
    const files = records(state);
    const pending = readRecord(files.pending) as PendingRecord | null;
    if (pendingState(folder) !== 'waiting') return failed((await settle(context, state)) ?? nothingWaits);
    if (pending === null) return failed(nothingWaits);
    writeRecord(files.next, pending);
    const disarmed = await disarm(folder);
    if (!disarmed.ok) return disarmed;
    await keep(context, state);
    return ok(null);
  } finally {
    locked.value();
  }
}

/** What was confirmed becomes what is known of the firewall. */
async function keep(context: Context, state: string): Promise<void> {
  const files = records(state);
  const next = readRecord(files.next) as PendingRecord | null;
  if (next !== null) {
    const confirmed = readRecord(files.confirmed);
    if (confirmed !== null && confirmed.at !== next.at) writeRecord(files.previous, confirmed);
    writeRecord(files.confirmed, next);
    await dropSets(context.kernel.run, next.unused);
    if (next.leaves) for (const file of [files.confirmed, files.previous, files.origin]) forget(file);
  }
  // Last of all: whoever waits looks for it.
  forget(files.next);
  forget(files.pending);
  forget(pendingFolder(state));
}

const lost: Problem = {
  code: 'change-undone',
  message: 'what waited for the change to be confirmed is gone, and nobody says what became of it',
  hint: 'see palisade plan for what is there',
};

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

function ownSetsIn(text: string): string {
  return text
    .split('\n')
    .filter((line) => isOwnSet(line.split(' ')[1] ?? ''))
    .map((line) => `${line}\n`)
    .join('');
}

/** What is ours of a family, with those policies alone that are declared. */
function declaredBy(wanted: readonly Wanted[], made: Compiled, family: Family): readonly OwnTable[] {
  const own = wanted.find((one) => one.family === family)?.own ?? [];
  return own.map((table) => {
    const declared = made.families[family].find((one) => one.table === table.table)?.policies;
    return { ...table, policies: new Map([...table.policies].filter(([chain]) => declared?.has(chain))) };
  });
}

/** Policies that a change gives to built-in chains, as they were before the first of them. */
function originOf(context: Context, host: Host, backend: Backend, wanted: readonly Wanted[], known: OwnRecord | null): OwnRecord {
  const of = (family: Family): readonly OwnTable[] => {
    const ruleset = host.rulesets[family];
    const there = ruleset.known ? ownOf(ruleset.value) : [];
    return (wanted.find((one) => one.family === family)?.own ?? []).map(({ table, policies }) => {
      const old = there.find((one) => one.table === table)?.policies;
      const before = known?.families[family].find((one) => one.table === table)?.policies;
      const changing = [...policies].filter(([chain, policy]) => (old?.get(chain) ?? 'ACCEPT') !== policy);
      const kept = new Map(changing.map(([chain]) => [chain, old?.get(chain) ?? 'ACCEPT']));
      return { table, chains: new Map(), jumps: [], policies: new Map([...kept, ...(before ?? [])]) };
    });
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
 * What a record says, as what a policy makes: for going back to it. Of policies those alone that are still as `ours`, the last confirmed,
 * has them: what somebody else has changed since is his.
 */
export function compiledOf({ families, sets }: OwnRecord, now: Host, ours: OwnRecord | null): Compiled {
  const of = (family: Family): Compiled['families'][Family] => {
    const ruleset = now.rulesets[family];
    const there = ruleset.known ? ownOf(ruleset.value) : [];
    return families[family].map(({ table, policies, chains, jumps }) => {
      const last = ours?.families[family].find((one) => one.table === table)?.policies;
      const current = there.find((one) => one.table === table)?.policies;
      const own = [...policies].filter(([chain]) => last?.get(chain) === undefined || last.get(chain) === current?.get(chain));
      return {
        table,
        policies: new Map(own) as ReadonlyMap<string, 'ACCEPT' | 'DROP'>,
        chains,
        jumps: jumps.map(({ from, to }) => ({ from, to })),
      };
    });
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
