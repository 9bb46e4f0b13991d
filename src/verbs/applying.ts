import type { Host, HostTexts } from '../model/host/index.ts';
import type { Problem, Result } from '../result.ts';
import type { ChangePartJson } from './change-shape.ts';
import { basisOf, carryOut, isUnchanged, rehearseChange } from './changing/index.ts';
import { emergencyFor } from './emergency.ts';
import { judge, readPlan, reportOf, sessionRefusals, testRefusals, wholeLook } from './planning/index.ts';
import { type PolicyFile, planFor, policyOf, readPolicyFile } from './policy-file.ts';
import { understand } from './reading.ts';
import type { Context, Outcome } from './verb.ts';

export interface ApplyInput {
  readonly plan?: string | undefined;
  readonly timeout: number;
  readonly yes: boolean;
  readonly confirmByReconnect: boolean;
  readonly dryRun: boolean;
  readonly backend?: 'nft' | 'legacy' | undefined;
}

/**
 * Makes the firewall what the policy, or a plan that was kept, says.
 *
 * @param look what `firstLook` reads
 */
export async function applyPolicy(
  context: Context,
  input: ApplyInput,
  look: Promise<HostTexts>,
): Promise<Outcome<ChangePartJson>> {
  if (input.yes && input.confirmByReconnect)
    return invalid({ code: 'usage', message: '--yes waits for nobody', hint: 'leave out --yes or --confirm-by-reconnect' });
  const [{ root, why }, isSame] = await Promise.all([
    context.kernel.rights(),
    input.plan === undefined ? isUnchanged(context, input.backend, look) : false,
  ]);
  if (root && isSame) {
    await context.part({ kind: 'nothing', text: 'the host is as the policy says' });
    return { kind: 'done', value: null };
  }
  const kept = input.plan === undefined ? null : await readPlan(context, input.plan);
  if (kept !== null && !kept.ok) return { kind: 'invalid', problems: kept.problems };
  const before = kept?.value ?? null;
  context.progress('reading the firewall');
  // Programs print while the policy is read.
  const [file, texts] = await Promise.all([
    before === null ? readPolicyFile(context) : again(before.source, context),
    wholeLook(context, look),
  ]);
  if (!file.ok) return { kind: 'invalid', problems: file.problems };
  if (!root && !input.dryRun) return unread(`the firewall may not be changed: ${why}`, 'run palisade as root');
  const read = await understand(texts, input.backend);
  const strange = before?.strangeness(read.host) ?? null;
  if (strange !== null) return { kind: 'unchanged', problems: [strange] };
  const { policy, source } = file.value;
  const planned = planFor(policy, read, before?.spared);
  if (!planned.known) return unread(planned.why, planned.remedy);
  if (input.dryRun) {
    const plan = await reportOf(context, read, planned.value, 20);
    await context.part({ kind: 'plan', plan });
    return {
      kind: plan.changes || plan.refusals.length > 0 ? 'found' : plan.unknown.length > 0 ? 'unknown' : 'done',
      value: null,
    };
  }
  const { compiled, after } = planned.value;
  // The kernel tries the rules while they are proved.
  const rehearsed = rehearseChange(context, read, after.host, compiled, input.backend);
  const [{ refusals, sets, notes }] = await Promise.all([judge(context, read, planned.value), rehearsed]);
  const changed = sets.changed.map((name) => ({
    why: `somebody changed the set ${name}`,
    remedy: `run \`ipset destroy ${name}\` once nothing asks it`,
  }));
  const problems = [...refusals, ...changed].map(
    ({ why: message, remedy: hint }): Problem => ({ code: 'plan-refused', message, hint }),
  );
  for (const text of notes) await context.part({ kind: 'note', text });
  if (problems.length > 0) return { kind: 'unchanged', problems };
  return await carryOut(context, read, after.host, compiled, {
    seconds: input.timeout,
    yes: input.yes,
    reconnect: input.confirmByReconnect,
    rehearsed,
    backend: input.backend,
    policy: source.path,
    // A plan that was kept spares those who were there then; planned now, it may come to something else.
    basis: before !== null && policy.protect.bogons !== null ? null : basisOf(policy, source, read.host),
    emergency: emergencyFor(planned.value, read.host),
    wrongIn: (live: Host) => [...testRefusals(planned.value.policy, live), ...sessionRefusals(read.host, live)],
  });
}

function again(source: PolicyFile['source'], context: Context): Result<PolicyFile> {
  const policy = policyOf(source, context.clock.now() / 1000);
  return policy.ok ? { ok: true, value: { policy: policy.value, source } } : policy;
}

function unread(message: string, hint: string): Outcome<never> {
  return { kind: 'unread', problems: [{ code: 'unread', message, hint }] };
}

function invalid(problem: Problem): Outcome<never> {
  return { kind: 'invalid', problems: [problem] };
}
