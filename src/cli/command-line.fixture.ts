import { z } from 'zod';
import { type Context, type ExitCode, type Verb, verb } from '../verbs/verb.ts';
import { commandLine } from './command-line.ts';
import { OutputClosed, type Terminal } from './terminal.ts';

interface Run {
  readonly code: ExitCode;
  readonly out: string;
  readonly err: string;
}

export interface Setting {
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  /** Files that may not be read. */
  readonly forbidden?: readonly string[];
  /** Pieces that the reader of standard output takes before it goes away. */
  readonly reads?: number;
  /** In place of the verbs of the fixture. */
  readonly verbs?: readonly Verb[];
  readonly run?: (context: Context, input: unknown) => ReturnType<Verb['run']>;
  /** Ctrl-C comes this soon. */
  readonly interruptAfterMs?: number;
}

/** Runs a command line on verbs of this test; both verbs answer with their input unless `run` says otherwise. */
export async function run(
  argv: readonly string[],
  { env = {}, files = {}, reads, run: how, interruptAfterMs, verbs: others, forbidden = [] }: Setting = {},
): Promise<Run> {
  let out = '';
  let err = '';
  const at = others === undefined ? 0 : Date.now();
  let left = reads ?? Number.POSITIVE_INFINITY;
  const terminal: Terminal = {
    clock: { now: () => at },
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
    conversation: () => null,
    canvas: () => null,
    async readFile(path) {
      if (forbidden.includes(path)) throw Object.assign(new Error('no right'), { code: 'EACCES' });
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
  const code = await commandLine(argv, { kernel, serve: unused, verbs: others ?? verbs }, terminal);
  return { code, out, err };
}
