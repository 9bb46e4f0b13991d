import { expect, test } from 'vitest';
import type { ChannelContext } from '../channel.ts';
import { messageDocument } from '../words/index.ts';
import { command } from './command.ts';
import { contextOf, messageOf, scan } from './message.fixture.ts';

type Run = ChannelContext['run'];

function send(run: Run, more: Record<string, unknown> = {}, message = messageOf(), signal = new AbortController().signal) {
  const sender = command.open(command.settings.parse({ argv: ['/usr/bin/tell', '--all'], ...more }), contextOf({ run }));
  return sender.send(message, signal);
}

test('the program gets the message on its input and in its environment, and nothing of it as an argument', async () => {
  const calls: Parameters<Run>[] = [];
  const hostile = messageOf([{ ...scan, title: '$(id)\0`id`\n-x \u202e' }], { title: '$(id)\0`id`\n-x \u202e', host: 'a\0b' });
  const run: Run = async (...call) => {
    calls.push(call);
    return { status: 0, stderr: '' };
  };
  expect(await send(run, {}, hostile)).toEqual({ kind: 'delivered' });
  const [argv, { input, timeoutMs, env }] = calls[0] ?? [[], { input: '', timeoutMs: 0, env: {} }];
  expect(argv).toEqual(['/usr/bin/tell', '--all']);
  expect(timeoutMs).toBe(30_000);
  expect(messageDocument.parse(JSON.parse(input))).toMatchObject({
    form: 1,
    host: 'a\\x00b',
    title: '$(id)\\x00`id`\n-x \\u{202e}',
  });
  expect(env['PALISADE_TITLE']).toBe('$(id)\\x00`id`\\n-x \\u{202e}');
  for (const value of Object.values(env)) expect(value).toMatch(/^[^\p{Cc}]*$/u);
});

test.each([
  [0, {}, { kind: 'delivered' }],
  [75, { failure: 'refused' }, { kind: 'again', why: '/usr/bin/tell ended with 75: why \\x1b[1m' }],
  [1, {}, { kind: 'again', why: '/usr/bin/tell ended with 1: why \\x1b[1m' }],
  [1, { failure: 'refused' }, { kind: 'refused', why: '/usr/bin/tell ended with 1: why \\x1b[1m' }],
])('status %i with %j', async (status, more, delivery) => {
  expect(await send(async () => ({ status, stderr: 'why \u001b[1m\n' }), more)).toEqual(delivery);
});

test('a program that cannot be started, or is to be stopped, is tried again', async () => {
  expect(await send(() => Promise.reject(new Error('it is not there')))).toEqual({
    kind: 'again',
    why: '/usr/bin/tell: it is not there',
  });
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 20);
  expect(await send(() => new Promise(() => undefined), {}, messageOf(), stop.signal)).toMatchObject({ kind: 'again' });
});

test.each([[[]], [['tell']], [['./tell']], [['/bin/tell', 'a\0b']]])('%j cannot be started', (argv) => {
  expect(command.settings.safeParse({ argv }).success).toBe(false);
});
