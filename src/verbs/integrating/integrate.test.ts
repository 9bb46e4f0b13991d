import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { defaultSettings } from '../config/index.ts';
import { integrate } from '../integrate.ts';
import type { Context } from '../verb.ts';
import { textDiff } from './diff.ts';

let folder: string;
let objects: string;
let program: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'palisade-integrate-'));
  objects = join(folder, 'conf.d');
  program = join(folder, 'nagios');
  mkdirSync(objects);
  checker(0);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A stand-in for Nagios, which says what it was asked and how many lines it found. The real one is asked in test/integration. */
function checker(exit: number): void {
  writeFileSync(program, `#!/bin/sh\necho "Error: $2 $(cat ${objects}/*.cfg | wc -l)"\nexit ${exit}\n`);
  chmodSync(program, 0o755);
}

async function ask(some: Readonly<Record<string, unknown>>, set: readonly string[] = []) {
  const { createRun } = await import('../../kernel/index.ts');
  const context = {
    clock: { now: () => 1_764_550_000_000 },
    kernel: { run: createRun() },
    progress: () => undefined,
    signal: new AbortController().signal,
    stateFolder: join(folder, 'state'),
    settings: { ...defaultSettings },
    env: {},
  } as unknown as Context;
  const all = [`folder=${objects}`, `program=${program}`, `command-file=${join(folder, 'none')}`, ...set];
  return await integrate.run(context, integrate.input.parse({ name: 'nagios', host: 'web1', set: all, ...some }));
}

const files = () => readdirSync(objects).sort();

test('shows what would be written, and writes it below another folder', async () => {
  const shown = await ask({});
  expect(shown).toMatchObject({ kind: 'found', value: { files: [{ stands: 'new', here: true }, { stands: 'new' }] } });
  expect(files()).toEqual([]);
  const out = join(folder, 'out');
  expect(await ask({ write: out })).toMatchObject({ kind: 'done' });
  const written = join(out, objects, 'palisade-web1.cfg');
  expect(readFileSync(written, 'utf8')).toContain('palisade-drift');
  expect(statSync(written).mode & 0o777).toBe(0o644);
});

test('puts files in place, leaves them where they are as they are to be, and replaces its own', async () => {
  // Nagios does not run here: that it reads them anew is for somebody else.
  const unasked = [{ why: expect.stringContaining('not there'), remedy: expect.stringContaining('systemctl reload') }];
  expect(await ask({ apply: true })).toMatchObject({
    kind: 'unknown',
    value: { says: [expect.stringContaining('takes')], unasked },
  });
  expect(files()).toEqual(['palisade-web1.cfg', 'palisade.cfg']);
  expect(await ask({})).toMatchObject({ kind: 'done', value: { files: [{ stands: 'same' }, { stands: 'same' }] } });
  const again = await ask({ apply: true }, ['modes=drift']);
  expect(again).toMatchObject({ value: { files: [{ stands: 'same' }, { stands: 'older', kept: expect.any(String) }] } });
  const [, replaced] = again.kind === 'unknown' && again.value !== null ? again.value.files : [];
  expect(readFileSync(replaced?.kept ?? '', 'utf8')).toContain('palisade-policy');
  expect(replaced?.diff.filter((line) => line.startsWith('-')).join('\n')).toContain('palisade-policy');
  expect(readFileSync(join(objects, 'palisade-web1.cfg'), 'utf8')).not.toContain('palisade-policy');
});

test('what somebody else has changed stays, and is said; --force replaces it and keeps it', async () => {
  await ask({ apply: true });
  const file = join(objects, 'palisade.cfg');
  writeFileSync(file, 'mine\n');
  expect(await ask({ apply: true })).toMatchObject({ kind: 'unchanged', problems: [{ at: { file } }] });
  expect(readFileSync(file, 'utf8')).toBe('mine\n');
  const forced = await ask({ apply: true, force: true });
  expect(forced).toMatchObject({ value: { files: [{ stands: 'changed', diff: expect.arrayContaining(['-mine']) }, {}] } });
  const [replaced] = forced.kind === 'unknown' && forced.value !== null ? forced.value.files : [];
  expect(readFileSync(replaced?.kept ?? '', 'utf8')).toBe('mine\n');
});

test('where the other side refuses, everything is as it was', async () => {
  writeFileSync(join(objects, 'palisade.cfg'), 'mine\n');
  checker(1);
  const message = expect.stringMatching(/Nagios refuses the configuration: Error: .* \d+/);
  expect(await ask({ apply: true, force: true })).toMatchObject({ kind: 'unchanged', problems: [{ message }] });
  expect(files()).toEqual(['palisade.cfg']);
  expect(readFileSync(join(objects, 'palisade.cfg'), 'utf8')).toBe('mine\n');
  rmSync(objects, { recursive: true });
  expect(await ask({ apply: true })).toMatchObject({
    kind: 'unchanged',
    problems: [{ message: `there is no folder ${objects}` }],
  });
});

test('what makes no sense is refused', async () => {
  const usage = (message: string) => ({ kind: 'invalid', problems: [{ message: expect.stringContaining(message) }] });
  expect(await ask({ name: 'nagois' })).toMatchObject(usage('no integration "nagois"'));
  expect(await ask({ name: 'constructor' })).toMatchObject(usage('no integration'));
  expect(await ask({ write: '/x', test: true })).toMatchObject(usage('--write and --test'));
  expect(await ask({}, ['foldr=x'])).toMatchObject(usage('cannot be told foldr'));
  expect(await ask({}, ['modes=drfit'])).toMatchObject(usage('the modes are'));
  expect(await ask({}, ['every'])).toMatchObject(usage('--set every says nothing'));
  expect(await ask({ test: true })).toMatchObject({
    kind: 'unread',
    problems: [{ message: expect.stringContaining('not there') }],
  });
});

test('differences are those of diff -u', () => {
  const lines = Array.from({ length: 20 }, (_, index) => `line ${index}`);
  expect(textDiff(lines.join('\n'), lines.toSpliced(10, 1, 'other', 'more').join('\n'))).toEqual([
    '@@ -8 +8 @@',
    ' line 7',
    ' line 8',
    ' line 9',
    '-line 10',
    '+other',
    '+more',
    ' line 11',
    ' line 12',
    ' line 13',
  ]);
  expect(textDiff('a', 'a')).toEqual([]);
});
