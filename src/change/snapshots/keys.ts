import type { KeyObject } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { damaged, type Unpacked } from './file.ts';
import { isSignedBy, keyName, makeKey, openKey, type Signature, secretKey, signWith } from './signature.ts';

/** Where a state folder keeps the key that signs its snapshots, and those that it knows. */
const folderOf = (stateFolder: string): string => join(stateFolder, 'keys');
const secretFile = 'snapshot.key';

/** What signs on this host; `null` where no key was made. @throws Error of a key that cannot be read */
export function signerOf(stateFolder: string): ((digest: Buffer) => Signature) | null {
  const file = join(folderOf(stateFolder), secretFile);
  const text = readOrNull(file);
  if (text === null) return null;
  const key = secretKey(text);
  if (key === null) throw new Error(`${file} holds no Ed25519 key`);
  return signWith(key);
}

/**
 * Makes the key of this host; from then on its snapshots are signed.
 *
 * @returns its name and the file of its public half; `null` where there is one already
 */
export function makeSigner(stateFolder: string): { readonly key: string; readonly file: string; readonly pem: string } | null {
  const folder = folderOf(stateFolder);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const made = makeKey();
  const open = openKey(made.open);
  if (open === null) throw new Error('a key that was just made is none');
  const key = keyName(open);
  const file = join(folder, `${key}.pub`);
  try {
    writeFileSync(join(folder, secretFile), made.secret, { mode: 0o600, flag: 'wx', flush: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return null;
    throw error;
  }
  writeFileSync(file, made.open, { mode: 0o644, flush: true });
  return { key, file, pem: made.open };
}

/** Public keys that this host knows. */
export function knownKeys(stateFolder: string): readonly KeyObject[] {
  const folder = folderOf(stateFolder);
  return namesIn(folder)
    .filter((name) => name.endsWith('.pub'))
    .flatMap((name) => openKey(readOrNull(join(folder, name)) ?? '') ?? []);
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
