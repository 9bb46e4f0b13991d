import { randomBytes } from 'node:crypto';
import { chmod, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { failed, ok, type Result } from '../../result.ts';

/**
 * Writes a file that others read again and again: whole or not at all, and for all to read. Until it is whole its name ends in what no collector takes
 * (node_exporter reads `*.prom`).
 */
export async function writeTextfile(file: string, text: string | Uint8Array): Promise<Result<null>> {
  const path = resolve(file);
  const beside = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`);
  try {
    await writeFile(beside, text, { mode: 0o644, flag: 'wx' });
    await chmod(beside, 0o644);
    await rename(beside, path);
    return ok(null);
  } catch (error) {
    await rm(beside, { force: true }).catch(() => undefined);
    const { code, message } = error as NodeJS.ErrnoException;
    if (typeof code !== 'string') throw error;
    return failed({ code: 'output-failed', at: { file: path }, message, hint: 'name a file in a folder that can be written' });
  }
}
