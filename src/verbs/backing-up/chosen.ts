import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  backupsFolder,
  chooseSnapshot,
  type Kept,
  knownKeys,
  listSnapshots,
  openKey,
  readSnapshot,
  type Unpacked,
} from '../../change/snapshots/index.ts';
import { failed, ok, type Result } from '../../result.ts';
import type { Context } from '../verb.ts';

export interface Chosen extends Unpacked {
  readonly path: string;
}

/** Where a snapshot lies that somebody names: by a path, by its ID or the beginning of it, by a tag, a time, or as `latest`. */
export function pathOf(context: Context, named: string): Result<string> {
  if (named.includes('/') || (named.endsWith('.snapshot') && existsSync(named))) return ok(resolve(named));
  const store = listSnapshots(backupsFolder(context.stateFolder));
  if (!store.ok) return store;
  const chosen = chooseSnapshot(store.value, named);
  return chosen.ok ? ok(chosen.value.path) : chosen;
}

/** Reads all of it, each byte as it was written. */
export function chosenSnapshot(context: Context, named: string): Result<Chosen> {
  const path = pathOf(context, named);
  if (!path.ok) return path;
  const read = readSnapshot(path.value);
  return read.ok ? ok({ ...read.value, path: path.value }) : read;
}

/** What a list would say of it. */
export function asKept({ head, path }: Chosen, bytes: number): Kept {
  return { ...head, path, bytes };
}

/** Public keys that count: that of a file alone, or all that this host knows. */
export function trustedKeys(context: Context, file: string | undefined): ReturnType<typeof knownKeys> {
  if (file === undefined) return knownKeys(context.stateFolder);
  try {
    const key = openKey(readFileSync(file, 'utf8'));
    if (key !== null) return ok([key]);
    return failed({
      code: 'usage',
      at: { file },
      message: 'it holds no Ed25519 public key',
      hint: 'name the file that palisade backup keygen wrote',
    });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return failed({
      code: 'file-missing',
      at: { file },
      message: `it cannot be read (${code})`,
      hint: 'name a file that can be read',
    });
  }
}
