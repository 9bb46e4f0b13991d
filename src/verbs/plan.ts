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
address would be let in. Nothing is changed. Chains and rules of other programs stay as they are, and are named.`,
  input: z.object({
    ...readingInput,
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
    {
      command: 'palisade plan --policy new.yaml --ruleset rules.v4 --ruleset rules.v6 --json',
      says: 'the same of files, for a pipeline',
    },
  ],
  async run(context, input) {
    const { planFor, readPolicyFile } = await import('./policy-file.ts');
    const file = await readPolicyFile(context);
    if (!file.ok) return { kind: 'invalid', problems: file.problems };
    const read = await readHostAndSets(context, input);
    if (!read.ok) return { kind: 'invalid', problems: read.problems };
    const planned = planFor(file.value.policy, read.value);
    if (!planned.known) return { kind: 'unread', problems: [{ code: 'unread', message: planned.why, hint: planned.remedy }] };
    const { reportOf } = await import('./planning/index.ts');
    const value = reportOf(context, read.value, planned.value, input.most);
    if (value.changes || value.refusals.length > 0) return { kind: 'found', value };
    return { kind: value.unknown.length > 0 ? 'unknown' : 'done', value };
  },
});
