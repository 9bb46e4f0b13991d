import { lstatSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { failed, ok, type Result } from '../../result.ts';
import { hold } from './hold.ts';
import { unwritable } from './unwritable.ts';

/**
 * The state folder, for one change alone: it must be ours, and nobody else may be at work in it. The value gives it back.
 */
export function lockState(folder: string): Result<() => void> {
  return inState(folder, () => {
    const release = hold(join(folder, 'changing'));
    if (release !== null) return ok(release);
    return failed({
      code: 'change-waits',
      message: 'another palisade is changing the firewall at this moment',
      hint: 'try again when it is done',
    });
  });
}

/** Does something in the state folder, which is made where there is none; it must be ours. */
export function inState<T>(folder: string, act: () => Result<T>): Result<T> {
  const strange = strangeness(folder);
  if (strange !== null)
    return failed({
      code: 'state-unsafe',
      at: { file: folder },
      message: strange,
      hint: 'name another folder with --state, or mend this one',
    });
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return act();
  } catch (error) {
    const problem = unwritable(folder, error);
    if (problem !== null) return failed(problem);
    // What Node says where folders on the way to it cannot be made either.
    if (!['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    const message = 'the state folder cannot be made';
    return failed({
      code: 'state-unwritable',
      at: { file: folder },
      message,
      hint: 'name another folder with --state, or see why its place takes none',
    });
  }
}

/** Whoever could write there could become root by what it holds. `what` names the folder. */
export function strangeness(folder: string, what = 'the state folder'): string | null {
  try {
    const { uid, mode } = lstatSync(folder);
    if ((mode & 0o170000) !== 0o040000) return `${what} is no folder`;
    if (uid !== process.geteuid?.()) return `${what} belongs to somebody else`;
    return (mode & 0o022) === 0 ? null : `others may write in ${what}`;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
