import { lstat, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { failed, ok, type Result } from '../../result.ts';
import { writeOutput } from '../output-file.ts';

export async function isThere(file: string): Promise<boolean> {
  if (file === '-') return false;
  try {
    await lstat(file);
    return true;
  } catch (error) {
    // What else is wrong with the place is said when it is written to.
    if (typeof (error as NodeJS.ErrnoException).code === 'string') return false;
    throw error;
  }
}

/** Whole or not at all; the folder is made where it is missing. */
export async function writePolicy(file: string, text: string): Promise<Result<null>> {
  if (file === '-') return ok(null);
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o755 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const message = `its folder cannot be made (${code})`;
    return failed({ code: 'output-failed', at: { file }, message, hint: 'name a file that can be written with --policy' });
  }
  return await writeOutput(file, text, '--policy');
}
