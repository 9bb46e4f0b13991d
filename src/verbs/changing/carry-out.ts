import { resolve } from 'node:path';
import {
  apply,
  type Basis,
  dropSets,
  forget,
  keepForBoot,
  leaveBoot,
  lockState,
  type OwnRecord,
  type OwnTable,
  ownOf,
  pendingFolder,
  readRecord,
  refreshBoot,
  unwritable,
  uptime,
  writeForBoot,
  writeRecord,
} from '../../change/index.ts';
import type { Backend, Host, Session } from '../../model/host/index.ts';
import { formatAddress } from '../../model/net/index.ts';
import type { Compiled } from '../../policy/index.ts';
import type { Problem, Result } from '../../result.ts';
import { keepSnapshot } from '../backing-up/keeping.ts';
import { isOwnSet, sessionRefusals, sessionsKept } from '../planning/index.ts';
import type { HostAndSets } from '../reading.ts';
import { callerAddress } from '../session.ts';
import type { Context, Outcome } from '../verb.ts';
import { accept, settle, undone } from './ending.ts';
import { newSessions, wrongNow } from './live.ts';
import { hear, note, noteAfter } from './noting.ts';
import { prepare, type Rehearsed, rehearseChange } from './prepared.ts';
import { declaredBy, lockFileOf, originOf, type PendingRecord, records } from './records.ts';
import { type Begun, conclude } from './waiting.ts';

/** How a change is made. */
export interface Making {
  /** Until it undoes itself. */
  readonly seconds: number;
  /** Confirm it at once, if everything that was to be is so. */
  readonly yes: boolean;
  /** Confirm it once somebody who manages the host now has connected anew. */
  readonly reconnect: boolean;
  readonly backend: Backend | undefined;
  /** What is kept of it once it is confirmed; `null`: nothing is ours any more. */
  readonly policy: string | null;
  /** What the machine is to start with where nothing else can be restored. */
  readonly emergency: OwnRecord['emergency'];
  /** What it was planned from. */
  readonly basis: Basis | null;
  /** The rehearsal, where it has been begun already. */
  readonly rehearsed?: Promise<Result<Rehearsed>>;
  /** What was asked of the plan, asked again of the host as it stands. */
  readonly wrongIn: (live: Host) => readonly Problem[];
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
    const wrong = await wrongNow(context, before.host, after, begun.record.backend, making.wrongIn);
    if (wrong.length > 0) {
      const reverted = await begun.guard.revert();
      await dropSets(context.kernel.run, begun.sets);
      hear(context, state);
      await noteAfter(context, state, 'refused', begun.record, wrong.map(({ message }) => message).join('; '));
      return { kind: 'unchanged', problems: [...wrong, ...(reverted.ok ? [undone] : reverted.problems)] };
    }
    const mine = making.reconnect ? sessionsOf(context, before.host) : [];
    const fresh = mine.length > 0 ? await newSessions(context, mine) : null;
    return await conclude(context, state, begun, { ...making, fresh, unlock: locked.value });
  } catch (error) {
    const problem = unwritable(state, error);
    if (problem === null) throw error;
    return refused(problem);
  } finally {
    locked.value();
  }
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
  if (making.reconnect && sessionsOf(context, before.host).length === 0) return refused(nobodyThere);
  const lockedOut = sessionRefusals(before.host, after);
  if (lockedOut.length > 0) return { kind: 'unchanged', problems: lockedOut };
  context.progress('rehearsing the change');
  // It is read while the kernel tries the rules.
  const [kept, rehearsed] = await Promise.all([
    keepSnapshot(context, { reason: 'before', unlessSame: true }),
    making.rehearsed ?? rehearseChange(context, before, after, made, making.backend),
  ]);
  const prepared = rehearsed.ok ? prepare(before.host, after, rehearsed.value) : rehearsed;
  if (!prepared.ok) return { kind: 'unchanged', problems: prepared.problems };
  const { wanted, backend, changes } = prepared.value;
  const there = before.host.sets.known ? new Set(before.host.sets.value.keys()) : new Set<string>();
  const sets = made.sets.filter(({ name }) => !there.has(name));
  const run = context.kernel.run;
  const files = records(state);
  const unused = [...there].filter((name) => isOwnSet(name) && !made.sets.some((set) => set.name === name));
  const leaves = making.policy === null;
  const declared = { 4: declaredBy(wanted, made, 4), 6: declaredBy(wanted, made, 6) };
  const { policy, basis, emergency } = making;
  const record: OwnRecord = { at: context.clock.now(), backend, policy, families: declared, sets: made.sets, basis, emergency };
  if (changes === 0 && sets.length === 0) {
    await dropSets(run, unused);
    if (leaves) {
      await leaveBoot(run, state);
      for (const file of Object.values(files)) forget(file);
    } else await remember(context, state, record);
    await context.part({
      kind: 'nothing',
      text: leaves ? 'nothing of palisade is in the firewall' : 'the host is as the policy says',
    });
    return { kind: 'done', value: null };
  }
  if (!kept.ok) return { kind: 'unchanged', problems: kept.problems };
  // What was there before the first change that stays; policies of chains that only a later one changes are added to it.
  const origin = readRecord(files.confirmed) === null ? null : readRecord(files.origin);
  if (!leaves) writeRecord(files.origin, originOf(context, before.host, backend, wanted, origin));
  const pending: PendingRecord = { ...record, unused, changedAt: uptime(), leaves, before: kept.value.id };
  writeRecord(files.pending, pending);
  // Now, since whoever confirms it only gives things other names: that works on a full disk.
  if (!leaves) writeForBoot(state, pending);
  const snapshots = { before: kept.value.id, after: null };
  await note(context, state, 'begun', record, `${changes} tables differ`, { snapshots });
  context.progress('changing the rules');
  const ownSets = before.sets.known ? ownSetsIn(before.sets.value) : '';
  const folder = pendingFolder(state);
  const cut = sessionsKept(context, before.host, after);
  if (cut.length > 0) {
    await noteAfter(context, state, 'refused', record, cut.map(({ message }) => message).join('; '));
    return { kind: 'unchanged', problems: cut };
  }
  const planned = { 4: ownIn(before.host, 4), 6: ownIn(before.host, 6) };
  const lockFile = lockFileOf(context);
  const applied = await apply({ run, backend, folder, seconds: making.seconds, sets, ownSets, wanted, planned, lockFile });
  const names = sets.map(({ name }) => name);
  if (!applied.ok) {
    hear(context, state);
    await noteAfter(context, state, 'refused', record, applied.problems.map(({ message }) => message).join('; '));
    return { kind: 'unchanged', problems: applied.problems };
  }
  const changed: PendingRecord = { ...pending, changedAt: uptime() };
  try {
    writeRecord(files.pending, changed);
  } catch (error) {
    await applied.value.guard.revert();
    await dropSets(run, names);
    throw error;
  }
  await noteAfter(
    context,
    state,
    'changed',
    changed,
    `${applied.value.tables} tables were written, read back, and are as they were to be`,
    { snapshots },
  );
  const said = { kind: 'changed', tables: applied.value.tables, sets: sets.length } as const;
  return { guard: applied.value.guard, record: changed, sets: names, said };
}

/**
 * Nothing had to be written. Planned from something else, it came to the same: the next time that needs not be found out again. But where
 * somebody has brought other rules back than were confirmed last, those are what is confirmed now, and what the machine has to start with.
 */
export async function remember(context: Context, state: string, record: OwnRecord): Promise<void> {
  const files = records(state);
  const confirmed = readRecord(files.confirmed);
  if (confirmed === null) return;
  const said = ({ families, sets }: OwnRecord): string =>
    JSON.stringify([families, sets], (_key, value: unknown) => (value instanceof Map ? [...value] : value));
  if (said(confirmed) !== said(record)) {
    writeForBoot(state, record);
    writeRecord(files.previous, confirmed);
    writeRecord(files.confirmed, record);
    keepForBoot(state, record);
    refreshBoot(state);
    const snapshots = { before: null, after: await accept(context, state, 'after') };
    await noteAfter(context, state, 'confirmed', record, 'the rules were there already, and stay', { snapshots });
  } else if (JSON.stringify(confirmed.basis) !== JSON.stringify(record.basis))
    writeRecord(files.confirmed, { ...confirmed, basis: record.basis });
}

/** Connections from where whoever runs us is connected: others, who may be strangers that have not even logged in, say nothing. */
function sessionsOf(context: Context, { sessions }: Host): readonly Session[] {
  const caller = callerAddress(context.env['SSH_CONNECTION']);
  return sessions.known ? sessions.value.filter(({ peer }) => formatAddress(peer) === caller) : [];
}

const nobodyThere: Problem = {
  code: 'plan-refused',
  message: 'it is not known from where you are connected, so that no new connection could tell that you still come in',
  hint: 'leave --confirm-by-reconnect out, and run palisade confirm',
};

function refused(problem: Problem): Outcome<null> {
  return { kind: 'unchanged', problems: [problem] };
}

function ownIn({ rulesets }: Host, family: 4 | 6): readonly OwnTable[] {
  const ruleset = rulesets[family];
  return ruleset.known ? ownOf(ruleset.value) : [];
}

function ownSetsIn(text: string): string {
  return text
    .split('\n')
    .filter((line) => isOwnSet(line.split(' ')[1] ?? ''))
    .map((line) => `${line}\n`)
    .join('');
}
