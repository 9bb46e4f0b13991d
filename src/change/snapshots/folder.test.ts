import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Result } from '../../result.ts';
import { acceptedId, acceptSnapshot } from './accepted.ts';
import {
  backupsFolder,
  chooseSnapshot,
  listSnapshots,
  nextNumber,
  readSnapshot,
  removeSnapshots,
  type Store,
  writeSnapshot,
} from './folder.ts';
import { distrust, knownKeys, makeSigner, signedBy, signerOf } from './keys.ts';
import { packed } from './made.fixture.ts';

let state: string;
let folder: string;
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'palisade-snapshots-'));
  folder = backupsFolder(state);
});
afterEach(() => rmSync(state, { recursive: true }));

const store = (): Store => {
  const listed = listSnapshots(folder);
  if (!listed.ok) throw new Error(listed.problems[0]?.message);
  return listed.value;
};
const chosen = (named: string): number | string => {
  const found = chooseSnapshot(store(), named);
  return found.ok ? found.value.meta.number : (found.problems[0]?.message ?? '');
};

describe('the folder of snapshots', () => {
  it('keeps each for root alone, the newest first by number whatever the clock said', () => {
    expect(store()).toEqual({ kept: [], strange: [] });
    const at = [5000, 9000, 2000];
    for (const [index, one] of at.entries())
      writeSnapshot(folder, packed({ number: nextNumber(store()), at: one, tag: `t${index}` }));
    expect(store().kept.map(({ meta }) => [meta.number, meta.at])).toEqual([
      [3, 2000],
      [2, 9000],
      [1, 5000],
    ]);
    const [first] = store().kept;
    expect(statSync(first?.path ?? '').mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(first?.bytes).toBe(statSync(first?.path ?? '').size);
    expect(readSnapshot(first?.path ?? '').ok).toBe(true);
    removeSnapshots(folder, [first?.path ?? '', join(folder, 'gone.snapshot')]);
    expect(store().kept.map(({ meta }) => meta.number)).toEqual([2, 1]);
  });

  it('finds one by its ID, its beginning, a tag, the latest, or a time', () => {
    expect(chosen('latest')).toBe('there are no snapshots yet');
    const noon = Date.parse('2026-11-30T12:00:00Z');
    for (const number of [1, 2, 3])
      writeSnapshot(folder, packed({ number, at: noon + number * 60_000, tag: number === 2 ? 'before-upgrade' : null }));
    const { id = '' } = store().kept.find(({ meta }) => meta.number === 1) ?? {};
    expect(chosen(id)).toBe(1);
    expect(chosen(id.slice(0, 8))).toBe(1);
    expect(chosen('before-upgrade')).toBe(2);
    expect(chosen('latest')).toBe(3);
    expect(chosen('2026-11-30T12:01Z')).toBe(1);
    expect(chosen('2026-11-30T12:02:00Z')).toBe(2);
    expect(chosen('2026-11-30Z')).toBe(3);
    expect(chosen('2026-11-30T11:00Z')).toMatch(/^no snapshot is as old/);
    expect(chosen('yesterday')).toBe('no snapshot has the id or the tag yesterday');
    expect(chosen('2026-13-45')).toBe('no snapshot has the id or the tag 2026-13-45');
  });

  it('takes no folder that others could change, and follows no link', () => {
    writeSnapshot(folder, packed());
    const path = store().kept[0]?.path ?? '';
    chmodSync(folder, 0o777);
    expect(listSnapshots(folder)).toMatchObject({
      ok: false,
      problems: [{ message: 'others may write in the folder of the snapshots' }],
    });
    chmodSync(folder, 0o700);
    renameSync(folder, `${folder}-elsewhere`);
    symlinkSync(`${folder}-elsewhere`, folder);
    expect(listSnapshots(folder)).toMatchObject({
      ok: false,
      problems: [{ message: 'the folder of the snapshots is no folder' }],
    });
    rmSync(folder);
    renameSync(`${folder}-elsewhere`, folder);
    renameSync(path, join(state, 'elsewhere'));
    symlinkSync(join(state, 'elsewhere'), path);
    expect(store()).toMatchObject({ kept: [], strange: [{ message: 'it is a link' }] });
    rmSync(path);
    renameSync(join(state, 'elsewhere'), path);
    chmodSync(path, 0o666);
    expect(store()).toMatchObject({
      kept: [],
      strange: [{ message: 'others may write to it', hint: expect.stringContaining('install -m 600') }],
    });
    rmSync(path);
    mkdirSync(path);
    expect(store()).toMatchObject({ kept: [], strange: [{ message: 'it is no file' }] });
    expect(readSnapshot(join(folder, 'none.snapshot'))).toMatchObject({ ok: false, problems: [{ code: 'file-missing' }] });
  });

  it('says which files are none, and leaves them alone', () => {
    const path = writeSnapshot(folder, packed());
    renameSync(path, join(folder, `${'0'.repeat(64)}.snapshot`));
    writeFileSync(join(folder, `${'1'.repeat(64)}.snapshot`), 'x', { mode: 0o600 });
    writeFileSync(join(folder, 'notes.txt'), 'mine');
    expect(store().kept).toEqual([]);
    expect(store().strange.map(({ message }) => message)).toEqual([
      'its name is not the one that it says',
      'it is no snapshot of palisade’s',
    ]);
  });

  it('takes away what somebody left that was killed while it wrote, and nothing of those who still write', () => {
    mkdirSync(folder, { mode: 0o700 });
    writeFileSync(join(folder, '.4194303-1-0123456789abcdef.new'), 'half');
    const stat = statSync('/proc/1');
    expect(stat.isDirectory()).toBe(true);
    writeFileSync(join(folder, '.hidden'), 'not ours');
    writeSnapshot(folder, packed());
    expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual(['.hidden']);
  });

  it('remembers which one was accepted', () => {
    expect(acceptedId(state)).toBe(null);
    acceptSnapshot(state, 'a'.repeat(64));
    acceptSnapshot(state, 'b'.repeat(64));
    expect(acceptedId(state)).toBe('b'.repeat(64));
    writeFileSync(join(state, 'accepted'), 'torn');
    expect(acceptedId(state)).toBe(null);
  });
});

const of = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join());
  return result.value;
};
const signer = (folderOfState: string) => of(signerOf(folderOfState));
const known = (folderOfState: string) => of(knownKeys(folderOfState));

it('a host that signs takes no others by itself', () => {
  const open = (path: string) => {
    const read = readSnapshot(path);
    if (!read.ok) throw new Error('it is whole');
    return read.value;
  };
  const plain = open(writeSnapshot(folder, packed()));
  expect(signer(state)).toBe(null);
  expect(distrust(plain, 'p', known(state))).toBe(null);
  const made = of(makeSigner(state));
  expect(of(makeSigner(state))).toBe(null);
  expect(statSync(join(state, 'keys', 'snapshot.key')).mode & 0o777).toBe(0o600);
  const own = open(writeSnapshot(folder, packed({ number: 2 }, signer(state))));
  expect(signedBy(own, known(state))).toEqual({ by: 'known', key: made?.key });
  expect(distrust(own, 'p', known(state))).toBe(null);
  expect(distrust(plain, 'p', known(state))?.message).toBe('it is not signed, and this host signs its own');
  // Another host's.
  const other = mkdtempSync(join(tmpdir(), 'palisade-other-'));
  makeSigner(other);
  const strange = open(writeSnapshot(folder, packed({ number: 3 }, signer(other))));
  rmSync(other, { recursive: true });
  expect(signedBy(strange, known(state)).by).toBe('stranger');
  expect(distrust(strange, 'p', known(state))?.message).toMatch(/^key [0-9a-f]{16}, which signed it, is not known here$/);
  // The key of ours under what it did not sign.
  const forged = { ...strange, head: { ...strange.head, signature: own.head.signature } };
  expect(signedBy(forged, known(state)).by).toBe('wrong');
});

it('a key is whole or none, and nothing passes for unsigned because some of it is gone', () => {
  const made = of(makeSigner(state));
  expect(readdirSync(join(state, 'keys')).toSorted()).toEqual([`${made?.key}.pub`, 'snapshot.key']);
  rmSync(join(state, 'keys', `${made?.key}.pub`));
  const plain = of(readSnapshot(writeSnapshot(folder, packed())));
  expect(distrust(plain, 'p', known(state))?.message).toBe('it is not signed, and this host signs its own');
  expect(of(makeSigner(state))).toEqual(made);
  expect(of(makeSigner(state))).toBe(null);
  writeFileSync(join(state, 'keys', 'snapshot.key'), '');
  for (const result of [signerOf(state), knownKeys(state)])
    expect(result).toMatchObject({ ok: false, problems: [{ message: 'the key that signs snapshots is damaged' }] });
  expect(makeSigner(state).ok).toBe(false);
});
