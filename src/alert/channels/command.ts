import { z } from 'zod';
import type { Channel } from '../channel.ts';
import type { Message } from '../message.ts';
import { fitted, visibleLine } from '../text/index.ts';
import { bodyFor, faultOf, senderOf } from '../wire/index.ts';
import { documentOf } from '../words/index.ts';

const settings = z.strictObject({
  argv: z
    .array(z.string().regex(/^[^\0]*$/))
    .min(1)
    .refine(([program]) => program?.startsWith('/') === true)
    .describe('A program with its whole path, and its arguments, one each. No shell reads them.'),
  failure: z
    .enum(['again', 'refused'])
    .default('again')
    .describe('What an exit status other than 0 and 75 means: try again, or never.'),
  'timeout-seconds': z.int().min(1).max(300).default(30).describe('It is ended when it takes longer.'),
});

/** EX_TEMPFAIL of sysexits.h: not now. */
const tempFail = 75;

/**
 * Starts a program of the administrator's for each message, which gets the JSON (docs/schemas/alert-message.json) on standard input, and the
 * most important of it in its environment. Nothing of a message is ever an argument.
 */
export const command: Channel<typeof settings> = {
  type: 'command',
  summary: 'a program of your own, with the message on its standard input',
  settings,
  open: (said, context) =>
    senderOf(async (message, signal) => {
      const limitMs = said['timeout-seconds'] * 1000;
      const program = said.argv[0] ?? '';
      const run = context.run(said.argv, {
        input: `${bodyFor(documentOf(message))}\n`,
        timeoutMs: limitMs,
        env: environmentOf(message),
      });
      const ended = await Promise.race([run.catch((error: unknown) => ({ fault: faultOf(error) })), stopped(signal)]);
      if (ended === null) return { kind: 'again', why: `${program}: stopped before it ended` };
      if ('fault' in ended) return { kind: 'again', why: `${program}: ${ended.fault}` };
      if (ended.status === 0) return { kind: 'delivered' };
      const words = fitted(visibleLine(ended.stderr.trim().slice(-2000)), { points: 200 });
      const why = `${program} ended with ${ended.status}${words === '' ? '' : `: ${words}`}`;
      return ended.status === tempFail ? { kind: 'again', why } : { kind: said.failure, why };
    }),
};

/** For programs that need no more than a line: each value is one line of visible text. */
export function environmentOf(message: Message): Readonly<Record<string, string>> {
  const first = message.alerts[0];
  const values = {
    ID: message.id,
    KIND: message.kind,
    HOST: message.host,
    SEVERITY: message.severity,
    STATE: message.state,
    TITLE: message.title,
    INCIDENT: first?.key ?? '',
    DETECTOR: first?.detector ?? '',
    ALERTS: String(message.alerts.length + message.more),
  };
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [`PALISADE_${name}`, fitted(visibleLine(value), { points: 1000 })]),
  );
}

function stopped(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(null);
    else signal.addEventListener('abort', () => resolve(null), { once: true });
  });
}
