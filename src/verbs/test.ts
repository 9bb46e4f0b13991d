import { z } from 'zod';
import { createEvaluator } from '../analysis/index.ts';
import { OverBudget } from '../analysis/space/index.ts';
import { known } from '../model/host/index.ts';
import { packetToJson } from '../model/packet/index.ts';
import { emptyRuleset } from '../model/ruleset/index.ts';
import { aloneHost, runTests, type TestResult } from '../policy/index.ts';
import { planFor, readPolicyFile } from './policy-file.ts';
import { claimOf, faultsOf, prove } from './proof/index.ts';
import { readHostAndSets, readingInput } from './reading.ts';
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
    const policy = await readPolicyFile(context);
    if (!policy.ok) return { kind: 'invalid', problems: policy.problems };
    const base = input.alone ? null : await readHostAndSets(context, input);
    if (base !== null && !base.ok) return { kind: 'invalid', problems: base.problems };
    const read = base?.value ?? { host: bare(), sets: known('') };
    const planned = planFor(policy.value, read);
    if (!planned.known) return unread(planned.why, planned.remedy);
    const { after } = planned.value;
    context.progress('asking for every packet');
    let results: readonly TestResult[];
    try {
      const asked = runTests(policy.value, after.host);
      if (!asked.known) return unread(asked.why, asked.remedy);
      results = asked.value;
    } catch (error) {
      if (!(error instanceof OverBudget)) throw error;
      return unread(`undecided: ${error.message}`, 'ask about single packets with palisade trace');
    }
    const evaluator = createEvaluator(after.host);
    const claims = results.map(({ packet: shown }) => {
      const trace = shown === null ? null : evaluator.trace(shown);
      return shown === null || trace === null ? null : claimOf({ packet: shown, trace });
    });
    const sent = claims.filter((claim) => claim !== null);
    const proofs = input.rehearse ? await prove(context, { ...after, backend: input.backend }, sent) : [];
    const tests = results.map(({ test: { text, at }, holds, packet: shown }, index): TestJson['tests'][number] => {
      const claim = claims[index] ?? null;
      const proof = claim === null ? undefined : proofs[sent.indexOf(claim)];
      return {
        text,
        line: at.line ?? null,
        holds,
        packet: shown === null ? null : packet.parse(packetToJson(shown)),
        proof: proof ?? null,
      };
    });
    const value = { policy: context.policyFile, tests };
    const faults = faultsOf(sent.map((claim, index) => ({ where: 'test', claim, proof: proofs[index] ?? null })));
    if (faults.length > 0) return { kind: 'unknown', value, faults };
    return { kind: tests.every(({ holds }) => holds) ? 'done' : 'found', value };
  },
});

/** A host without rules, of which nothing else is known. */
function bare() {
  const host = aloneHost({ sets: [], families: { 4: [], 6: [] } });
  return { ...host, rulesets: { 4: known(emptyRuleset(4, 'no rules')), 6: known(emptyRuleset(6, 'no rules')) } };
}

function unread(message: string, hint: string) {
  return { kind: 'unread' as const, problems: [{ code: 'unread' as const, message, hint }] };
}
