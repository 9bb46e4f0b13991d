import { createHash } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Validators } from './request.ts';

/** A list as it was last fetched and found good. */
export interface Kept extends Validators {
  readonly body: string;
  /** Epoch milliseconds: when the server last said this, or that it is still this. */
  readonly asOf: number;
}

export function feedsFolder(stateFolder: string): string {
  return join(stateFolder, 'feeds');
}

/** Where the list of an address is kept: a name that no address can choose. */
export function placeOf(stateFolder: string, url: string): string {
  return join(feedsFolder(stateFolder), createHash('sha256').update(url).digest('hex').slice(0, 32));
}

/** `null`: there is none that can be believed. What others could write says who may pass. */
export function readKept(stateFolder: string, url: string): Kept | null {
  const file = placeOf(stateFolder, url);
  try {
    if (![stateFolder, feedsFolder(stateFolder), file].every(isOurs)) return null;
    const text = readFileSync(file, 'latin1');
    const { mtimeMs } = lstatSync(file);
    const end = text.indexOf('\n');
    const head = JSON.parse(text.slice(0, end)) as Partial<Head>;
    const body = text.slice(end + 1);
    if (head.url !== url || head.digest !== digestOf(body)) return null;
    return { body, etag: head.etag ?? null, lastModified: head.lastModified ?? null, asOf: Math.round(mtimeMs) };
  } catch (error) {
    // Torn, or not there.
    if (error instanceof SyntaxError || typeof (error as NodeJS.ErrnoException).code === 'string') return null;
    throw error;
  }
}

interface Head extends Validators {
  readonly url: string;
  readonly digest: string;
}

/** Whole or not at all, for its owner alone. False where nothing can be kept: the list counts for this once. */
export function keep(stateFolder: string, url: string, { body, etag, lastModified, asOf }: Kept): boolean {
  const file = placeOf(stateFolder, url);
  const head: Head = { url, digest: digestOf(body), etag, lastModified };
  const fresh = `${file}.${process.pid}.new`;
  try {
    mkdirSync(feedsFolder(stateFolder), { recursive: true, mode: 0o700 });
    writeFileSync(fresh, `${JSON.stringify(head)}\n${body}`, { encoding: 'latin1', mode: 0o600, flush: true });
    utimesSync(fresh, asOf / 1000, asOf / 1000);
    renameSync(fresh, file);
    const folder = openSync(feedsFolder(stateFolder), 'r');
    fsyncSync(folder);
    closeSync(folder);
    return true;
  } catch (error) {
    if (typeof (error as NodeJS.ErrnoException).code !== 'string') throw error;
    return false;
  }
}

/** The server says that it is still this. */
export function touch(stateFolder: string, url: string, now: number): void {
  try {
    utimesSync(placeOf(stateFolder, url), now / 1000, now / 1000);
  } catch (error) {
    // Whoever may not write here asks again next time.
    if (typeof (error as NodeJS.ErrnoException).code !== 'string') throw error;
  }
}

function digestOf(body: string): string {
  return createHash('sha256').update(body, 'latin1').digest('hex');
}

/** Nobody but us and root may write it. */
function isOurs(path: string): boolean {
  const { uid, mode } = lstatSync(path);
  return (uid === 0 || uid === process.geteuid?.()) && (mode & 0o022) === 0 && (mode & 0o170000) !== 0o120000;
}
