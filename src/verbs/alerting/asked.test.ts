import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { testMessage } from '../../alert/index.ts';
import { openOutbox, openOutboxReading } from '../../store/index.ts';
import type { AlertsPartJson } from '../alerts-shape.ts';
import { contextAside } from '../aside-context.ts';
import { defaultSettings } from '../config/index.ts';
import type { Context } from '../verb.ts';
import { askAlerts } from './asked.ts';
import { send } from './sending.ts';

const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const quiet = { most: 20 } as const;

function house(): { readonly context: Context; readonly parts: AlertsPartJson[]; readonly folder: string } {
  const folder = mkdtempSync(join(memory, 'palisade-alerts-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const parts: AlertsPartJson[] = [];
  const alerts = {
    channels: {
      log: { type: 'jsonlines', path: join(folder, 'alerts.json') },
      nowhere: { type: 'jsonlines', path: join(folder, 'no/such/folder') },
    },
  };
  const aside = { stateFolder: folder, policyFile: '/nowhere', settings: { ...defaultSettings, alerts }, env: { USER: 'kim' } };
  const context = contextAside(aside, new AbortController().signal);
  return { folder, parts, context: { ...context, part: async (part) => void parts.push(part as AlertsPartJson) } };
}

test('before anything was sent there is nothing to list, and a test goes all the same', async () => {
  const { context, parts, folder } = house();
  expect(await askAlerts(context, { what: 'list', ...quiet })).toMatchObject({ kind: 'unread', problems: [{ code: 'unread' }] });
  expect(await askAlerts(context, { what: 'test', of: 'pigeon', ...quiet })).toMatchObject({
    kind: 'invalid',
    problems: [{ message: 'there is no channel pigeon', hint: 'the channels are log, nowhere' }],
  });
  expect(await askAlerts(context, { what: 'test', ...quiet })).toMatchObject({ kind: 'found' });
  expect(parts).toMatchObject([
    { kind: 'tested', channel: 'log', delivered: true, why: null, sender: null },
    { kind: 'tested', channel: 'nowhere', delivered: false, why: expect.stringContaining('not there') },
  ]);
  expect(readFileSync(join(folder, 'alerts.json'), 'utf8')).toContain('This is a test of palisade');
});

test('what was given up is listed, tried again and taken away', async () => {
  const { context, parts, folder } = house();
  const opened = openOutbox(folder, 'a test', 1000);
  if (!opened.ok) throw new Error('unopened');
  using outbox = opened.value;
  outbox.channels(new Map([['log', 'jsonlines']]));
  for (const id of ['AAA1', 'AAB2', 'AAC3']) outbox.queue(testMessage(id, 1000, 'web1', 'kim'), 'log', new Set());
  outbox.dead('AAA1', 2000, 'it answers 400');
  outbox.delivered('AAC3', 3000, null);
  outbox.commit(3000);
  expect(await askAlerts(context, { what: 'list', ...quiet })).toMatchObject({ kind: 'done' });
  expect(parts.splice(0)).toMatchObject([
    { kind: 'channel', channel: 'log', waiting: 1, dead: 1, delivered: 1, lastDelivered: 3, failing: null },
    { kind: 'message', id: 'AAA1', state: 'dead', why: 'it answers 400', ended: 2, next: null },
    { kind: 'message', id: 'AAB2', state: 'waiting', next: 1, ended: null },
    { kind: 'message', id: 'AAC3', state: 'delivered', why: null },
  ]);
  for (const [of, message] of [
    [undefined, 'name a message, or all'],
    ['AA', 'there is no message AA, or several whose id begins so'],
    ['aac', 'AAC3 was delivered already'],
  ] as const)
    expect(await askAlerts(context, { what: 'retry', of, ...quiet })).toMatchObject({ kind: 'invalid', problems: [{ message }] });
  expect(await askAlerts(context, { what: 'retry', of: 'aaa', ...quiet })).toMatchObject({ kind: 'done' });
  expect(await askAlerts(context, { what: 'drop', of: 'all', ...quiet })).toMatchObject({ kind: 'done' });
  const sender = `a test, process ${process.pid}`;
  expect(parts).toMatchObject([
    { kind: 'said', word: 'retry', of: 'AAA1', count: 1, sender },
    { kind: 'said', word: 'drop', of: 'all', count: 1, sender },
  ]);
  expect(outbox.words()).toEqual([
    { word: 'retry', of: 'AAA1', by: 'kim' },
    { word: 'drop', of: 'all', by: 'kim' },
  ]);
});

test('whoever sends does what he is told, and tells of it', async () => {
  const { context, parts, folder } = house();
  const stop = new AbortController();
  const said: string[] = [];
  const errand = { ...context, writer: 'a test', host: 'web1', socket: null };
  const running = send({ ...context, signal: stop.signal }, errand, (told) => void said.push(told.kind));
  expect(await askAlerts(context, { what: 'test', of: 'log', ...quiet })).toMatchObject({ kind: 'done' });
  expect(await askAlerts(context, { what: 'test', of: 'nowhere', ...quiet })).toMatchObject({ kind: 'found' });
  const sender = `a test, process ${process.pid}`;
  expect(parts).toMatchObject([
    { kind: 'tested', channel: 'log', delivered: true, sender },
    { kind: 'tested', channel: 'nowhere', delivered: false, why: expect.stringContaining('not there'), sender },
  ]);
  expect(said[0]).toBe('sending');
  // Who else would send is told that somebody does.
  const second: unknown[] = [];
  await send(context, errand, (told) => void second.push(told));
  expect(second).toMatchObject([{ kind: 'taken', problem: { code: 'store-refused' } }]);
  stop.abort();
  await running;
  const reading = openOutboxReading(folder);
  if (!reading.ok) throw new Error('unread');
  using asked = reading.value;
  expect(asked.standing().map(({ channel, delivered }) => [channel, delivered])).toEqual([
    ['log', 1],
    ['nowhere', 0],
  ]);
});
