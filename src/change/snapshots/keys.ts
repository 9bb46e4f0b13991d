import type { KeyObject } from 'node:crypto';
import { linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { failed, ok, type Result } from '../../result.ts';
import { startOf } from '../guard/guard.ts';
import { syncFolder, writeWhole } from '../history/whole-file.ts';
import { damaged, type Unpacked } from './file.ts';
import { isSignedBy, keyName, makeKey, openHalf, openKey, pemOf, type Signature, secretKey, signWith } from './signature.ts';

/** Where a state folder keeps the key that signs its snapshots, and those that it knows. */
const folderOf = (stateFolder: string): string => join(stateFolder, 'keys');
const secretFile = 'snapshot.key';

/** The key by which this host signs; `null` where none was made. A file that holds none is a problem: nothing may pass for unsigned by it. */
function secretOf(stateFolder: string): Result<KeyObject | null> {
  const file = join(folderOf(stateFolder), secretFile);
  const text = readOrNull(file);
  const key = text === null ? null : secretKey(text);
  if (text === null || key !== null) return ok(key);
  const hint = 'put the key back, or move the file away and run palisade backup keygen';
  return failed({ code: 'state-unsafe', at: { file }, message: 'the key that signs snapshots is damaged', hint });
}

/** What signs on this host; `null` where no key was made. */
export function signerOf(stateFolder: string): Result<((digest: Buffer) => Signature) | null> {
  const secret = secretOf(stateFolder);
  return secret.ok ? ok(secret.value && signWith(secret.value)) : secret;
}

export interface KeyMade {
  /** Its name. */
  readonly key: string;
  /** Of its public half. */
  readonly file: string;
  readonly pem: string;
}

/**
 * Makes the key of this host; from then on its snapshots are signed. The file of the key is whole or not there, whatever ends us, since
 * nothing could be kept with half of one; where its public half is lacking, that is all that is made.
 *
 * @returns `null` where there is one already
 * @throws Error of the file system, ENOSPC among them
 */
export function makeSigner(stateFolder: string): Result<KeyMade | null> {
  const folder = folderOf(stateFolder);
  mkdirSync(stateFolder, { recursive: true, mode: 0o700 });
  makeFolder(folder);
  const isNew = putKey(folder);
  const secret = secretOf(stateFolder);
  if (!secret.ok) return secret;
  if (secret.value === null) return ok(null);
  const open = openHalf(secret.value);
  const key = keyName(open);
  const file = join(folder, `${key}.pub`);
  if (!isNew && readOrNull(file) !== null) return ok(null);
  const pem = pemOf(open);
  writeWhole(file, pem);
  return ok({ key, file, pem });
}

/** Whether there was none yet. */
function putKey(folder: string): boolean {
  const half = join(folder, `.${process.pid}-${startOf(process.pid)}.new`);
  try {
    writeFileSync(half, makeKey().secret, { mode: 0o600, flush: true });
    linkSync(half, join(folder, secretFile));
    syncFolder(folder);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(half, { force: true });
  }
}

/** Without those above it, of which Node would say on a disk that may only be read that they are not there. */
function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Public keys that this host knows: its own, whether or not its public half lies there too, and those that somebody put there. */
export function knownKeys(stateFolder: string): Result<readonly KeyObject[]> {
  const secret = secretOf(stateFolder);
  if (!secret.ok) return secret;
  const folder = folderOf(stateFolder);
  const put = namesIn(folder)
    .filter((name) => name.endsWith('.pub'))
    .flatMap((name) => openKey(readOrNull(join(folder, name)) ?? '') ?? []);
  return ok(secret.value === null ? put : [openHalf(secret.value), ...put]);
}

/** Whose signature a snapshot bears. `stranger`: of a key that is not among those given. `wrong`: it was signed as something else. */
export type Signed = { readonly by: 'nobody' } | { readonly by: 'known' | 'stranger' | 'wrong'; readonly key: string };

export function signedBy({ head, signed }: Unpacked, keys: readonly KeyObject[]): Signed {
  const { signature } = head;
  if (signature === null) return { by: 'nobody' };
  const key = keys.find((one) => keyName(one) === signature.key);
  if (key === undefined) return { by: 'stranger', key: signature.key };
  return { by: isSignedBy(key, signed, signature) ? 'known' : 'wrong', key: signature.key };
}

/** What keeps a snapshot from being restored here; `null`: nothing. A host that signs its own takes no others by itself. */
export function distrust(unpacked: Unpacked, path: string, keys: readonly KeyObject[]): ReturnType<typeof damaged> | null {
  const signed = signedBy(unpacked, keys);
  if (signed.by === 'wrong') return damaged(path, `its signature is not the one that key ${signed.key} makes`);
  if (keys.length === 0 || signed.by === 'known') return null;
  const what =
    signed.by === 'nobody'
      ? 'it is not signed, and this host signs its own'
      : `key ${signed.key}, which signed it, is not known here`;
  const hint = 'name the public key with --key FILE, or say --unsigned if you know where it comes from';
  return { ...damaged(path, what), hint };
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function readOrNull(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
