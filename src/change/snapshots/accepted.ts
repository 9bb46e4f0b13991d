import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Which snapshot shows the host as somebody last wanted it: what is other now has drifted from it. */
const fileOf = (stateFolder: string): string => join(stateFolder, 'accepted');

/** Its ID; `null` where nobody has said yet. */
export function acceptedId(stateFolder: string): string | null {
  try {
    const id = readFileSync(fileOf(stateFolder), 'latin1').trim();
    return /^[0-9a-f]{64}$/.test(id) ? id : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** @throws Error of the file system, ENOSPC among them: then the last one counts */
export function acceptSnapshot(stateFolder: string, id: string): void {
  const file = fileOf(stateFolder);
  mkdirSync(stateFolder, { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, `${id}\n`, { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
  const folder = openSync(dirname(file), 'r');
  fsyncSync(folder);
  closeSync(folder);
}

/** Nobody has said any more: that is so while what was confirmed last is not known yet. @throws Error of the file system */
export function forgetAccepted(stateFolder: string): void {
  rmSync(fileOf(stateFolder), { force: true });
}
