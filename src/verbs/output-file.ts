import { randomBytes } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open, readlink, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { failed, ok, type Result } from '../result.ts';

/**
 * Writes a document where somebody asked for it: whole or not at all, and for its owner alone, since it tells what is weak. Pipes and
 * character devices are written to as they are. What another user put in the way is not followed: we may be root, and the name known.
 */
export async function writeOutput(file: string, text: string | Uint8Array, flag = '--output'): Promise<Result<null>> {
  const refused = (message: string): Result<never> =>
    failed({ code: 'output-failed', at: { file }, message, hint: `name a file that can be written with ${flag}` });
  try {
    const place = await placeOf(file);
    if (typeof place === 'string') return refused(place);
    const { path, there } = place;
    if (there === null || there.isFile()) await replace(path, text);
    else if (there.isFIFO() || there.isCharacterDevice()) await pour(path, text);
    else return refused(there.isDirectory() ? 'it is a folder' : 'it is neither a file nor a pipe');
    return ok(null);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return refused(said.get(code) ?? code);
  }
}

const said = new Map([
  ['ENOENT', 'there is no such folder'],
  ['EACCES', 'it may not be written'],
  ['EPERM', 'it may not be written'],
  ['EISDIR', 'it is a folder'],
  ['ENOSPC', 'there is no room for it'],
]);

interface Place {
  readonly path: string;
  /** `null`: nothing is there. */
  readonly there: Stats | null;
}

const mostLinks = 40;

/** Where a name leads by our own and root's links, such as /dev/stdout; or why it is not gone after. */
async function placeOf(file: string): Promise<Place | string> {
  let path = resolve(file);
  for (let links = 0; links < mostLinks; links += 1) {
    const there = await orNull(lstat(path));
    if (there !== null && !isOurs(there) && there.isSymbolicLink()) return 'it is a link that another user made';
    if (there !== null && !isOurs(there) && there.isFIFO()) return 'it is a pipe that another user made';
    if (there === null || !there.isSymbolicLink()) return { path, there };
    const target = resolve(dirname(path), await readlink(path));
    // Those of /proc name open pipes, which no path leads to.
    if ((await orNull(lstat(target))) === null) return { path, there: await orNull(stat(path)) };
    path = target;
  }
  return 'its links lead nowhere';
}

function isOurs({ uid }: Stats): boolean {
  return uid === 0 || uid === process.geteuid?.();
}

async function orNull(asked: Promise<Stats>): Promise<Stats | null> {
  try {
    return await asked;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

async function replace(path: string, text: string | Uint8Array): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(8).toString('hex')}.tmp`);
  const file = await open(temporary, 'wx', 0o600);
  try {
    await writeAll(file, text);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function writeAll(file: FileHandle, text: string | Uint8Array): Promise<void> {
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Nothing is made or emptied here, and a file that it has become meanwhile stays as it is. */
async function pour(path: string, text: string | Uint8Array): Promise<void> {
  const file = await open(path, constants.O_WRONLY);
  try {
    if ((await file.stat()).isFile()) throw Object.assign(new Error('no pipe any more'), { code: 'EPERM' });
    await file.writeFile(text);
  } finally {
    await file.close();
  }
}
