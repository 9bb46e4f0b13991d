import { fileURLToPath } from 'node:url';
import { serialize } from 'node:v8';
import type { RunResult } from '../../kernel/index.ts';
import { knownRulesets } from '../rulesets.ts';
import type { Context } from '../verb.ts';
import { type Compared, compared, type Question, undecided } from './comparing.ts';

/** Up to so many rules on both sides it takes no longer than starting a program for it, and little memory. */
const quick = 600;
/** Longer than this nobody waits for what packets it is about: the lines are said without. */
const mostMs = 20_000;
/** As many megabytes as a hundred thousand rules take. */
const mostMb = 1500;

/**
 * Finds out which packets are treated differently, without keeping the caller waiting or growing him: many rules are compared by a program
 * that ends. What takes too long, or too much memory, is undecided.
 */
export async function comparedAside(
  { kernel, signal }: Pick<Context, 'kernel' | 'signal'>,
  question: Question,
): Promise<Compared> {
  const rules = [question.before, question.now]
    .flatMap(knownRulesets)
    .reduce((sum, { tables }) => sum + tables.reduce((of, table) => of + table.rules.length, 0), 0);
  if (rules <= quick) return compared(question);
  const ran = await kernel.run({
    argv: [process.execPath, `--max-old-space-size=${mostMb}`, program()],
    input: serialize(question),
    timeoutMs: mostMs,
    signal,
  });
  if (ran.kind === 'exited' && ran.status === 0)
    return JSON.parse(Buffer.from(ran.stdout, 'latin1').toString('utf8')) as Compared;
  return unsaid(question, whyNot(ran));
}

/** Beside this file, as source or as built. */
function program(): string {
  const name = import.meta.url.endsWith('.ts') ? './comparer.ts' : './comparer.js';
  return fileURLToPath(new URL(name, import.meta.url));
}

function whyNot(ran: RunResult): string {
  switch (ran.kind) {
    case 'timeout':
      return `it takes longer than ${mostMs / 1000} seconds`;
    case 'too-large':
      return 'there is too much to say of it';
    case 'missing':
      return 'the program that compares is not there';
    case 'signalled':
      return ran.signal === 'SIGABRT' ? 'it needs more memory than there is for it' : 'it was interrupted';
    case 'exited':
      return /heap out of memory/.test(ran.stderr)
        ? 'it needs more memory than there is for it'
        : `what compares them failed: ${ran.stderr.trim().split('\n').at(-1) ?? ''}`;
    default:
      return ran satisfies never;
  }
}

function unsaid({ families, strange }: Question, why: string): Compared {
  return {
    packets: families.map((family) => undecided(family, why)),
    says: families.map((family) => `IPv${family}: which packets are treated differently is undecided: ${why}`),
    admitting: strange.length === 0 ? [] : null,
  };
}
