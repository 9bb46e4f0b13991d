import { rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { failed, ok, type Result } from '../result.ts';

/**
 * Writes a document where somebody asked for it: whole or not at all, and for its owner alone, since it tells what is weak. What
 * is no plain file, such as a pipe, is written to as it is.
 */
export async function writeOutput(file: string, text: string): Promise<Result<null>> {
  const temporary = join(dirname(file), `.${basename(file)}.${process.pid}.tmp`);
  try {
    const there = await stat(file).catch(() => null);
    if (there !== null && !there.isFile()) {
      await writeFile(file, text);
      return ok(null);
    }
    await writeFile(temporary, text, { mode: 0o600, flush: true });
    await rename(temporary, file);
    return ok(null);
  } catch (error) {
    await rm(temporary, { force: true });
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const why =
      code === 'ENOENT'
        ? 'there is no such folder'
        : code === 'EACCES' || code === 'EPERM'
          ? 'it may not be written'
          : code === 'EISDIR'
            ? 'it is a folder'
            : code === 'ENOSPC'
              ? 'there is no room for it'
              : code;
    return failed({ code: 'output-failed', at: { file }, message: why, hint: 'name a file that can be written with --output' });
  }
}
