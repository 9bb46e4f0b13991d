import { createEvaluator } from '../analysis/index.ts';
import { OverBudget } from '../analysis/space/index.ts';
import { lastingHost } from '../change/index.ts';
import { known } from '../model/host/index.ts';
import { packetToJson } from '../model/packet/index.ts';
import { emptyRuleset } from '../model/ruleset/index.ts';
import { aloneHost, runTests, type TestResult } from '../policy/index.ts';
import { planFor, readPolicyFile } from './policy-file.ts';
import { claimOf, faultsOf, prove } from './proof/index.ts';
import { type Reading, readHostAndSets } from './reading.ts';
import { packet } from './shapes.ts';
import type { TestJson } from './test.ts';
import type { Context, Outcome } from './verb.ts';

/** Reads the policy and asks its tests, beside this host's other rules or alone. */
export async function runPolicyTests(
  context: Context,
  input: Reading & { readonly alone: boolean; readonly rehearse: boolean },
): Promise<Outcome<TestJson>> {
  const file = await readPolicyFile(context);
  if (!file.ok) return { kind: 'invalid', problems: file.problems };
  const { policy } = file.value;
  const base = input.alone ? null : await readHostAndSets(context, input);
  if (base !== null && !base.ok) return { kind: 'invalid', problems: base.problems };
  const read = base?.value ?? { host: bare(), sets: known('') };
  const planned = planFor(policy, read);
  if (!planned.known) return unread(planned.why, planned.remedy);
  const { after } = planned.value;
  const judged = lastingHost(after.host);
  context.progress('asking for every packet');
  let results: readonly TestResult[];
  try {
    const asked = runTests(policy, judged);
    if (!asked.known) return unread(asked.why, asked.remedy);
    results = asked.value;
  } catch (error) {
    if (!(error instanceof OverBudget)) throw error;
    return unread(`undecided: ${error.message}`, 'ask about single packets with palisade trace');
  }
  const evaluator = createEvaluator(judged);
  const claims = results.map(({ packet: shown }) => {
    const trace = shown === null ? null : evaluator.trace(shown);
    return shown === null || trace === null ? null : claimOf({ packet: shown, trace });
  });
  const sent = claims.filter((claim) => claim !== null);
  const proofs = input.rehearse ? await prove(context, { ...after, host: judged, backend: input.backend }, sent) : [];
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
}

/** A host without rules, of which nothing else is known. */
function bare() {
  const host = aloneHost({ sets: [], families: { 4: [], 6: [] } });
  return { ...host, rulesets: { 4: known(emptyRuleset(4, 'no rules')), 6: known(emptyRuleset(6, 'no rules')) } };
}

function unread(message: string, hint: string) {
  return { kind: 'unread' as const, problems: [{ code: 'unread' as const, message, hint }] };
}
