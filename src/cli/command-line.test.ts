import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type Context, type ExitCode, type Verb, verb } from '../verbs/verb.ts';
import { commandLine } from './command-line.ts';
import { OutputClosed, type Terminal } from './terminal.ts';

interface Run {
  readonly code: ExitCode;
  readonly out: string;
  readonly err: string;
}

interface Setting {
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  /** Pieces that the reader of standard output takes before it goes away. */
  readonly reads?: number;
  readonly run?: (context: Context, input: unknown) => ReturnType<Verb['run']>;
  /** Ctrl-C comes this soon. */
  readonly interruptAfterMs?: number;
}

/** Runs a command line on verbs of this test; both verbs answer with their input unless `run` says otherwise. */
async function run(
  argv: readonly string[],
  { env = {}, files = {}, reads, run: how, interruptAfterMs }: Setting = {},
): Promise<Run> {
  let out = '';
  let err = '';
  let left = reads ?? Number.POSITIVE_INFINITY;
  const terminal: Terminal = {
    clock: { now: () => 0 },
    out: {
      interactive: false,
      columns: null,
      async write(piece) {
        left -= 1;
        if (left < 0) throw new OutputClosed();
        out += typeof piece === 'string' ? piece : Buffer.from(piece).toString('latin1');
      },
    },
    err: {
      interactive: false,
      columns: null,
      async write(piece) {
        err += piece;
      },
    },
    env,
    stdin: async () => new Uint8Array(),
    async readFile(path) {
      const text = files[path];
      if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
      return Buffer.from(text);
    },
    onFault: () => ({ [Symbol.dispose]: () => undefined }),
    onInterrupt(listener) {
      const timer = interruptAfterMs === undefined ? undefined : setTimeout(listener, interruptAfterMs);
      return { [Symbol.dispose]: () => clearTimeout(timer) };
    },
  };
  const answer = how ?? (async (_context: Context, input: unknown) => ({ kind: 'done' as const, value: input }));
  const shape = {
    output: z.unknown(),
    description: 'What it does at length.',
    exits: { 0: 'all is well', 2: 'it is not' },
    run: answer,
  } as const;
  const verbs = [
    verb({
      ...shape,
      name: 'status',
      group: 'look',
      summary: 'how it stands',
      streams: false,
      examples: [{ command: 'palisade', says: 'how this host stands' }],
      input: z.object({
        ruleset: z.array(z.string()).default([]).describe('Read a file').meta({ value: 'FILE', path: true }),
        backend: z.enum(['nft', 'legacy']).optional(),
      }),
    }),
    verb({
      ...shape,
      name: 'trace',
      group: 'look',
      summary: 'where it goes',
      streams: true,
      examples: [],
      input: z.object({
        state: z.enum(['NEW', 'ESTABLISHED']).optional().describe('Connection state'),
        dport: z.int().min(0).max(65535).optional().describe('Port').meta({ value: 'PORT' }),
        failOn: z.string().default('low'),
        web: z.boolean().default(true).describe('Serve the page'),
        port: z.int().default(7272),
      }),
    }),
    verb({
      ...shape,
      name: 'diff',
      group: 'keep',
      summary: 'what differs',
      streams: false,
      examples: [],
      input: z.object({
        from: z.string().meta({ value: 'A', positional: true }),
        to: z.array(z.string()).default([]).meta({ value: 'B', positional: true }),
      }),
    }),
  ] as unknown as readonly Verb[];
  const unused = async (): Promise<never> => {
    throw new Error('nobody serves here');
  };
  // These verbs touch no kernel: the command line only hands it on.
  const kernel = async (): Promise<Context['kernel']> => ({}) as Context['kernel'];
  const code = await commandLine(argv, { kernel, serve: unused, verbs }, terminal);
  return { code, out, err };
}

async function input(...argv: string[]): Promise<unknown> {
  const { code, out, err } = await run([...argv, '--json']);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return JSON.parse(out);
}

/** The input that a streaming verb was run with. */
async function streamed(argv: readonly string[], setting: Setting = {}): Promise<unknown> {
  let seen: unknown;
  const { err } = await run(argv, {
    ...setting,
    run: async (_, given) => {
      seen = given;
      return { kind: 'done', value: null };
    },
  });
  expect(err).toBe('');
  return seen;
}

describe('flags', () => {
  test('bare palisade is status, with its flags', async () => {
    expect(await input()).toEqual({ ruleset: [] });
    expect(await input('--ruleset', 'a', '--ruleset=b', '--backend', 'nft')).toEqual({ ruleset: ['a', 'b'], backend: 'nft' });
    expect(await input('--ruleset', '-')).toEqual({ ruleset: ['-'] });
  });

  test('are those of the verb’s input, in kebab-case, by type', async () => {
    expect(await streamed(['trace', '--dport', '22', '--fail-on', 'high', '--no-web'])).toEqual({
      dport: 22,
      failOn: 'high',
      web: false,
      port: 7272,
    });
    expect(await streamed(['trace', '--dport', '0x16'])).toMatchObject({ dport: 22 });
  });

  test('that everybody has go before or after the verb, but a verb’s own one wins after it', async () => {
    expect(await input('--backend', 'legacy', 'status')).toMatchObject({ backend: 'legacy' });
    expect(await streamed(['--state', '/tmp/x', 'trace', '--state', 'NEW'])).toMatchObject({ state: 'NEW' });
    expect((await run(['trace', '--state', '/tmp/x'])).err).toBe(
      'palisade: --state cannot be "/tmp/x"; write NEW or ESTABLISHED\n',
    );
  });

  test('may be words without a flag', async () => {
    expect(await input('diff', 'a', 'b', 'c')).toEqual({ from: 'a', to: ['b', 'c'] });
    expect(await input('diff', 'a')).toEqual({ from: 'a', to: [] });
  });
});

describe('a wrong command line is exit 2 and one line: what, where, what to do', () => {
  test.each<[string, string]>([
    ['statsu', 'there is no verb "statsu"; did you mean status?'],
    ['help adut', 'there is no verb "adut"; the verbs are status, trace, diff'],
    ['help stats', 'there is no verb "stats"; did you mean status?'],
    ['banana', 'there is no verb "banana"; the verbs are status, trace, diff'],
    ['trace --dprot 1', 'trace has no flag --dprot; did you mean --dport?'],
    ['--rulset x', 'status has no flag --rulset; did you mean --ruleset?'],
    ['trace --xyzzy', 'trace has no flag --xyzzy; palisade help trace lists what there is'],
    ['trace --dport', '--dport needs a value; write --dport <PORT>'],
    ['trace --dport ssh', '--dport cannot be "ssh"; write a whole number from 0 to 65535'],
    ['trace --dport 70000', '--dport cannot be "70000"; write a whole number from 0 to 65535'],
    ['trace --dport 1.5', '--dport cannot be "1.5"; write a whole number from 0 to 65535'],
    ['trace --state NEWW', '--state cannot be "NEWW"; did you mean NEW?'],
    ['status --backend nfd', '--backend cannot be "nfd"; did you mean nft?'],
    ['trace --backend nftables', '--backend cannot be "nftables"; write nft or legacy'],
    ['status extra', 'status takes no further words; say what you mean with a flag; palisade help status lists what there is'],
    ['diff', 'diff needs A; palisade help diff lists what there is'],
  ])('%s', async (line, says) => {
    expect(await run(line.split(' '))).toEqual({ code: 2, out: '', err: `palisade: ${says}\n` });
  });
});

describe('help', () => {
  test('of palisade groups the verbs', async () => {
    const { code, out, err } = await run(['--help']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/Look:\n +status[^\n]*how it stands\n +trace/);
    expect(out).toMatch(/Keep:\n +diff/);
    expect((await run(['help'])).out).toBe(out);
  });

  test('of a verb has flags, defaults, examples and exit codes', async () => {
    const { code, out } = await run(['trace', '--help']);
    expect(code).toBe(0);
    expect(out).toContain('--dport <PORT>');
    expect(out).toContain('--fail-on <WORD>');
    expect(out).toContain('(default: low)');
    expect(out).toContain('--no-web');
    expect(out).toContain('Exit codes:\n  0  all is well\n  2  it is not\n');
    expect((await run(['help', 'status'])).out).toContain('Examples:\n  palisade\n      how this host stands\n');
  });

  test('--version', async () => {
    expect((await run(['--version'])).out).toMatch(/^palisade \d+\.\d+\.\d+\n$/);
  });
});

describe('settings', () => {
  const files = { '/etc/palisade/config.yaml': 'port: 3\n' };

  test('reach the verb’s input: flag, then environment, then file, then its own default', async () => {
    const env = { PALISADE_PORT: '2' };
    expect(await streamed(['trace', '--port', '1'], { env, files })).toMatchObject({ port: 1 });
    expect(await streamed(['trace'], { env, files })).toMatchObject({ port: 2 });
    expect(await streamed(['trace'], { files })).toMatchObject({ port: 3 });
    expect(await streamed(['trace'])).toMatchObject({ port: 7272 });
  });

  test('a named file must be there, and its problems have their place', async () => {
    expect(await run(['--config', '/x.yaml'])).toEqual({
      code: 2,
      out: '',
      err: '/x.yaml: there is no such file; name a configuration file that can be read with --config\n',
    });
    expect((await run(['status'], { env: { PALISADE_CONFIG: '/c' }, files: { '/c': 'prot: 1\n' } })).err).toBe(
      '/c:1:1: "prot" is no setting; did you mean "port"?\n',
    );
  });
});

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
      error: { stack: expect.stringContaining('command-line.test') },
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
