import { mkdtempSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { jsonlines } from './jsonlines.ts';
import { contextOf, messageOf, resolvedScan, scan } from './message.fixture.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'jsonlines-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function writer(name: string) {
  const path = join(folder, name);
  const sender = jsonlines.open({ path }, contextOf());
  return { path, send: (message = messageOf()) => sender.send(message, new AbortController().signal) };
}

test('each alert is a line with the names of ECS', async () => {
  const { path, send } = writer('lines');
  expect(await send(messageOf([scan, resolvedScan]))).toEqual({ kind: 'delivered' });
  const lines = readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatchObject({
    '@timestamp': '2026-11-22T10:15:00.000Z',
    message: scan.title,
    event: { kind: 'alert', category: ['intrusion_detection'], type: ['info'], action: 'firing', severity: 70, id: scan.key },
    host: { name: 'web1.example.net' },
    source: { ip: '203.0.113.9' },
    rule: { name: 'vertical-scan' },
  });
  expect(lines[1]).toMatchObject({ event: { action: 'resolved', end: '2026-11-22T10:20:00.000Z' } });
  expect(statSync(path).mode & 0o777).toBe(0o640);
});

test('whoever rotates the file finds the next line in the new one', async () => {
  const { path, send } = writer('rotated');
  await send();
  renameSync(path, `${path}.1`);
  await send();
  truncateSync(path, 0);
  await send();
  expect(readFileSync(`${path}.1`, 'utf8').split('\n')).toHaveLength(2);
  expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(2);
});

test('a line that was cut off swallows none of ours', async () => {
  const { path, send } = writer('torn');
  writeFileSync(path, '{"half');
  await send();
  const [torn, whole] = readFileSync(path, 'utf8').split('\n');
  expect(torn).toBe('{"half');
  expect(JSON.parse(whole ?? '')).toMatchObject({ message: scan.title });
});

test('a link, a device and a folder that is not there are tried again, with why', async () => {
  symlinkSync('/etc/passwd', join(folder, 'link'));
  expect(await writer('link').send()).toMatchObject({ kind: 'again' });
  expect(await writer('none/there').send()).toMatchObject({ kind: 'again', why: expect.stringContaining('not there') });
  const device = jsonlines.open({ path: '/dev/null' }, contextOf());
  expect(await device.send(messageOf(), new AbortController().signal)).toMatchObject({
    kind: 'again',
    why: '/dev/null is no file',
  });
  // Linux's own full disk.
  const full = jsonlines.open({ path: '/dev/full' }, contextOf());
  expect(await full.send(messageOf(), new AbortController().signal)).toMatchObject({ kind: 'again' });
});
