import { existsSync } from 'node:fs';
import { check, checkModes, exits, printed } from '../../monitor/checks/index.ts';
import type { StateRead } from '../../monitor/index.ts';
import type { CheckInput, CheckJson } from '../check.ts';
import type { Wanted } from '../publishing/once.ts';
import { publishedAt } from '../publishing/place.ts';
import { readPublished } from '../publishing/read.ts';
import type { Context, Outcome } from '../verb.ts';
import { askedFor } from './asked.ts';

/** Lines that are printed of what is not well, where nobody asked for all. */
const usualLines = 10;

/** Judges the published state; whatever is in the way is UNKNOWN. */
export async function answerOf(context: Context, input: CheckInput): Promise<Outcome<CheckJson>> {
  const mode = checkModes.find(({ name }) => name === input.mode);
  if (mode === undefined) throw new Error(`no file is about ${input.mode}`);
  const asked = askedFor(mode, input);
  if (!asked.ok) return { kind: 'invalid', problems: asked.problems };
  const { options, ranges } = asked.value;
  const state = await readWithin(context, input);
  const { status, text } = check(mode, state, context.clock.now() / 1000, options, ranges);
  const short = input.verbose ? text.more : text.more.slice(0, status === 'OK' ? 0 : usualLines);
  const left = text.more.length - short.length;
  const more = left > 0 && status !== 'OK' ? [...short, `and ${left} more with --verbose`] : short;
  const exit = input.exitOk ? exits.OK : exits[status];
  const value = { mode: input.mode, status, exit, first: text.first, more: [...text.more], perfdata: [...text.perfdata] };
  const kind = { OK: 'done', WARNING: 'found', CRITICAL: 'found', UNKNOWN: 'unknown' } as const;
  return { kind: kind[status], exit, value: { ...value, output: printed({ ...text, more }) } };
}

type Step = (doing: string) => void;

/** Reads, and gives up when the time is over, wherever it is then. */
async function readWithin(context: Context, input: CheckInput): Promise<StateRead> {
  const { timeout } = input;
  let step = 'starting';
  const over = new AbortController();
  const late = new Promise<StateRead>((resolve) => {
    const timer = setTimeout(() => {
      over.abort();
      const message = `no answer within ${timeout} s, at this step: ${step}`;
      resolve({ ok: false, problem: { code: 'unread', message, hint: 'give it more time with -t, or see what hangs' } });
    }, timeout * 1000);
    over.signal.addEventListener('abort', () => clearTimeout(timer));
  });
  const signal = AbortSignal.any([context.signal, over.signal]);
  try {
    return await Promise.race([late, stateOf({ ...context, signal }, input, (doing) => (step = doing))]);
  } finally {
    over.abort();
  }
}

async function stateOf(context: Context, { mode, socket, timeout }: CheckInput, step: Step): Promise<StateRead> {
  const path = publishedAt(context, socket);
  step(`asking ${path}`);
  const read = await readPublished(path, { now: () => context.clock.now(), timeoutMs: timeout * 1000 });
  const wanted = lookable[mode];
  // Whoever ended, hangs or may not be asked is to be told of; where nobody ever published, root can look for himself.
  if (read.ok || wanted === undefined || socket !== undefined || process.geteuid?.() !== 0 || existsSync(path)) return read;
  const { stateOnce } = await import('../publishing/once.ts');
  return await stateOnce(context, { ...nothing, ...wanted }, step);
}

const nothing: Wanted = { software: false, audit: false, drift: false, persistence: false };

/** What a look at the host can tell, and what it takes. The others are of what only time tells. */
const lookable: Readonly<Partial<Record<CheckInput['mode'], Partial<Wanted>>>> = {
  audit: { software: true, audit: true },
  exposure: { audit: true },
  updates: { software: true, audit: true },
  drift: { drift: true },
  persistence: { persistence: true },
  policy: {},
  conntrack: {},
  ipset: {},
  backend: {},
  'backup-age': {},
};
