import { lstatSync, mkdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { failed, ok, type Result } from '../../result.ts';
import { machineStart, startOf } from '../guard/guard.ts';
import { unwritable } from './unwritable.ts';

/**
 * The state folder, for one change alone: it must be ours, and nobody else may be at work in it. The value gives it back.
 */
export function lockState(folder: string): Result<() => void> {
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
    return taken(join(folder, 'changing'));
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

/** Which of these folders this very process is at work in: a lock that it could not take away again is not one. */
const held = new Set<string>();

function taken(file: string): Result<() => void> {
  for (let tries = 3; tries > 0; tries -= 1) {
    try {
      // A link that leads nowhere is whole from its first moment, and takes no room on a full disk.
      symlinkSync(ourselves(), file);
      held.add(file);
      return ok(() => {
        if (held.delete(file)) release(file);
      });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      if (isHeld(file)) break;
      clear(file);
    }
  }
  return failed({
    code: 'change-waits',
    message: 'another palisade is changing the firewall at this moment',
    hint: 'try again when it is done',
  });
}

function ourselves(): string {
  return `${process.pid} ${startOf(process.pid)} ${machineStart()}`;
}

/**
 * Takes away what one left who has died. One at a time, who looks again: of two who have both seen it, the slower would take away what the
 * faster has put there since, and both would be at work.
 */
function clear(file: string): void {
  const clearing = `${file}.clearing`;
  try {
    symlinkSync(ourselves(), clearing);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    if (!isHeld(clearing)) rmSync(clearing, { force: true });
    return;
  }
  try {
    if (isLeft(file)) rmSync(file, { force: true });
  } finally {
    rmSync(clearing, { force: true });
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

function isHeld(file: string): boolean {
  return heldBy(file) === 'somebody';
}

/** There is a lock, of one who has died: nobody else takes that away but who clears it. */
function isLeft(file: string): boolean {
  return heldBy(file) === 'left';
}

function heldBy(file: string): 'somebody' | 'left' | 'nobody' {
  let words: string[];
  try {
    words = readlinkSync(file).split(' ');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return 'nobody';
    // A file, as an older palisade made.
    if (code === 'EINVAL') return 'left';
    throw error;
  }
  const [pid = '', began = '', start = machineStart()] = words;
  try {
    const isThere = startOf(Number(pid)) === began && start === machineStart();
    return isThere && (Number(pid) !== process.pid || held.has(file)) ? 'somebody' : 'left';
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return 'left';
    throw error;
  }
}

function release(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch (error) {
    // On a disk that may only be read by now it says who held it; he does no longer.
    if (unwritable(file, error) === null) throw error;
  }
}
