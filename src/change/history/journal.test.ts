import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { append, type Entry, journalFile, readJournal } from './journal.ts';
import { takeWords } from './words.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'palisade-journal-'));
  file = journalFile(folder);
});
afterEach(() => rmSync(folder, { recursive: true }));

const entry = (text: string): Entry => ({
  at: 1,
  what: 'changed',
  by: { uid: 0, sudoUid: 1000, loginUid: null, peer: null },
  policy: null,
  tables: ['4 filter'],
  sets: [],
  text,
});
const texts = (): readonly string[] => readJournal(folder).entries.map(({ text }) => text);

describe('the journal', () => {
  it('keeps what is added, each line chained to the one before, for root alone', () => {
    append(folder, [entry('one'), entry('zwö\nlf')]);
    append(folder, [entry('x'.repeat(200_000))]);
    append(folder, [entry('last')]);
    expect(texts().map((text) => text.slice(0, 8))).toEqual(['one', 'zwö\nlf', 'xxxxxxxx', 'last']);
    expect(readJournal(folder)).toMatchObject({ broken: null, torn: 0, last: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('shows which line was changed, taken out or put in', () => {
    append(folder, [entry('one'), entry('two'), entry('three')]);
    const lines = readFileSync(file, 'utf8').split('\n');
    const broken = (...changed: readonly (string | undefined)[]) => {
      writeFileSync(file, changed.join('\n'));
      return readJournal(folder).broken?.line;
    };
    expect(broken(...lines)).toBeUndefined();
    expect(broken(lines[0]?.replace('one', 'oñe'), lines[1], lines[2], '')).toBe(2);
    expect(broken(lines[0], lines[2], '')).toBe(2);
    expect(broken(lines[1], lines[2], '')).toBe(1);
    expect(broken(lines[0], lines[0], lines[1], lines[2], '')).toBe(2);
    expect(broken(lines[0], '{', lines[2], '')).toBe(2);
  });

  it('torn by a crash at any byte of its last line, it is mended by the next entry, and the chain holds', () => {
    append(folder, [entry('one'), entry('two')]);
    const { size } = statSync(file);
    const whole = readFileSync(file);
    const second = whole.indexOf(10) + 1;
    for (let cut = second + 1; cut < size; cut += 7) {
      writeFileSync(file, whole);
      truncateSync(file, cut);
      expect(readJournal(folder)).toMatchObject({ broken: null, torn: cut - second });
      append(folder, [entry('three')]);
      expect(readJournal(folder)).toMatchObject({ broken: null, torn: 0 });
      expect(texts()).toEqual(['one', `the last line was torn: ${cut - second} bytes of it are gone`, 'three']);
    }
    writeFileSync(file, '{"at"');
    append(folder, [entry('one')]);
    expect(texts()).toEqual(['the last line was torn: 5 bytes of it are gone', 'one']);
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
