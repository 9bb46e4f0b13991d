import { resolve } from 'node:path';
import {
  disarm,
  dropSets,
  forget,
  keepForBoot,
  leaveBoot,
  lockState,
  pendingFolder,
  pendingState,
  readRecord,
  refreshBoot,
  repair,
  writeForBoot,
  writeRecord,
} from '../../change/index.ts';
import { failed, ok, type Problem, type Result } from '../../result.ts';
import type { Context } from '../verb.ts';
import { hear, noteAfter } from './noting.ts';
import { type PendingRecord, records } from './records.ts';

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
    if (!pending.leaves) writeForBoot(state, pending);
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
    await noteAfter(context, state, 'confirmed', next, next.leaves ? 'nothing of palisade is left' : 'the change stays');
    if (next.leaves) await leaveBoot(context.kernel.run, state);
    else {
      keepForBoot(state, next);
      refreshBoot(state);
    }
    await dropSets(context.kernel.run, next.unused);
    if (next.leaves) for (const file of [files.confirmed, files.previous, files.feeds, files.origin]) forget(file);
  }
  // Last of all: whoever waits looks for it.
  forget(files.next);
  forget(files.pending);
  forget(pendingFolder(state));
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
      const repaired = await repair(context.kernel.run, folder);
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
