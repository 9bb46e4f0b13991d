import { closeSync, lstatSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { failed, ok, type Result } from '../../result.ts';
import { machineStart, startOf } from '../guard/guard.ts';

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
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, 'changing');
  for (let tries = 3; tries > 0; tries -= 1) {
    try {
      const open = openSync(file, 'wx', 0o600);
      try {
        writeSync(open, `${process.pid} ${startOf(process.pid)} ${machineStart()}\n`);
      } catch (error) {
        // A full disk takes the name and not the text: it must not shut everybody out once there is room.
        rmSync(file, { force: true });
        throw error;
      } finally {
        closeSync(open);
      }
      let isOurs = true;
      return ok(() => {
        if (isOurs) rmSync(file, { force: true });
        isOurs = false;
      });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      if (isHeld(file)) break;
      // Who held it has died.
      rmSync(file, { force: true });
    }
  }
  return failed({
    code: 'change-waits',
    message: 'another palisade is changing the firewall at this moment',
    hint: 'try again when it is done',
  });
}

/** Whoever could write there could become root by what it holds. */
function strangeness(folder: string): string | null {
  try {
    const { uid, mode } = lstatSync(folder);
    if ((mode & 0o170000) !== 0o040000) return 'the state folder is no folder';
    if (uid !== process.geteuid?.()) return 'the state folder belongs to somebody else';
    return (mode & 0o022) === 0 ? null : 'others may write in the state folder';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Between making the file and filling it a process needs microseconds. */
const unfilledMs = 10_000;

function isHeld(file: string): boolean {
  try {
    const [pid = '', began = '', start = machineStart()] = readFileSync(file, 'latin1').trim().split(' ');
    // Written a moment ago, and not yet filled; or by one that lost its power, or its life, before it could.
    if (pid === '') return Date.now() - lstatSync(file).mtimeMs < unfilledMs;
    return startOf(Number(pid)) === began && start === machineStart();
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}
