import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Run } from '../../../kernel/index.ts';
import { failed, type Result } from '../../../result.ts';
import type { Copied, Copying } from './copying.ts';
import type { Destination } from './destination.ts';
import { copyToFolder } from './folder.ts';
import { copyBySftp } from './sftp.ts';

/** Slower ones are broken: 20 KB/s, beside a minute for all that is not the file. */
const slowestBytesPerMs = 20;

/**
 * Puts a snapshot elsewhere under a name of its own, reads it back, compares every byte, and only then gives it the name that it is to have:
 * what bears a snapshot's name is one. Whatever comes of it, the one here stays.
 *
 * @param id of the snapshot, as {@link Packed}
 */
export async function copyTo(
  run: Run,
  destination: Destination,
  file: string,
  id: string,
  signal?: AbortSignal,
): Promise<Result<Copied>> {
  const bytes = await readFile(file);
  const digest = createHash('sha256').update(bytes).digest('hex');
  const timeoutMs = 60_000 + Math.ceil(bytes.length / slowestBytesPerMs);
  const copying: Copying = { file, name: `${id}.snapshot`, digest, timeoutMs, signal };
  const copied =
    destination.kind === 'folder'
      ? await copyToFolder(run, destination.path, copying)
      : await copyBySftp(run, destination, copying);
  return typeof copied === 'object' && 'code' in copied ? failed(copied) : { ok: true, value: copied };
}
