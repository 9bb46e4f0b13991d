import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Writes a file of the machine's whole, with its folder. */
export function writeWhole(file: string, text: string, mode: number): void {
  const folder = dirname(file);
  // Of a disk that may only be read, a recursive one says that it is not there.
  if (existsSync(dirname(folder)) && !existsSync(folder)) mkdirSync(folder);
  mkdirSync(folder, { recursive: true });
  try {
    writeFileSync(`${file}.new`, text, { flush: true });
    chmodSync(`${file}.new`, mode);
  } catch (error) {
    rmSync(`${file}.new`, { force: true });
    throw error;
  }
  renameSync(`${file}.new`, file);
}

/** `null` where there is none, or none for us. */
export function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (['ENOENT', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
}
