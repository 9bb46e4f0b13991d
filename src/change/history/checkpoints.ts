import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { failed, ok, type Problem, type Result } from '../../result.ts';
import { checkpointDigest, keyText, noCheckpoint, signCheckpoint } from './checkpoint.ts';
import { lossOf, readJournal } from './journal.ts';
import { readSealTexts, type Seal, sealFiles, sealOf } from './seal.ts';
import { moveWhole, syncFolder, writeWhole } from './whole-file.ts';

/**
 * Makes the key that the first checkpoint will be signed with, and keeps its public half beside it; where that was done before, says
 * which it was. Only for whoever holds the state folder.
 *
 * @throws Error of the file system, ENOSPC among them
 */
export function beginCheckpoints(stateFolder: string): Result<{ readonly key: KeyObject; readonly isNew: boolean }> {
  const files = sealFiles(stateFolder);
  const seal = sealOf(readSealTexts(stateFolder), readJournal(stateFolder), null);
  const isBegun = seal !== null && (seal.digests.length > 0 || seal.broken !== null || seal.continues !== 'missing');
  if (!isBegun) {
    // In this order: a public key alone has sealed nothing, and is written anew.
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    writeWhole(files.first, `${keyText(publicKey)}\n`);
    writeWhole(files.key, pem(privateKey));
    return ok({ key: publicKey, isNew: true });
  }
  const refusal = refusalOf(seal);
  if (refusal !== null || seal.key === null) return failed(refusal ?? notBegun);
  return ok({ key: seal.key, isNew: false });
}

export interface Sealed {
  readonly number: number;
  /** Lines of the journal. */
  readonly count: number;
  /** SHA-256 of the checkpoint's line. */
  readonly digest: string;
  /** Nothing was added to the journal since the last one, and none was made. */
  readonly isNew: boolean;
}

/**
 * Seals the journal up to its last line, with a key of which nothing is left when this returns. Whenever it ends halfway, the next one
 * finds either what was or what was to be. Only for whoever holds the state folder.
 *
 * @throws Error of the file system, ENOSPC among them
 */
export function makeCheckpoint(stateFolder: string, now: number): Result<Sealed> {
  const files = sealFiles(stateFolder);
  const journal = readJournal(stateFolder);
  const loss = lossOf(journal.head);
  if (journal.broken !== null || loss !== null) return failed(brokenJournal(loss ?? `line ${journal.broken?.line}`));
  const seal = sealOf(readSealTexts(stateFolder), journal, null);
  const refusal = seal === null ? notBegun : refusalOf(seal);
  if (seal === null || refusal !== null) return failed(refusal ?? notBegun);
  if (seal.continues === 'unfinished') retire(files.key, files.next);
  const { digests } = seal;
  const [number, previous, count] = [digests.length + 1, digests.at(-1) ?? noCheckpoint, journal.digests.length];
  if (journal.last === null || count === seal.sealed)
    return ok({ number: digests.length, count, digest: previous, isNew: false });
  const key = createPrivateKey(readFileSync(files.key));
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  rmSync(files.next, { force: true });
  writeFileSync(files.next, pem(privateKey), { mode: 0o600, flush: true });
  syncFolder(stateFolder);
  const line = signCheckpoint({ number, at: now, count, last: journal.last, previous, next: keyText(publicKey) }, key);
  appendLine(files.lines, line, seal.torn);
  syncFolder(stateFolder);
  retire(files.key, files.next);
  return ok({ number, count, digest: checkpointDigest(line), isNew: true });
}

/** The old key is written over where it stands before it loses its name: most disks then keep nothing of it. */
function retire(key: string, next: string): void {
  if (existsSync(key)) {
    const file = openSync(key, 'r+');
    try {
      const { size } = fstatSync(file);
      writeSync(file, Buffer.alloc(size, 10), 0, size, 0);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }
  moveWhole(next, key);
}

/** What a crash left of a last line goes. */
function appendLine(path: string, line: string, torn: number): void {
  const file = openSync(path, 'a', 0o600);
  try {
    const whole = fstatSync(file).size - torn;
    if (torn > 0) ftruncateSync(file, whole);
    try {
      writeFileSync(file, `${line}\n`);
      fsyncSync(file);
    } catch (error) {
      ftruncateSync(file, whole);
      throw error;
    }
  } finally {
    closeSync(file);
  }
}

function pem(key: KeyObject): string {
  return String(key.export({ format: 'pem', type: 'pkcs8' }));
}

const beginAnew =
  'find out why; to begin anew, move journal.jsonl, journal.head and what is called checkpoint in the state folder elsewhere, and run palisade journal keygen';

const notBegun: Problem = {
  code: 'nothing-waits',
  message: 'there is no key to seal the journal with',
  hint: 'run palisade journal keygen, and keep the public key that it prints on another machine',
};

function brokenJournal(what: string): Problem {
  return {
    code: 'journal-broken',
    message: `the journal is not as it was written (${what}), and is not sealed so`,
    hint: `see palisade journal verify, and ${beginAnew}`,
  };
}

function refusalOf(seal: Seal): Problem | null {
  const { broken, continues } = seal;
  if (broken === null && (continues === 'yes' || continues === 'unfinished')) return null;
  const why =
    broken !== null
      ? `checkpoint ${broken.number}: ${broken.why}`
      : continues === 'missing'
        ? 'the private key of the next one is gone'
        : 'the private key here is not the one of the next';
  return {
    code: 'journal-broken',
    message: `the checkpoints cannot be continued: ${why}`,
    hint: beginAnew,
  };
}
