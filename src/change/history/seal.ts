import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkpointDigest, isSignedBy, keyText, noCheckpoint, publicKeyOf, readCheckpoint } from './checkpoint.ts';
import { type Checked, linesOf } from './journal.ts';

/** What checkpoints say of a journal. */
export interface Seal {
  /** By which the first was to be signed; `null` where it is not known. */
  readonly key: KeyObject | null;
  /** The key was not given, but is the one that lies beside them: whoever wrote them anew could have written it too. */
  readonly isKeptHere: boolean;
  /** SHA-256 of the line of each that is as it was signed, and fits the journal. */
  readonly digests: readonly string[];
  /** So many lines of the journal, from its first, are as they were at the last of them. */
  readonly sealed: number;
  /** Epoch milliseconds of the last of them. */
  readonly at: number | null;
  /** The first that is not as it was signed, or does not fit the journal. */
  readonly broken: { readonly number: number; readonly why: string } | null;
  /** Bytes of a last line that a crash tore. */
  readonly torn: number;
  readonly continues: Continues;
}

/**
 * Whether the private key that lies beside them is the one that the next is to be signed with. `unfinished`: it is, under the name that it
 * had while the last was made. `other`, `missing`: checkpoints at the end are gone, or the key is; none can follow.
 */
export type Continues = 'yes' | 'unfinished' | 'other' | 'missing';

/** What there is of checkpoints in a state folder: lines, private keys, and the public key of the first. */
export const sealFiles = (stateFolder: string) => ({
  lines: join(stateFolder, 'checkpoints.jsonl'),
  key: join(stateFolder, 'checkpoint.key'),
  next: join(stateFolder, 'checkpoint.key.next'),
  first: join(stateFolder, 'checkpoints.pub'),
});

/** What lies there at one moment, though checkpoints may be made meanwhile. The journal is to be read afterwards: it only grows. */
export interface SealTexts {
  readonly lines: Buffer;
  /** Of {@link sealFiles}, `key` and `next`; `null` of one that is not there. */
  readonly keys: readonly (Buffer | null)[];
  readonly first: string | null;
}

export function readSealTexts(stateFolder: string): SealTexts {
  const files = sealFiles(stateFolder);
  for (let tries = 5; ; tries -= 1) {
    const lines = bytesOf(files.lines);
    const keys = [files.key, files.next].map(bytesOf);
    const first = bytesOf(files.first)?.toString() ?? null;
    const now = bytesOf(files.lines);
    if (tries === 0 || (lines === null ? now === null : now?.equals(lines) === true))
      return { lines: lines ?? Buffer.alloc(0), keys, first };
  }
}

/**
 * @param given the public key of the first, from where it is kept
 * @returns `null` where nobody has begun, and no key was given that would say otherwise
 */
export function sealOf(texts: SealTexts, journal: Checked, given: KeyObject | null): Seal | null {
  const { lines, torn } = linesOf(texts.lines);
  const keys = texts.keys.map(privateKeyIn);
  const key = given ?? publicKeyOf(texts.first ?? '');
  const hasNoKey = keys.every((one) => one === null);
  if (key === null && lines.length + torn === 0 && hasNoKey) return null;
  const read = key === null ? lackOfKey(lines.length) : follow(lines.map(String), key, journal);
  const place = keys.findIndex((one) => one !== null && one !== 'garbled' && keyText(one) === read.next);
  return {
    key,
    isKeptHere: given === null,
    digests: read.digests,
    // A journal that does not follow from its first line is not what the last line was made from.
    sealed: journal.broken !== null && journal.broken.line <= read.sealed ? 0 : read.sealed,
    at: read.at,
    broken: read.broken,
    torn,
    continues: place === 0 ? 'yes' : place === 1 ? 'unfinished' : hasNoKey ? 'missing' : 'other',
  };
}

interface Followed extends Pick<Seal, 'digests' | 'sealed' | 'at' | 'broken'> {
  /** The public key of the one that is to follow. */
  readonly next: string | null;
}

function lackOfKey(lines: number): Followed {
  const broken = lines === 0 ? null : { number: 1, why: 'the public key of the first is not here; name it with --key' };
  return { digests: [], sealed: 0, at: null, broken, next: null };
}

function follow(lines: readonly string[], first: KeyObject, journal: Checked): Followed {
  let [next, sealed, at] = [keyText(first), 0, null as number | null];
  const digests: string[] = [];
  for (const [index, line] of lines.entries()) {
    const checkpoint = readCheckpoint(line);
    const key = publicKeyOf(next);
    const why =
      checkpoint === null || key === null
        ? 'it is no checkpoint'
        : checkpoint.number !== index + 1 || checkpoint.previous !== (digests.at(-1) ?? noCheckpoint)
          ? 'the checkpoint before it is another'
          : isSignedBy(checkpoint, key)
            ? misfit(checkpoint.count, checkpoint.last, sealed, journal.digests)
            : 'it is not signed with the key that was to sign it';
    if (checkpoint === null || why !== null)
      return { digests, sealed, at, broken: { number: index + 1, why: why ?? '' }, next: null };
    digests.push(checkpointDigest(line));
    [next, sealed, at] = [checkpoint.next, checkpoint.count, checkpoint.at];
  }
  return { digests, sealed, at, broken: null, next };
}

function misfit(count: number, last: string, before: number, digests: readonly string[]): string | null {
  if (count < before) return 'it seals fewer lines than the one before';
  if (count > digests.length) return `it seals ${count} lines of the journal, which has ${digests.length}`;
  return digests[count - 1] === last ? null : `line ${count} of the journal, or one before it, is not the one that it seals`;
}

function privateKeyIn(bytes: Buffer | null): KeyObject | 'garbled' | null {
  if (bytes === null) return null;
  try {
    const key = createPrivateKey(bytes);
    return key.asymmetricKeyType === 'ed25519' ? key : 'garbled';
  } catch {
    return 'garbled';
  }
}

function bytesOf(file: string): Buffer | null {
  try {
    return readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
