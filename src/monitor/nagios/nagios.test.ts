import { execFileSync } from 'node:child_process';
import { constants } from 'node:fs';
import { mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { commandLine, hostObjects, objectName, writeToPipe, writeToSpool } from './index.ts';

const folder = await mkdtemp(join(tmpdir(), 'palisade-pipe-'));
const pipe = join(folder, 'nagios.cmd');
execFileSync('mkfifo', [pipe]);
afterAll(() => rm(folder, { recursive: true, force: true }));

const text = { first: 'PALISADE OK - well', more: ['one', 'two'], perfdata: ['a=1', `${'b'.repeat(300)}=2`] };
const result = { host: 'fw1', service: 'palisade-drift', exit: 0, text };

test('a result is one line of a command', () => {
  expect(commandLine(result, 1_764_550_000.7)).toBe(
    `[1764550000] PROCESS_SERVICE_CHECK_RESULT;fw1;palisade-drift;0;PALISADE OK - well | a=1\\none\\ntwo | ${'b'.repeat(300)}=2\n`,
  );
});

test('a pipe without a reader, that is missing or none, or full, is said and never waited for', async () => {
  const line = commandLine(result, 1);
  expect(await writeToPipe(pipe, [line])).toMatchObject({ ok: false, why: `${pipe}: nobody reads it` });
  expect(await writeToPipe(join(folder, 'none'), [line])).toMatchObject({ ok: false, why: expect.stringContaining('not there') });
  await writeFile(join(folder, 'file'), 'kept');
  expect(await writeToPipe(join(folder, 'file'), [line])).toMatchObject({ ok: false, why: expect.stringContaining('no pipe') });
  expect(await readFile(join(folder, 'file'), 'utf8')).toBe('kept');
  await using reader = await open(pipe, constants.O_RDWR | constants.O_NONBLOCK);
  expect(await writeToPipe(pipe, [line, line])).toEqual({ ok: true });
  const read = await reader.read(Buffer.alloc(10_000), 0, 10_000);
  expect(read.buffer.toString('utf8', 0, read.bytesRead)).toBe(line + line);
  expect(await writeToPipe(pipe, Array(400).fill(line))).toMatchObject({
    ok: false,
    why: expect.stringContaining('does not read'),
  });
  // What stands in it are whole lines.
  let all = '';
  for (;;) {
    const piece = await reader.read(Buffer.alloc(65_536), 0, 65_536).catch(() => null);
    if (piece === null || piece.bytesRead === 0) break;
    all += piece.buffer.toString('utf8', 0, piece.bytesRead);
    if (all.length % line.length === 0 && piece.bytesRead < 65_536) break;
  }
  expect(all.replaceAll(line, '')).toBe('');
});

test('a spool file is said to be whole once it is, and holds lines that are too long for a pipe', async () => {
  const spool = join(folder, 'spool');
  await mkdir(spool);
  const long = { ...result, text: { ...text, more: Array.from({ length: 20 }, () => 'x'.repeat(300)) } };
  expect(await writeToSpool(spool, [result, long], 5)).toEqual({ ok: true });
  const files = (await readdir(spool)).sort();
  expect(files).toEqual([expect.stringMatching(/^c\w{6}$/), `${files[0]}.ok`]);
  const entries = (await readFile(join(spool, files[0] ?? ''), 'utf8')).split('\n\n').slice(1);
  expect(entries).toHaveLength(2);
  expect(entries[1]).toContain(`\\n${'x'.repeat(300)}\\n`);
  expect(await writeToSpool(join(folder, 'none'), [result], 5)).toMatchObject({ ok: false });
});

test('names in which Nagios sees something else become others', () => {
  expect(objectName(' web;1\n!|<x>"\'$(y)=,* ')).toBe('web_1____x_____y____');
  const objects = { host: 'web1', address: null, prefix: 'p-', modes: ['drift'], contactGroups: '' } as const;
  const told = hostObjects({ ...objects, asked: { how: 'told', every: 60 } });
  expect(told).toMatch(/check_freshness +1\n +freshness_threshold +180\n/);
  expect(told).toMatch(/check_command +palisade-silent\n/);
});
