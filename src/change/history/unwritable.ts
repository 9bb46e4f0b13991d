import type { Problem } from '../../result.ts';

/** What a disk says that takes nothing (errno(3)), in words. */
const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'there is no room in it',
  EDQUOT: 'its quota is used up',
  EROFS: 'it may only be read',
  EIO: 'its disk fails',
  EACCES: 'the right to write there is missing',
  EPERM: 'the right to write there is missing',
};

/** The problem that an error of a state folder is; `null` of an error that is none of a disk's. */
export function unwritable(folder: string, error: unknown): Problem | null {
  const { code, message } = error as NodeJS.ErrnoException;
  // rmSync of Node 24 says it in words alone.
  const why = reasons[code ?? ''] ?? (/: Read-only file system/.test(message) ? reasons['EROFS'] : undefined);
  if (why === undefined) return null;
  return {
    code: 'state-unwritable',
    at: { file: folder },
    message: `the state folder cannot be written: ${why}`,
    hint: 'nothing was changed that is not undone; mend that and run the same again',
  };
}
