import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { failed, ok, type Result } from '../../result.ts';
import { guardOf, isThere, patienceFor, tellUndo } from './guard.ts';

/** What became of a change, as its folder says. `abandoned`: nobody is left who would undo it. */
export type PendingState = 'none' | 'waiting' | 'confirmed' | 'reverting' | 'reverted' | 'abandoned';

/** Where a state folder keeps the change that waits. */
export function pendingFolder(stateFolder: string): string {
  return join(stateFolder, 'pending');
}

export function pendingState(folder: string): PendingState {
  if (!isThere(join(folder, 'armed'))) return 'none';
  if (isThere(join(folder, 'reverted'))) return 'reverted';
  if (isThere(join(folder, 'disarmed'))) return 'confirmed';
  if (guardOf(folder) === null) {
    // It may have come to its end between these looks.
    for (const [mark, state] of [
      ['reverted', 'reverted'],
      ['disarmed', 'confirmed'],
    ] as const)
      if (isThere(join(folder, mark))) return state;
    return isThere(join(folder, 'armed')) ? 'abandoned' : 'none';
  }
  return isThere(join(folder, 'reverting')) ? 'reverting' : 'waiting';
}

const patience = { ms: 5000, stepMs: 20 };

/**
 * Tells the guard that the change stays, and waits until it says that it has heard. Where it does not, what it was told is taken back, so
 * that it never does later what the user was told it had not.
 */
export async function disarm(folder: string, patienceMs = patience.ms): Promise<Result<void>> {
  rename(folder, 'confirm', 'confirmed');
  for (const until = performance.now() + patienceMs; performance.now() < until; await sleep(patience.stepMs)) {
    const state = pendingState(folder);
    if (state === 'confirmed') return ok(undefined);
    if (state === 'reverting' || state === 'reverted')
      return failed({ code: 'confirm-late', message: 'it was too late: the change is undone', hint: 'run palisade apply again' });
    if (state === 'abandoned') break;
  }
  // Only one of us gets it: if it is gone, the guard has heard after all.
  if (!rename(folder, 'confirmed', 'confirm') && pendingState(folder) === 'confirmed') return ok(undefined);
  return failed({
    code: 'confirm-late',
    message: 'what would undo the change does not answer, and it is not confirmed',
    hint: `see whether it runs (pgrep -f ${join(folder, 'guard.sh')}), and try again`,
  });
}

/** Whether it was there. */
function rename(folder: string, from: string, to: string): boolean {
  try {
    renameSync(join(folder, from), join(folder, to));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/** Has a change undone now, and waits until it is. */
export async function revertPending(folder: string): Promise<Result<void>> {
  tellUndo(folder);
  for (const until = performance.now() + patienceFor(folder).revertMs; performance.now() < until; await sleep(patience.stepMs)) {
    const state = pendingState(folder);
    if (state === 'reverted') return ok(undefined);
    if (state === 'abandoned') break;
    if (state === 'confirmed' || state === 'none')
      return failed({
        code: 'confirm-late',
        message: 'somebody confirmed the change first',
        hint: 'run palisade rollback once more',
      });
  }
  return failed({
    code: 'restore-refused',
    message: 'the change is not undone yet',
    hint: `it is tried again every second; see ${join(folder, 'errors')}`,
  });
}

/** Takes a folder or file away, all of it at one moment to whoever looks. */
export function forget(path: string): void {
  try {
    renameSync(path, `${path}.gone`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  rmSync(`${path}.gone`, { recursive: true, force: true });
}
