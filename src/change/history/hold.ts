import { readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { machineStart, startOf } from '../guard/guard.ts';
import { unwritable } from './unwritable.ts';

/** Which of these files this very process holds: one that it could not take away again is not held. */
const held = new Set<string>();

/** Takes a file for this process alone, until what is answered is called, or it ends however it ends; `null`: another one that lives has it. */
export function hold(file: string): (() => void) | null {
  for (let tries = 3; tries > 0; tries -= 1) {
    try {
      // A link that leads nowhere is whole from its first moment, and takes no room on a full disk.
      symlinkSync(ourselves(), file);
      held.add(file);
      return () => {
        if (held.delete(file)) release(file);
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      if (isHeld(file)) break;
      clear(file);
    }
  }
  return null;
}

/** The process that holds a file; `null`: none that lives. */
export function holderOf(file: string): number | null {
  return heldBy(file) === 'somebody' ? pidIn(file) : null;
}

function pidIn(file: string): number | null {
  try {
    return Number(readlinkSync(file).split(' ')[0]);
  } catch (error) {
    // It has ended meanwhile.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
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
