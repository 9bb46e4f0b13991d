import { resolve } from 'node:path';
import {
  disarm,
  dropSets,
  forget,
  keepForBoot,
  keepPast,
  leaveBoot,
  lockState,
  moveWhole,
  type OwnRecord,
  pendingFolder,
  pendingState,
  readRecord,
  refreshBoot,
  repair,
  unwritable,
} from '../../change/index.ts';
import { acceptSnapshot, forgetAccepted } from '../../change/snapshots/index.ts';
import { failed, ok, type Problem, type Result } from '../../result.ts';
import { keepSnapshot } from '../backing-up/keeping.ts';
import type { Context } from '../verb.ts';
import { hear, noteAfter } from './noting.ts';
import { lockFileOf, type PendingRecord, records } from './records.ts';

/** Keeps a change that waits, and what it is to be known by: that was written when it was made, and is only moved, which a full disk allows. */
export async function confirm(context: Context): Promise<Result<null>> {
  const state = resolve(context.stateFolder);
  const locked = lockState(state);
  if (!locked.ok) return locked;
  try {
    const folder = pendingFolder(state);
    if (pendingState(folder) !== 'waiting') return failed((await settle(context, state)) ?? nothingWaits);
    if (readRecord(records(state).pending) === null) return failed(nothingWaits);
    const disarmed = await disarm(folder);
    if (!disarmed.ok) {
      // Nobody is left who would undo it: then it is undone here.
      const ended = pendingState(folder) === 'abandoned' ? await settle(context, state) : null;
      return ended === null ? disarmed : failed(ended);
    }
    try {
      await keep(context, state);
    } catch (error) {
      // It is confirmed, and whoever comes next writes that down.
      if (unwritable(state, error) === null) throw error;
    }
    return ok(null);
  } catch (error) {
    const problem = unwritable(state, error);
    if (problem === null) throw error;
    return failed(problem);
  } finally {
    locked.value();
  }
}

/**
 * What was confirmed becomes what is known of the firewall. Whoever is ended in the midst of it leaves the rest to the next: until it is
 * known which snapshot shows what was confirmed, none does, lest an earlier one be put back.
 */
async function keep(context: Context, state: string): Promise<void> {
  const files = records(state);
  const pending = readRecord(files.pending) as PendingRecord | null;
  forgetAccepted(state);
  if (pending === null) await sayKept(context, state, readRecord(files.confirmed));
  else {
    if (pending.leaves) await leaveBoot(context.kernel.run, state);
    else {
      keepForBoot(state, pending);
      refreshBoot(state);
    }
    await dropSets(context.kernel.run, pending.unused);
    if (pending.leaves)
      for (const file of [files.confirmed, files.previous, files.history, files.feeds, files.origin, files.pending]) forget(file);
    else {
      if (readRecord(files.confirmed) !== null) moveWhole(files.confirmed, files.previous);
      moveWhole(files.pending, files.confirmed);
      keepInHistory(state, files, pending);
    }
    await sayKept(context, state, pending);
  }
  // Last of all: whoever waits looks for it.
  forget(pendingFolder(state));
}

/** @param record what was confirmed, or what is left of it by whoever was ended over it */
async function sayKept(context: Context, state: string, record: OwnRecord | PendingRecord | null): Promise<void> {
  const { restores, leaves = record === null, before = null } = (record ?? {}) as Partial<PendingRecord>;
  const after = await accept(context, state, restores === undefined ? 'after' : 'restored');
  const snapshots = { before, after };
  const stays = leaves ? 'nothing of palisade is left' : 'the change stays';
  if (restores === undefined) await noteAfter(context, state, 'confirmed', record, stays, { snapshots });
  else await noteAfter(context, state, 'restored', record, `the host is as snapshot ${restores} has it`, { snapshots });
}

/** The host as it stands is what it is to be. It stays so whether that can be kept or not, whatever is in the way. */
export async function accept(context: Context, state: string, reason: 'after' | 'restored'): Promise<string | null> {
  let why: string;
  try {
    forgetAccepted(state);
    const kept = await keepSnapshot(context, { reason, unlessSame: true });
    if (kept.ok) {
      acceptSnapshot(state, kept.value.id);
      return kept.value.id;
    }
    why = kept.problems.map(({ message }) => message).join('; ');
  } catch (error) {
    why = unwritable(state, error)?.message ?? String(error);
  }
  await noteAfter(context, state, 'failed', null, `no snapshot shows what was confirmed: ${why}`);
  return null;
}

/** A disk without room for one more name keeps what was confirmed all the same. */
function keepInHistory(state: string, files: ReturnType<typeof records>, record: PendingRecord): void {
  try {
    keepPast(files.history, files.confirmed, record);
  } catch (error) {
    if (unwritable(state, error) === null) throw error;
  }
}

/** Brings to its end what an earlier run left halfway; the problem that the caller must say, or `null`. */
export async function settle(context: Context, state: string): Promise<Problem | null> {
  const folder = pendingFolder(state);
  hear(context, state);
  switch (pendingState(folder)) {
    case 'waiting':
    case 'reverting':
      return waits;
    case 'confirmed':
      await keep(context, state);
      return null;
    case 'abandoned': {
      const repaired = await repair(context.kernel.run, folder, { XTABLES_LOCKFILE: lockFileOf(context) });
      hear(context, state);
      return repaired.ok ? repairedNow : (repaired.problems[0] ?? waits);
    }
    default:
      return null;
  }
}

/** As {@link settle}, for those who do not hold the state folder. */
export async function settleAlone(context: Context): Promise<Problem | null> {
  const state = resolve(context.stateFolder);
  const locked = lockState(state);
  if (!locked.ok) return locked.problems[0] ?? waits;
  try {
    return await settle(context, state);
  } catch (error) {
    const problem = unwritable(state, error);
    if (problem === null) throw error;
    return problem;
  } finally {
    locked.value();
  }
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

export const undone: Problem = {
  code: 'change-undone',
  message: 'nobody confirmed the change, and it is undone',
  hint: 'the host is as it was',
};

const waits: Problem = {
  code: 'change-waits',
  message: 'another change waits to be confirmed',
  hint: 'run palisade confirm or palisade rollback first',
};
