import { z } from 'zod';
import { planReport } from './plan-shape.ts';
import { readHostAndSets, readingInput } from './reading.ts';
import { verb } from './verb.ts';

export const plan = verb({
  name: 'plan',
  group: 'change',
  summary: 'what the policy would change: lines, and the packets newly allowed and newly blocked',
  description: `Compiles the policy, proves that the rules mean what it says, and compares them with the rules that are there: the lines that
come and go, and which packets are newly allowed and newly blocked, biggest regions first, one such packet each. It runs the policy's
tests, and follows the connections over which somebody manages the host now: whether they go on, and whether a new one from the same
address would be let in. Nothing is changed. Chains and rules of other programs stay as they are, and are named.

--out keeps the plan with the policy and its lists as they were read, so that exactly what was looked at is applied later, by whoever may;
apply refuses it on another host, and once the firewall is no longer as it was.`,
  input: z.object({
    ...readingInput,
    format: z
      .enum(['text', 'json', 'markdown'])
      .default('text')
      .describe('How the answer is written: for a terminal, a program, or a pull request'),
    out: z
      .string()
      .optional()
      .describe('Keep the plan in this file, for palisade apply FILE: made if the host is still as it is now')
      .meta({ value: 'FILE', path: true }),
    most: z.int().min(1).max(10_000).default(20).describe('So many regions of each way').meta({ value: 'NUMBER' }),
  }),
  output: planReport,
  streams: false,
  exits: {
    0: 'there is nothing to do',
    1: 'there is something to do, or something that would be refused',
    2: 'the policy or a file could not be read',
    3: 'the rules could not be read, or nothing is to be done and something else is unknown',
  },
  examples: [
    { command: 'palisade plan --policy policy.yaml', says: 'what would this policy change on this host?' },
    { command: 'palisade plan --format markdown', says: 'as a comment on a pull request' },
    { command: 'palisade plan --out plan.json', says: 'keep it, and make it later with palisade apply plan.json' },
    {
      command: 'palisade plan --policy new.yaml --ruleset rules.v4 --ruleset rules.v6 --json',
      says: 'the same of files, for a pipeline',
    },
  ],
  async run(context, input) {
    if (input.out !== undefined && input.ruleset.length > 0) {
      const hint = 'leave --ruleset out, on the host that it is for';
      return { kind: 'invalid', problems: [{ code: 'usage', message: '--out keeps a plan for this host, not for files', hint }] };
    }
    const { planFor, readPolicyFile } = await import('./policy-file.ts');
    const file = await readPolicyFile(context);
    if (!file.ok) return { kind: 'invalid', problems: file.problems };
    const { lookedAt, markdownOf, reportOf, writePlan } = await import('./planning/index.ts');
    const read = await readHostAndSets(context, input, { only: lookedAt });
    if (!read.ok) return { kind: 'invalid', problems: read.problems };
    const planned = planFor(file.value.policy, read.value);
    if (!planned.known) return { kind: 'unread', problems: [{ code: 'unread', message: planned.why, hint: planned.remedy }] };
    const value = await reportOf(context, read.value, planned.value, input.most);
    if (input.out !== undefined) {
      const written = await writePlan(context, input.out, read.value.host, planned.value, file.value.source, value);
      if (!written.ok) return { kind: 'invalid', problems: written.problems };
    }
    const answer = { value, ...(input.format === 'markdown' && { document: markdownOf(value) }) };
    if (value.changes || value.refusals.length > 0) return { kind: 'found', ...answer };
    return { kind: value.unknown.length > 0 ? 'unknown' : 'done', ...answer };
  },
});
