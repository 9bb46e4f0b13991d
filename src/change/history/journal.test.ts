import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Entry, entryOf } from './entry.ts';
import { headFile } from './head.ts';
import { append, journalFile, lossOf, readJournal } from './journal.ts';
import { takeWords } from './words.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'palisade-journal-'));
  file = journalFile(folder);
});
afterEach(() => rmSync(folder, { recursive: true }));

const by = { uid: 0, sudoUid: 1000, loginUid: null, peer: null };
const entry = (text: string): Entry => entryOf({ at: 1, what: 'changed', by, tables: ['4 filter'], text });
const texts = (): readonly string[] => readJournal(folder).entries.map(({ text }) => text);
const lines = (): string[] => readFileSync(file, 'utf8').split('\n');
/** What is wrong with it as it stands; `null` if nothing is. */
const wrong = (): string | null => {
  const { broken, head, torn } = readJournal(folder);
  return broken?.why ?? lossOf(head) ?? (torn > 0 ? 'torn' : null);
};

describe('the journal', () => {
  it('keeps what is added, each line chained to the one before, for root alone', () => {
    append(folder, [entry('one'), entry('zwö\nlf')]);
    append(folder, [entry('x'.repeat(200_000))]);
    append(folder, [entry('last')]);
    expect(texts().map((text) => text.slice(0, 8))).toEqual(['one', 'zwö\nlf', 'xxxxxxxx', 'last']);
    expect(readJournal(folder)).toMatchObject({
      broken: null,
      torn: 0,
      last: expect.stringMatching(/^[0-9a-f]{64}$/),
      head: { kind: 'fits', count: 4 },
    });
    for (const one of [file, headFile(folder)]) expect(statSync(one).mode & 0o777).toBe(0o600);
  });

  it('shows which line was changed, taken out or put in', () => {
    append(folder, [entry('one'), entry('two'), entry('three')]);
    const [one, two, three] = lines();
    const broken = (...changed: readonly (string | undefined)[]) => {
      writeFileSync(file, changed.join('\n'));
      return readJournal(folder).broken?.line;
    };
    expect(broken(one, two, three, '')).toBeUndefined();
    expect(broken(one?.replace('one', 'oñe'), two, three, '')).toBe(2);
    expect(broken(one, three, '')).toBe(2);
    expect(broken(two, three, '')).toBe(1);
    expect(broken(one, one, two, three, '')).toBe(2);
    expect(broken(one, '{', three, '')).toBe(2);
  });

  it('says who was seen, and which snapshots there are; what older palisades wrote has neither', () => {
    const actor = { pid: 7, program: '/usr/sbin/nft', command: null, uid: null, loginUid: 1000, parents: ['sh', 'sshd'] };
    const snapshots = { before: 'a', after: null };
    append(folder, [{ ...entry('drift'), what: 'drift', actor, snapshots }]);
    expect(readJournal(folder).entries).toMatchObject([{ what: 'drift', actor, snapshots }]);
    for (const strange of [{ actor: { ...actor, pid: 'x' } }, { snapshots: {} }, { actor: 'root' }]) {
      writeFileSync(file, `${JSON.stringify({ ...entry(''), ...strange, previous: '0'.repeat(64) })}\n`);
      expect(readJournal(folder).broken).toEqual({ line: 1, why: 'it is no entry' });
    }
    const { actor: _, snapshots: __, ...old } = entry('old');
    writeFileSync(file, `${JSON.stringify({ ...old, previous: '0'.repeat(64) })}\n`);
    expect(readJournal(folder).entries).toMatchObject([{ text: 'old', actor: null, snapshots: null }]);
  });

  it('any line and any byte of it that is changed, taken out, put in, moved or cut off shows', () => {
    append(folder, [entry('one'), entry('zwei \ufffd'), entry('three'), entry('four')]);
    const whole = readFileSync(file);
    const written = lines().slice(0, -1);
    const found = (bytes: string | Uint8Array): void => {
      writeFileSync(file, bytes);
      expect(wrong(), String(bytes)).not.toBeNull();
    };
    expect(wrong()).toBeNull();
    for (let at = 0; at < whole.length; at += 1) {
      found(whole.with(at, (whole[at] ?? 0) ^ (1 << (at % 8))));
      if (at % 7 > 0) continue;
      found(whole.subarray(0, at));
      found(Buffer.concat([whole.subarray(0, at), whole.subarray(at + 1)]));
      found(Buffer.concat([whole.subarray(0, at), Buffer.from(' '), whole.subarray(at)]));
    }
    for (const [index, line] of written.entries()) {
      found(`${written.toSpliced(index, 1).join('\n')}\n`);
      for (const other of written.keys())
        if (other !== index)
          found(
            `${written
              .with(index, written[other] ?? '')
              .with(other, line)
              .join('\n')}\n`,
          );
    }
    // A character for which all that is no UTF-8 is read.
    found(Buffer.from(whole.toString('latin1').replace('\xef\xbf\xbd', '\xff'), 'latin1'));
  });

  it('torn by a crash at any byte of its last line, it is mended by the next entry, and the chain holds', () => {
    append(folder, [entry('one')]);
    const head = readFileSync(headFile(folder));
    append(folder, [entry('two')]);
    const { size } = statSync(file);
    const whole = readFileSync(file);
    const second = whole.indexOf(10) + 1;
    for (let cut = second + 1; cut < size; cut += 7) {
      writeFileSync(file, whole);
      writeFileSync(headFile(folder), head);
      truncateSync(file, cut);
      expect(readJournal(folder)).toMatchObject({ broken: null, torn: cut - second, head: { kind: 'fits' } });
      append(folder, [entry('three')]);
      expect(readJournal(folder)).toMatchObject({ broken: null, torn: 0, head: { kind: 'fits', count: 3 } });
      expect(texts()).toEqual(['one', `the last line was torn: ${cut - second} bytes of it are gone`, 'three']);
    }
    rmSync(headFile(folder));
    writeFileSync(file, '{"at"');
    append(folder, [entry('one')]);
    expect(texts()).toEqual(['the last line was torn: 5 bytes of it are gone', 'one']);
  });

  it('what was cut off is said, also by the next entry, which hides nothing', () => {
    append(folder, [entry('one'), entry('two'), entry('three')]);
    const whole = lines();
    const last = readJournal(folder).last;
    const tries = [
      [() => writeFileSync(file, `${whole[0]}\n`), '2 lines at the end are gone', `; there were 3, the last of them ${last}`],
      [() => writeFileSync(file, `${whole[0]}\n${whole[1]}\n{`), 'the line at the end is gone', '; there were 3'],
      [() => rmSync(file), '3 lines at the end are gone', '; there were 3'],
      [() => writeFileSync(file, `${whole[0]}\n${whole[1]}\n${whole[1]}\n`), 'line 3 was the last once, and is another now', ''],
      [() => rmSync(headFile(folder)), 'the head is missing, so that nobody can tell whether lines at the end are gone', ''],
      [
        () => writeFileSync(headFile(folder), '3'),
        'the head is damaged, so that nobody can tell whether lines at the end are gone',
        '',
      ],
    ] as const;
    const head = readFileSync(headFile(folder));
    for (const [act, says, more] of tries) {
      writeFileSync(file, whole.join('\n'));
      writeFileSync(headFile(folder), head);
      act();
      expect(lossOf(readJournal(folder).head)).toBe(says);
      append(folder, [entry('next')]);
      const { entries, broken, head: now } = readJournal(folder);
      if (broken === null) expect(entries.find(({ what }) => what === 'cut')?.text).toContain(says + more);
      expect(lossOf(now)).toBeNull();
    }
  });

  it('an older palisade wrote no head, and nothing is missing; a crash leaves one of before', () => {
    const { actor: _, snapshots: __, ...old } = entry('old');
    writeFileSync(file, `${JSON.stringify({ ...old, previous: '0'.repeat(64) })}\n`);
    expect(readJournal(folder).head).toEqual({ kind: 'none' });
    append(folder, [entry('new')]);
    expect(readJournal(folder)).toMatchObject({ head: { kind: 'fits', count: 2 }, entries: [{ text: 'old' }, { text: 'new' }] });
    copyFileSync(headFile(folder), join(folder, 'before'));
    append(folder, [entry('newer'), entry('newest')]);
    copyFileSync(join(folder, 'before'), headFile(folder));
    expect(readJournal(folder).head).toEqual({ kind: 'fits', count: 2 });
    append(folder, [entry('last')]);
    expect(readJournal(folder).head).toEqual({ kind: 'fits', count: 5 });
    expect(texts()).toEqual(['old', 'new', 'newer', 'newest', 'last']);
  });

  it('what is noted is noted, though no head can be written', () => {
    append(folder, [entry('one')]);
    // Nobody can give a folder's name to a file: as good as a disk that is full by now.
    mkdirSync(`${headFile(folder)}.new`);
    append(folder, [entry('two')]);
    expect(readJournal(folder)).toMatchObject({ broken: null, head: { kind: 'fits', count: 1 } });
    expect(texts()).toEqual(['one', 'two']);
  });

  it('takes over what scripts left to be said, each word once, also where it died over them', () => {
    const words = join(folder, 'words');
    writeFileSync(words, '100 guard the change is undone\nnonsense\n200 boot the confirmed firewall is restored\n');
    takeWords(folder);
    expect(readJournal(folder).entries).toMatchObject([
      { at: 100_000, what: 'undone', text: 'the change is undone' },
      { at: 200_000, what: 'boot' },
    ]);
    // Appended, and not yet taken away.
    writeFileSync(`${words}.taken`, '200 boot the confirmed firewall is restored\n300 boot again\n');
    appendFileSync(words, '400 boot and again\n');
    takeWords(folder);
    takeWords(folder);
    expect(texts().slice(2)).toEqual(['again', 'and again']);
  });
});
