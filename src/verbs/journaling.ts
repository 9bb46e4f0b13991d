import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  beginCheckpoints,
  type Checked,
  fingerprintOf,
  journalFile,
  keyText,
  lockState,
  lossOf,
  makeCheckpoint,
  publicKeyOf,
  readJournal,
  readSealTexts,
  type Seal,
  sealOf,
  takeWords,
  takeWordsAlone,
  unwritable,
} from '../change/index.ts';
import { failed, ok, type Result } from '../result.ts';
import type { JournalPartJson } from './journal-shape.ts';
import type { Context, Outcome } from './verb.ts';

type Verified = Extract<JournalPartJson, { kind: 'verified' }>;

interface Asked {
  readonly what: 'show' | 'verify' | 'checkpoint' | 'keygen';
  readonly last?: number | undefined;
  readonly key?: string | undefined;
  readonly has?: string | undefined;
}

/** Lists the entries, or says whether they are as they were written. */
export async function read(context: Context, asked: Asked): Promise<Outcome<null>> {
  const key = asked.key === undefined ? ok(null) : keyIn(asked.key);
  if (!key.ok) return { kind: 'invalid', problems: key.problems };
  const state = context.stateFolder;
  let journal: Checked;
  let seal: Seal | null;
  try {
    takeWordsAlone(state);
    const texts = readSealTexts(state);
    journal = readJournal(state);
    seal = sealOf(texts, journal, key.value);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!['EACCES', 'ENOTDIR', 'EISDIR'].includes(code)) throw error;
    const message = `${journalFile(state)} could not be read (${code})`;
    return {
      kind: 'unread',
      problems: [{ code: 'unread', message, hint: 'run palisade as root, or name the folder with --state' }],
    };
  }
  const { entries, broken } = journal;
  const isLost = broken !== null || lossOf(journal.head) !== null;
  if (asked.what === 'show') {
    for (const entry of entries.slice(-(asked.last ?? entries.length)))
      await context.part({ ...entry, kind: 'entry', at: entry.at / 1000 });
    if (isLost) await context.part(verified(journal, seal, null));
    return { kind: isLost ? 'found' : 'done', value: null };
  }
  const has = asked.has === undefined ? null : [...journal.digests, ...(seal?.digests ?? [])].includes(asked.has);
  const said = verified(journal, seal, has);
  await context.part(said);
  const isForged = seal !== null && (seal.broken !== null || seal.continues === 'other' || seal.continues === 'missing');
  return { kind: isLost || said.cuts.length > 0 || isForged || has === false ? 'found' : 'done', value: null };
}

function verified({ entries, digests, last, broken, head, torn }: Checked, seal: Seal | null, has: boolean | null): Verified {
  const cuts = entries.flatMap(({ what }, index) => (what === 'cut' ? [index + 1] : []));
  return {
    kind: 'verified',
    entries: entries.length,
    last,
    broken,
    loss: lossOf(head),
    newer: head.kind === 'fits' ? digests.length - head.count : 0,
    cuts,
    torn,
    has,
    seal: seal === null ? null : sealSaid(seal),
  };
}

function sealSaid({ key, isKeptHere, digests, sealed, at, broken, continues, torn }: Seal): NonNullable<Verified['seal']> {
  return {
    key: key === null ? null : keyText(key),
    fingerprint: key === null ? null : fingerprintOf(key),
    keptHere: isKeptHere,
    checkpoints: digests.length,
    latest: digests.at(-1) ?? null,
    at: at === null ? null : at / 1000,
    sealed,
    broken,
    continues,
    torn,
  };
}

function keyIn(text: string): Result<KeyObject> {
  const own = text.startsWith('ed25519:') ? text : readKeyFile(text);
  const key = own === null ? null : publicKeyOf(own);
  if (key !== null) return ok(key);
  return failed({
    code: 'file-missing',
    at: { file: text },
    message: own === null ? 'the key cannot be read' : 'there is no public key in it',
    hint: 'give what palisade journal keygen printed, ed25519: and 44 characters, or a file that holds it',
  });
}

function readKeyFile(path: string): string | null {
  try {
    return readFileSync(resolve(path), 'latin1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return null;
  }
}

/** Makes the key of the first checkpoint. */
export async function begin(context: Context): Promise<Outcome<null>> {
  const begun = beginSealing(context);
  if (!begun.ok) return { kind: 'unchanged', problems: begun.problems };
  await context.part({ kind: 'key', ...begun.value });
  return { kind: 'done', value: null };
}

/** The public key of the first checkpoint, whether it was made now or before, as people keep it. */
export function beginSealing(context: Context): Result<Omit<Extract<JournalPartJson, { kind: 'key' }>, 'kind'>> {
  const begun = alone(context, beginCheckpoints);
  if (!begun.ok) return begun;
  const { key, isNew } = begun.value;
  return ok({ key: keyText(key), fingerprint: fingerprintOf(key), isNew });
}

/** Seals the journal as it stands. */
export async function seal(context: Context): Promise<Outcome<null>> {
  const sealed = sealJournal(context);
  if (!sealed.ok) return { kind: 'unchanged', problems: sealed.problems };
  await context.part({ kind: 'checkpoint', ...sealed.value });
  return { kind: 'done', value: null };
}

/** As {@link makeCheckpoint}, with what others left to be noted, for those who do not hold the state folder. */
export function sealJournal(context: Context): ReturnType<typeof makeCheckpoint> {
  return alone(context, (state) => {
    takeWords(state);
    return makeCheckpoint(state, context.clock.now());
  });
}

function alone<T>(context: Context, act: (state: string) => Result<T>): Result<T> {
  const state = resolve(context.stateFolder);
  const locked = lockState(state);
  if (!locked.ok) return locked;
  try {
    return act(state);
  } catch (error) {
    const problem = unwritable(state, error);
    if (problem === null) throw error;
    return failed(problem);
  } finally {
    locked.value();
  }
}
