import { z } from 'zod';
import { readingInput } from './reading.ts';
import { packet, proofGiven } from './shapes.ts';
import { verb } from './verb.ts';

/** What `test --json` prints. */
const testReport = z
  .object({
    policy: z.string(),
    tests: z.array(
      z.object({
        text: z.string(),
        line: z.int().nullable(),
        holds: z.boolean(),
        packet: packet.nullable().describe('Of a test that fails one that shows it; of others one that they speak of.'),
        proof: proofGiven,
      }),
    ),
  })
  .meta({ id: 'TestReport' });

export type TestJson = z.output<typeof testReport>;

export const test = verb({
  name: 'test',
  group: 'change',
  summary: 'run the policy’s tests, for every packet and in the kernel',
  description: `Reads the policy and asks each line under tests: whether it holds, for every new connection that it speaks of, with the
rules that the policy makes beside what else is on this host; then sends one packet of each through those rules on the running
kernel, in a throw-away namespace. The host is not changed.
can: all of them are let in while limits are not reached. cannot: none of them is, whatever limits say.
--alone leaves this host out: the rules of the policy by themselves.`,
  input: z.object({
    ...readingInput,
    alone: z.boolean().default(false).describe('Ask the policy by itself, on a host without other rules'),
    rehearse: z.boolean().default(true).describe('Send a packet of each test through the kernel'),
  }),
  output: testReport,
  streams: false,
  exits: {
    0: 'every test holds',
    1: 'some test fails',
    2: 'the policy or a file could not be read',
    3: 'the host’s rules could not be read, the question was too large, or the kernel did otherwise than was said',
  },
  examples: [
    { command: 'palisade test --policy policy.yaml', says: 'with this host’s other rules' },
    { command: 'palisade test --policy policy.yaml --alone --no-rehearse', says: 'in a pipeline without rights' },
  ],
  async run(context, input) {
    const { runPolicyTests } = await import('./testing.ts');
    return await runPolicyTests(context, input);
  },
});
