import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Writes a file whole or not at all: another name, then the right one, both on the disk when this returns. What was there stays where
 * the disk takes nothing. Its folder must be there.
 *
 * @throws Error of the file system, ENOSPC among them
 */
export function writeWhole(file: string, text: string): void {
  try {
    writeFileSync(`${file}.new`, text, { mode: 0o600, flush: true });
  } catch (error) {
    rmSync(`${file}.new`, { force: true });
    throw error;
  }
  moveWhole(`${file}.new`, file);
}

/** Gives a file another name, for good: a full disk allows it. */
export function moveWhole(from: string, to: string): void {
  renameSync(from, to);
  syncFolder(dirname(to));
}

/** Names that were made, changed or taken away in it outlive a loss of power. */
export function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
