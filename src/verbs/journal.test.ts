import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { append, entryOf } from '../change/index.ts';
import { journal } from './journal.ts';
import type { JournalPartJson } from './journal-shape.ts';
import type { Context } from './verb.ts';

const folder = mkdtempSync(join(tmpdir(), 'palisade-journal-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function ask(what: string, more: object = {}): Promise<readonly [kind: string, ...JournalPartJson[]]> {
  const parts: JournalPartJson[] = [];
  const context = {
    clock: { now: () => 1000 },
    stateFolder: folder,
    part: async (part: unknown) => void parts.push(journal.output.parse(part)),
  } as unknown as Context;
  const ended = await journal.run(context, journal.input.parse({ what, ...more }));
  return [ended.kind, ...parts];
}
const add = (text: string): void => append(folder, [entryOf({ at: 1, what: 'saved', text })]);

test('what it says of a journal is what there is, and of a past that somebody else wrote', async () => {
  expect(await ask('checkpoint')).toEqual(['unchanged']);
  expect(await ask('verify')).toMatchObject(['done', { entries: 0, last: null, seal: null, has: null }]);
  add('one');
  const [, made] = await ask('keygen');
  const key = made?.kind === 'key' ? made.key : '';
  expect(await ask('keygen')).toMatchObject(['done', { kind: 'key', key, isNew: false }]);
  add('two');
  const [, sealed] = await ask('checkpoint');
  expect(sealed).toMatchObject({ number: 1, count: 2, isNew: true });
  add('three');
  expect(await ask('show', { last: 1 })).toMatchObject(['done', { kind: 'entry', what: 'saved', text: 'three' }]);
  const file = join(folder, 'key.txt');
  writeFileSync(file, `palisade ${key}\n`);
  for (const given of [{}, { key }, { key: file }])
    expect(await ask('verify', given)).toMatchObject([
      'done',
      { entries: 3, broken: null, loss: null, cuts: [], newer: 0, seal: { key, sealed: 2, checkpoints: 1, continues: 'yes' } },
    ]);
  expect(await ask('verify', { key: '/nowhere' })).toEqual(['invalid']);
  const digest = sealed?.kind === 'checkpoint' ? sealed.digest : '';
  expect(await ask('verify', { has: digest })).toMatchObject(['done', { has: true }]);
  expect(await ask('verify', { has: '0'.repeat(64) })).toMatchObject(['found', { has: false }]);

  const lines = join(folder, 'journal.jsonl');
  copyFileSync(lines, join(folder, 'whole'));
  writeFileSync(lines, readFileSync(lines, 'latin1').split('\n').slice(0, 2).concat('').join('\n'));
  const loss = 'the line at the end is gone';
  expect(await ask('verify')).toMatchObject(['found', { loss }]);
  expect(await ask('show')).toMatchObject(['found', { text: 'one' }, { text: 'two' }, { kind: 'verified', loss }]);
  expect(await ask('checkpoint')).toEqual(['unchanged']);
  add('four');
  expect(await ask('verify')).toMatchObject(['found', { loss: null, cuts: [3] }]);
  expect((await ask('show'))[0]).toBe('done');

  writeFileSync(join(folder, 'checkpoints.jsonl'), '');
  expect(await ask('verify', { key })).toMatchObject(['found', { seal: { sealed: 0, continues: 'other' } }]);
});
