import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkpointDigest, keyText, publicKeyOf, readCheckpoint, signCheckpoint } from './checkpoint.ts';
import { beginCheckpoints, makeCheckpoint } from './checkpoints.ts';
import type { Disk } from './dying-disk.fixture.ts';
import { entryOf } from './entry.ts';
import { headFile } from './head.ts';
import { append, journalFile, lossOf, readJournal } from './journal.ts';
import { readSealTexts, type Seal, sealFiles, sealOf } from './seal.ts';

const disk = vi.hoisted((): Disk => ({ left: Number.POSITIVE_INFINITY, fails: 'die', dead: false }));
vi.mock('node:fs', async (original) => (await import('./dying-disk.fixture.ts')).dying(await original(), disk));
const heal = (): void => void Object.assign(disk, { left: Number.POSITIVE_INFINITY, dead: false });

let folder: string;
let state: string;
let key: KeyObject;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'palisade-checkpoints-'));
  state = join(folder, 'state');
  mkdirSync(state);
  note('one', 'two');
  const begun = beginCheckpoints(state);
  if (!begun.ok) throw new Error(begun.problems[0]?.message);
  key = begun.value.key;
});
afterEach(() => {
  heal();
  rmSync(folder, { recursive: true });
});

function note(...texts: readonly string[]): void {
  append(
    state,
    texts.map((text) => entryOf({ at: 1, what: 'changed', text })),
  );
}
const seal = (given: KeyObject | null = key): Seal | null => {
  const texts = readSealTexts(state);
  return sealOf(texts, readJournal(state), given);
};
const isTrue = (one: Seal | null): boolean =>
  one !== null && one.broken === null && ['yes', 'unfinished'].includes(one.continues);
const sealNow = () => makeCheckpoint(state, 5);
const files = () => sealFiles(state);
const checkpoints = (): string[] => readFileSync(files().lines, 'utf8').trimEnd().split('\n');

describe('checkpoints', () => {
  it('each seals the lines that there are, with a key that is gone afterwards', () => {
    expect(seal()).toMatchObject({ sealed: 0, digests: [], at: null, broken: null, continues: 'yes' });
    const keys = [readFileSync(files().key, 'utf8')];
    for (const [number, count] of [
      [1, 2],
      [2, 3],
      [3, 4],
    ] as const) {
      expect(sealNow()).toMatchObject({ ok: true, value: { number, count, isNew: true } });
      expect(sealNow()).toMatchObject({ ok: true, value: { number, count, isNew: false } });
      keys.push(readFileSync(files().key, 'utf8'));
      note(`another ${number}`);
    }
    expect(new Set(keys).size).toBe(4);
    expect(seal()).toMatchObject({ sealed: 4, at: 5, broken: null, continues: 'yes', isKeptHere: false });
    expect(seal(null)).toMatchObject({ sealed: 4, isKeptHere: true });
    expect(seal()?.digests.at(-1)).toBe(checkpointDigest(checkpoints()[2] ?? ''));
    expect(readdirSync(state).toSorted()).toEqual([
      ...['checkpoint.key', 'checkpoints.jsonl', 'checkpoints.pub', 'journal.head', 'journal.jsonl'],
    ]);
    for (const file of [files().key, files().lines]) expect(statSync(file).mode & 0o777).toBe(0o600);
    const again = beginCheckpoints(state);
    expect(again.ok && keyText(again.value.key)).toBe(keyText(key));
    expect(publicKeyOf(`# kept\n${keyText(key)}\n`)?.equals(key)).toBe(true);
  });

  it('who becomes root finds no key for what was sealed before', () => {
    sealNow();
    note('three', 'four');
    sealNow();
    note('five');
    const honest = join(folder, 'honest');
    cpSync(state, honest, { recursive: true });
    const told: Record<string, unknown> = {};
    const intrudes = (how: string, act: () => void): void => {
      cpSync(honest, state, { recursive: true });
      act();
      expect(lossOf(readJournal(state).head) ?? readJournal(state).broken, `${how}: chain and head`).toBeNull();
      const { broken = null, continues = null, sealed = null } = seal() ?? {};
      told[how] = [broken?.why ?? continues, sealed];
    };
    const present = (): KeyObject => createPrivateKey(readFileSync(files().key));
    const rewrite = (line: number): void => {
      const texts = readJournal(state).entries.map(({ text }, index) => (index + 1 === line ? 'nothing' : text));
      rmSync(journalFile(state));
      rmSync(headFile(state));
      note(...texts);
    };
    /** The checkpoints anew for the journal as it stands, by keys of his own from one of them on. */
    const resign = (from: number, first: KeyObject): void => {
      const { digests } = readJournal(state);
      let [by, previous] = [first, '0'.repeat(64)];
      const forged = checkpoints().map((line, index) => {
        const old = readCheckpoint(line);
        if (old === null) throw new Error('no checkpoint');
        const { privateKey, publicKey } = generateKeyPairSync('ed25519');
        const anew = { ...old, last: digests[old.count - 1] ?? '', previous, next: keyText(publicKey) };
        const text = index + 1 < from ? line : signCheckpoint(anew, by);
        [by, previous] = [privateKey, checkpointDigest(text)];
        return `${text}\n`;
      });
      writeFileSync(files().lines, forged.join(''));
      writeFileSync(files().key, by.export({ format: 'pem', type: 'pkcs8' }));
    };
    intrudes('changes what the first sealed', () => rewrite(1));
    intrudes('changes what the second sealed', () => rewrite(4));
    intrudes('signs that anew with the present key', () => {
      rewrite(1);
      resign(1, present());
    });
    intrudes('signs the second anew with the present key', () => {
      rewrite(4);
      resign(2, present());
    });
    intrudes('takes the second away', () => {
      rewrite(4);
      writeFileSync(files().lines, `${checkpoints()[0]}\n`);
    });
    intrudes('and the key', () => {
      writeFileSync(files().lines, `${checkpoints()[0]}\n`);
      rmSync(files().key);
    });
    intrudes('takes all away', () => {
      for (const file of Object.values(files())) rmSync(file, { force: true });
      rewrite(1);
    });
    // And what nobody can find.
    intrudes('changes what came after', () => rewrite(5));
    const sealedLast = 'line 4 of the journal, or one before it, is not the one that it seals';
    expect(told).toEqual({
      'changes what the first sealed': ['line 2 of the journal, or one before it, is not the one that it seals', 0],
      'changes what the second sealed': [sealedLast, 2],
      'signs that anew with the present key': ['it is not signed with the key that was to sign it', 0],
      'signs the second anew with the present key': ['it is not signed with the key that was to sign it', 2],
      'takes the second away': ['other', 2],
      'and the key': ['missing', 2],
      'takes all away': ['missing', 0],
      'changes what came after': ['yes', 4],
    });
    // With a first key of his own he deceives only those who take the one that lies here.
    cpSync(honest, state, { recursive: true });
    const own = generateKeyPairSync('ed25519');
    rewrite(1);
    resign(1, own.privateKey);
    writeFileSync(files().first, keyText(own.publicKey));
    expect(seal(null)).toMatchObject({ broken: null, isKeptHere: true });
    expect(isTrue(seal())).toBe(false);
  });

  it('any byte of them that is another shows', () => {
    for (const text of ['three', 'four']) {
      sealNow();
      note(text);
    }
    const whole = readFileSync(files().lines);
    for (let at = 0; at < whole.length; at += 3) {
      writeFileSync(files().lines, whole.with(at, (whole[at] ?? 0) ^ (1 << (at % 8))));
      expect(isTrue(seal()), `byte ${at}`).toBe(false);
    }
    writeFileSync(files().lines, Buffer.concat([whole, Buffer.from('{"number"')]));
    expect(seal()).toMatchObject({ torn: 9, broken: null, continues: 'yes' });
  });

  it('nothing is sealed that is not as it was written', () => {
    writeFileSync(journalFile(state), readFileSync(journalFile(state), 'utf8').replace('two', 'too'));
    expect(sealNow()).toMatchObject({ ok: false, problems: [{ code: 'journal-broken' }] });
    rmSync(files().lines, { force: true });
    rmSync(files().key);
    expect(sealNow()).toMatchObject({ ok: false });
  });

  it('killed at any step, or with a full disk, it leaves what was or what was to be, and goes on', () => {
    const steps = { die: new Set<number | undefined>(), full: new Set<number | undefined>() };
    sealNow();
    note('three');
    const before = join(folder, 'before');
    cpSync(state, before, { recursive: true });
    for (const fails of ['die', 'full'] as const)
      for (let left = 0, isDone = false; !isDone; left += 1) {
        rmSync(state, { recursive: true });
        cpSync(before, state, { recursive: true });
        Object.assign(disk, { left, fails, dead: false });
        try {
          isDone = sealNow().ok;
        } catch {
          // Killed.
        }
        heal();
        const found = seal();
        expect(isTrue(found), `${fails} after ${left}: ${JSON.stringify(found)}`).toBe(true);
        steps[fails].add(found?.digests.length);
        note('four');
        expect(sealNow()).toMatchObject({ ok: true, value: { count: 4 } });
        expect(seal()).toMatchObject({ sealed: 4, broken: null, continues: 'yes', torn: 0 });
      }
    expect([...steps.die, ...steps.full]).toEqual([1, 2, 1, 2]);
  });

  it('begun halfway, it is begun anew', () => {
    for (let left = 0, isDone = false; !isDone; left += 1) {
      for (const file of Object.values(files())) rmSync(file, { force: true });
      Object.assign(disk, { left, fails: 'die', dead: false });
      try {
        isDone = beginCheckpoints(state).ok;
      } catch {
        // Killed.
      }
      heal();
      const begun = beginCheckpoints(state);
      expect(begun.ok, `after ${left}`).toBe(true);
      if (begun.ok) key = begun.value.key;
      expect(sealNow()).toMatchObject({ ok: true });
      expect(isTrue(seal())).toBe(true);
    }
  });

  it('the journal itself, killed at any step, is as it was or as it was to be, and no loss is told', () => {
    const before = join(folder, 'before');
    cpSync(state, before, { recursive: true });
    const seen = new Set<number>();
    for (let left = 0, isDone = false; !isDone; left += 1) {
      rmSync(state, { recursive: true });
      cpSync(before, state, { recursive: true });
      Object.assign(disk, { left, fails: 'die', dead: false });
      try {
        note('three');
        isDone = true;
      } catch {
        // Killed.
      }
      heal();
      const { entries, broken, head } = readJournal(state);
      expect(broken ?? lossOf(head), `after ${left}`).toBeNull();
      seen.add(entries.length);
      note('four');
      expect(readJournal(state).entries.map(({ what }) => what)).not.toContain('cut');
      expect(readJournal(state)).toMatchObject({ torn: 0, head: { kind: 'fits' } });
    }
    expect(seen).toEqual(new Set([2, 3]));
  });
});
