import { execFileSync } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Message } from '../alert/index.ts';
import { type Outbox, openOutbox, openOutboxReading, sayToSender } from './index.ts';

const start = 1_760_000_000_000;
const day = 86_400_000;
const nobody: ReadonlySet<string> = new Set();

function fresh(): string {
  const folder = mkdtempSync(join(tmpdir(), 'palisade-outbox-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function open(folder: string): Outbox {
  const opened = openOutbox(folder, 'a test', start);
  if (!opened.ok) throw new Error(opened.problems[0]?.message);
  return opened.value;
}

let count = 0;
function message(over: Partial<Message> = {}): Omit<Message, 'sequence'> {
  count += 1;
  return {
    ...{ id: `ID${count}`, kind: 'transition', thread: 'a', host: 'h', at: start, severity: 'high', state: 'firing' },
    ...{ title: `title ${count}`, alerts: [], more: 0 },
    ...over,
  };
}

const waiting = (outbox: Outbox, channel = 'mail') => [...outbox.waiting(channel)].map(({ id, sequence }) => `${id} ${sequence}`);

test('messages are numbered in their threads, and there after a restart with all that is remembered', () => {
  const folder = fresh();
  {
    using outbox = open(folder);
    for (const [channel, over] of [
      ['mail', { id: 'A' }],
      ['mail', { id: 'B', thread: 'b' }],
      ['pager', { id: 'C' }],
      ['mail', { id: 'D' }],
    ] as const)
      outbox.queue(message(over), channel, nobody);
    outbox.track('i1', '{"x":1}');
    outbox.track('i2', '{}');
    outbox.track('i2', null);
    outbox.keep('cursor', '1:2');
    expect(waiting(outbox)).toEqual(['A 0', 'B 0', 'D 1']);
    expect(outbox.commit(start)).toBeNull();
    outbox.delivered('A', start + 5, 'ok');
    outbox.again('B', 'answers 500', start + 9);
    expect(outbox.commit(start)).toBeNull();
  }
  using again = open(folder);
  expect(again.remembered).toEqual({ tracked: ['{"x":1}'], kept: new Map([['cursor', '1:2']]) });
  expect(waiting(again)).toEqual(['B 0', 'D 1']);
  expect([...again.waiting('mail')][0]).toMatchObject({ attempts: 1, next: start + 9, since: start });
  expect(again.message('D')).toMatchObject({ id: 'D', sequence: 1, thread: 'a' });
  again.queue(message({ id: 'E' }), 'mail', nobody);
  expect(waiting(again)).toEqual(['B 0', 'D 1', 'E 2']);
});

test('who else would send is refused, and who asks reads beside', () => {
  const folder = fresh();
  expect(openOutboxReading(folder)).toMatchObject({ ok: false, problems: [{ code: 'unread' }] });
  using outbox = open(folder);
  outbox.channels(
    new Map([
      ['mail', 'email'],
      ['gone', 'webhook'],
    ]),
  );
  outbox.queue(message({ id: 'LIVE1' }), 'mail', nobody);
  outbox.queue(message({ id: 'LIVE2' }), 'mail', nobody);
  outbox.commit(start);
  outbox.channels(new Map([['mail', 'email']]));
  outbox.delivered('LIVE1', start + 1, null);
  outbox.dead('LIVE2', start + 2, 'it says 400');
  outbox.failing('mail', 'it says 400', start + 2);
  outbox.commit(start);
  const refused = { ok: false, problems: [{ code: 'store-refused', message: 'another process sends alerts from this folder' }] };
  expect(openOutbox(folder, 'another', start)).toMatchObject(refused);
  const reading = openOutboxReading(folder);
  if (!reading.ok) throw new Error('unread');
  using asked = reading.value;
  const standing = {
    channel: 'mail',
    type: 'email',
    waiting: 0,
    dead: 1,
    delivered: 1,
    lastDelivered: start + 1,
    failing: 'it says 400',
  };
  expect(asked.standing()).toEqual([standing]);
  expect(outbox.standing()).toEqual([standing]);
  expect(asked.sender()).toBe(`a test, process ${process.pid}`);
  expect(asked.posted({ states: ['dead'], most: 9 })).toMatchObject([{ id: 'LIVE2', why: 'it says 400', ended: start + 2 }]);
  expect(asked.one('LIVE')).toBeNull();
  expect(asked.one('LIVE1')).toMatchObject({ state: 'delivered' });
});

test('words of others are heard once, and one that is tried again goes where it was', () => {
  const folder = fresh();
  using outbox = open(folder);
  for (const id of ['F', 'G', 'H']) outbox.queue(message({ id }), 'mail', nobody);
  outbox.commit(start);
  expect(outbox.words()).toEqual([]);
  outbox.dead('F', start, 'no');
  outbox.commit(start);
  expect(sayToSender(folder, { word: 'retry', of: 'F', by: 'kim' }, start)).toMatchObject({ ok: true });
  expect(outbox.words()).toEqual([{ word: 'retry', of: 'F', by: 'kim' }]);
  expect(outbox.words()).toEqual([]);
  outbox.commit(start);
  sayToSender(folder, { word: 'test', of: 'mail', by: 'lee' }, start);
  expect(outbox.words()).toEqual([{ word: 'test', of: 'mail', by: 'lee' }]);
  expect(waiting(outbox)).toEqual(['G 1', 'H 2']);
  expect(outbox.retry('F', start + 9)).toBe(1);
  expect(waiting(outbox)).toEqual(['F 0', 'G 1', 'H 2']);
  expect(outbox.drop('G', start, new Set(['G']))).toBe(0);
  expect(outbox.drop('G', start, nobody)).toBe(1);
  expect(outbox.drop('nothing', start, nobody)).toBe(0);
  outbox.commit(start);
  expect(waiting(outbox)).toEqual(['F 0', 'H 2']);
});

test('renewals give way to newer ones, and to what comes behind them', () => {
  using outbox = open(fresh());
  const renewal = (id: string) => message({ id, kind: 'renewal', thread: 'renewal-0' });
  outbox.queue(renewal('R1'), 'log', nobody);
  outbox.queue(renewal('R2'), 'log', nobody);
  expect(waiting(outbox, 'log')).toEqual(['R2 1']);
  outbox.queue(renewal('R3'), 'log', new Set(['R2']));
  expect(waiting(outbox, 'log')).toEqual(['R2 1', 'R3 2']);
  outbox.queue(message({ id: 'T', state: 'resolved' }), 'log', new Set(['R2']));
  expect(waiting(outbox, 'log')).toEqual(['R2 1', 'T 0']);
  outbox.dead('R2', start, 'too late');
  outbox.commit(start);
  expect(outbox.standing()).toEqual([]);
});

test('what ended long ago goes', () => {
  const folder = fresh();
  using outbox = open(folder);
  for (const id of ['old', 'bad', 'new']) outbox.queue(message({ id, at: start - 80 * day }), 'mail', nobody);
  outbox.delivered('old', start - 40 * day, null);
  outbox.dead('bad', start - 40 * day, 'no');
  outbox.delivered('new', start - day, null);
  outbox.commit(start - day);
  outbox.commit(start);
  const reading = openOutboxReading(folder);
  if (!reading.ok) throw new Error('unread');
  using asked = reading.value;
  expect(asked.posted({ states: ['delivered', 'dead'], most: 9 }).map(({ id }) => id)).toEqual(['new', 'bad']);
});

test('a file that is taken away or damaged is begun anew with all that waits', () => {
  const folder = fresh();
  {
    using outbox = open(folder);
    outbox.queue(message({ id: 'K' }), 'mail', nobody);
    outbox.track('i', '{}');
    outbox.keep('cursor', 'c');
    outbox.commit(start);
    renameSync(join(folder, 'alerts.db'), join(folder, 'elsewhere.db'));
    expect(outbox.commit(start + 10_000)).toBeNull();
    expect(outbox.notices).toEqual([expect.stringMatching(/alerts\.db was taken away or exchanged; another was begun/)]);
    expect(outbox.message('K')).toMatchObject({ id: 'K' });
  }
  {
    using again = open(folder);
    expect(waiting(again)).toEqual(['K 0']);
    expect(again.remembered).toEqual({ tracked: ['{}'], kept: new Map([['cursor', 'c']]) });
  }
  for (const end of ['-wal', '-shm']) rmSync(join(folder, `alerts.db${end}`), { force: true });
  writeFileSync(join(folder, 'alerts.db'), 'not at all a database, whatever it may be called'.repeat(200));
  using last = open(folder);
  expect(last.notices).toEqual([expect.stringMatching(/is damaged, or no outbox of palisade's: it was moved to .*damaged-/)]);
});

test('a disk that is full takes nothing: it goes on in memory, and all of it is written once there is room', () => {
  const folder = fresh();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', folder]);
  } catch {
    // Nobody who may not mount can fill a disk for himself alone.
    return;
  }
  try {
    using outbox = open(folder);
    outbox.queue(message({ id: 'before' }), 'mail', nobody);
    expect(outbox.commit(start)).toBeNull();
    const filler = join(folder, 'filler');
    execFileSync('sh', ['-c', `dd if=/dev/zero of=${filler} bs=4k 2>/dev/null; true`]);
    outbox.queue(message({ id: 'big', title: 'x'.repeat(100_000) }), 'mail', nobody);
    expect(outbox.commit(start)).toMatchObject({
      code: 'store-failed',
      message: expect.stringContaining('it goes on in memory'),
    });
    expect(outbox.message('big')).toMatchObject({ id: 'big' });
    outbox.delivered('before', start, null);
    outbox.track('i', '{}');
    expect(outbox.commit(start)).not.toBeNull();
    rmSync(filler);
    expect(outbox.commit(start)).toBeNull();
    expect(waiting(outbox)).toEqual(['big 1']);
    expect(outbox.message('big')?.title).toHaveLength(100_000);
  } finally {
    execFileSync('umount', [folder]);
  }
});
