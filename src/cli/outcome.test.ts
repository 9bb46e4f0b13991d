import { describe, expect, test } from 'vitest';
import type { Context } from '../verbs/verb.ts';
import { run } from './command-line.fixture.ts';

describe('an outcome', () => {
  test.each([
    ['done', 0],
    ['found', 1],
    ['unknown', 3],
  ] as const)('%s is exit %i, its value one line of JSON', async (kind, code) => {
    expect(await run(['status', '--json'], { run: async () => ({ kind, value: { a: 'ü' } }) })).toEqual({
      code,
      out: '{"a":"ü"}\n',
      err: '',
    });
  });

  test.each([
    ['invalid', 2],
    ['unread', 3],
    ['unchanged', 4],
  ] as const)('%s is exit %i and a line a problem, with nothing on standard output', async (kind, code) => {
    const problems = [
      {
        code: 'ruleset-syntax' as const,
        at: { file: 'rules.v4', line: 3, column: 9 },
        message: 'no\u001b[2Jthing\nhere',
        hint: 'mend it',
      },
      { code: 'unread' as const, message: 'b', hint: 'c' },
    ];
    expect(await run(['status'], { run: async () => ({ kind, problems }) })).toEqual({
      code,
      out: '',
      err: 'rules.v4:3:9: no\\x1b[2Jthing here; mend it\npalisade: b; c\n',
    });
  });

  test('with faults of palisade says them too, whatever its form', async () => {
    const fault = { code: 'kernel-disagrees' as const, message: 'a packet', hint: 'please report it' };
    const how = async () => ({ kind: 'unknown' as const, value: { a: 1 }, faults: [fault] });
    const err = 'palisade: a packet; please report it\n';
    expect(await run(['status', '--json'], { run: how })).toEqual({ code: 3, out: '{"a":1}\n', err });
    expect(await run(['status', '--quiet'], { run: how })).toEqual({ code: 3, out: '', err });
  });

  test('in parts is a line of JSON each', async () => {
    const parts = async (context: Context) => {
      await context.part({ n: 1 });
      await context.part({ n: 2 });
      return { kind: 'done' as const, value: null };
    };
    expect(await run(['trace', '--json'], { run: parts })).toEqual({ code: 0, out: '{"n":1}\n{"n":2}\n', err: '' });
  });

  test('with --quiet is the exit code alone', async () => {
    expect(await run(['status', '--quiet'], { run: async () => ({ kind: 'found', value: {} }) })).toEqual({
      code: 1,
      out: '',
      err: '',
    });
  });
});

describe('what goes wrong outside', () => {
  test('a reader that goes away ends the command cleanly, and aborts what it follows', async () => {
    let aborted = false;
    const endless = async (context: Context) => {
      context.signal.addEventListener('abort', () => {
        aborted = true;
      });
      for (;;) await context.part({});
    };
    expect(await run(['trace', '--json'], { run: endless, reads: 3 })).toEqual({ code: 0, out: '{}\n{}\n{}\n', err: '' });
    expect(aborted).toBe(true);
  });

  test('Ctrl-C aborts the signal; a verb that ends by itself says its own exit', async () => {
    const until = (context: Context) =>
      new Promise<{ kind: 'done'; value: null }>((resolve) => {
        context.signal.addEventListener('abort', () => resolve({ kind: 'done', value: null }));
      });
    expect(await run(['trace'], { run: until, interruptAfterMs: 5 })).toEqual({ code: 0, out: '', err: '' });
    const broken = (context: Context) =>
      new Promise<never>((_, reject) => {
        context.signal.addEventListener('abort', () => reject(context.signal.reason));
      });
    expect(await run(['trace'], { run: broken, interruptAfterMs: 5 })).toEqual({
      code: 3,
      out: '',
      err: 'palisade: interrupted before there was an answer\n',
    });
  });

  test('a fault of palisade is one line and exit 3; the stack only when asked for', async () => {
    const fault = async (): Promise<never> => {
      throw new Error('a known ruleset has no answer\nat all');
    };
    const short = await run(['status'], { run: fault });
    expect(short.code).toBe(3);
    expect(short.err).toBe(
      'palisade: this is a fault of palisade: a known ruleset has no answer; please report it with what PALISADE_DEBUG=1 adds to this command\n',
    );
    const long = await run(['status'], { run: fault, env: { PALISADE_DEBUG: '1' } });
    const [, logged] = long.err.trimEnd().split('\n');
    expect(JSON.parse(logged ?? '')).toMatchObject({
      level: 'error',
      event: 'fault',
      error: { stack: expect.stringContaining('outcome.test') },
    });
  });

  test('the log is one JSON object a line, from the level that is set', async () => {
    const talking = async (context: Context) => {
      context.log.info('read', { rules: 7n, comment: 'a\nb' });
      context.log.warn('odd');
      return { kind: 'done' as const, value: {} };
    };
    expect((await run(['status', '--quiet'], { run: talking })).err).toBe(
      '{"at":"1970-01-01T00:00:00.000Z","level":"warn","event":"odd"}\n',
    );
    expect((await run(['status', '--quiet'], { run: talking, env: { PALISADE_LOG: 'info' } })).err.split('\n')[0]).toBe(
      '{"at":"1970-01-01T00:00:00.000Z","level":"info","event":"read","rules":"7","comment":"a\\nb"}',
    );
  });
});
