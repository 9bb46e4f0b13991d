import { createHash } from 'node:crypto';
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { failed, ok, type Problem, type Result } from '../../result.ts';
import { textDiff } from './diff.ts';
import type { IntegrationFile } from './integration.ts';

/** How a file stands beside what is there. */
export interface Standing {
  readonly file: IntegrationFile;
  readonly path: string;
  /** `changed`: it is not as palisade wrote it last, so that somebody else has a hand in it. */
  readonly stands: 'new' | 'same' | 'older' | 'changed' | 'unreadable';
  readonly before: string | null;
  readonly diff: readonly string[];
}

/** What palisade wrote, by path, as SHA-256. */
export type Written = Readonly<Record<string, string>>;

export const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

/** @param path where it stands or is to stand */
export function standing(file: IntegrationFile, path: string, written: Written): Standing {
  let before: string;
  try {
    before = readFileSync(path, 'utf8');
  } catch (error) {
    const isNew = ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
    return { file, path, stands: isNew ? 'new' : 'unreadable', before: null, diff: isNew ? textDiff('', file.text) : [] };
  }
  const stands = before === file.text ? 'same' : written[path] === digest(before) ? 'older' : 'changed';
  return { file, path, stands, before, diff: textDiff(before, file.text) };
}

/** Where the digests of what was written stand. A record that cannot be read knows of nothing: then every file is somebody else's. */
export function writtenBefore(stateFolder: string, name: string): Written {
  try {
    const record: unknown = JSON.parse(readFileSync(recordOf(stateFolder, name), 'utf8'));
    return typeof record === 'object' && record !== null ? (record as Written) : {};
  } catch {
    return {};
  }
}

export function rememberWritten(stateFolder: string, name: string, all: readonly Standing[]): void {
  const record = {
    ...writtenBefore(stateFolder, name),
    ...Object.fromEntries(all.map(({ path, file }) => [path, digest(file.text)])),
  };
  const place = recordOf(stateFolder, name);
  mkdirSync(dirname(place), { recursive: true, mode: 0o700 });
  put(place, `${JSON.stringify(record)}\n`, 0o600);
}

const recordOf = (stateFolder: string, name: string): string => join(stateFolder, 'integrations', `${name}.json`);

/** Keeps what stands there, where no wildcard of a configuration finds it: below the state folder. Says where. */
export function keep(stateFolder: string, { path, before }: Standing, stamp: string): string | null {
  if (before === null) return null;
  const place = join(stateFolder, 'integrations', 'before', stamp, path);
  mkdirSync(dirname(place), { recursive: true, mode: 0o700 });
  put(place, before, 0o600);
  return place;
}

/** Puts all of them in place, or none. The function that is returned puts back what was there. */
export function place(all: readonly Standing[]): Result<() => void> {
  const done: Standing[] = [];
  const undo = (): void => {
    for (const { path, before, file } of done.toReversed()) {
      if (before === null) rmSync(path, { force: true });
      else put(path, before, file.mode);
    }
  };
  for (const one of all) {
    try {
      put(one.path, one.file.text, one.file.mode);
      done.push(one);
    } catch (error) {
      undo();
      return failed(unwritten(one.path, error as NodeJS.ErrnoException));
    }
  }
  return ok(undo);
}

export function unwritten(file: string, { code, message }: NodeJS.ErrnoException): Problem {
  const folder = dirname(file);
  const isElsewhere = code === 'ENOENT' || code === 'ENOTDIR';
  return {
    code: 'output-failed',
    at: { file },
    message: isElsewhere ? `there is no folder ${folder}` : `it could not be written (${code ?? message})`,
    hint: isElsewhere ? 'install the other side first, or say with --set where it is' : 'run it as root, or use --write DIR',
  };
}

/**
 * Whole or not at all. Who owned the file goes on owning it: other programs write their own too. A link is replaced and not followed.
 *
 * @throws Error of the file system
 */
export function put(path: string, text: string, mode: number): void {
  const draft = join(dirname(path), `.${basename(path)}.palisade-new`);
  const owner = existsSync(path) ? lstatSync(path) : null;
  try {
    rmSync(draft, { force: true });
    writeFileSync(draft, text, { mode, flag: 'wx', flush: true });
    // What the umask took away.
    chmodSync(draft, mode);
    if (owner !== null && process.geteuid?.() === 0) chownSync(draft, owner.uid, owner.gid);
    renameSync(draft, path);
  } finally {
    rmSync(draft, { force: true });
  }
}
