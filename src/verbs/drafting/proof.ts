import { OverBudget } from '../../analysis/space/index.ts';
import { known } from '../../model/host/index.ts';
import { formatAddress } from '../../model/net/index.ts';
import { emptyRuleset } from '../../model/ruleset/index.ts';
import { type Policy, prove, readPolicy, runTests } from '../../policy/index.ts';
import { failed, ok, type Problem, problemLine, type Result } from '../../result.ts';
import type { InitJson } from '../init.ts';
import { sessionRefusals } from '../planning/index.ts';
import { type Planned, planFor } from '../policy-file.ts';
import type { HostAndSets } from '../reading.ts';
import type { Context } from '../verb.ts';

/**
 * Proves a drafted policy before anybody sees it: that its rules mean what it says, that its tests hold, and that whoever manages the
 * host now goes on. What does not hold beside the other rules of the host is said: somebody may be banned now, and apply looks again.
 */
export function proveDraft(context: Context, text: string, read: HostAndSets): Result<Omit<InitJson, 'policy' | 'text'>> {
  context.progress('proving the policy');
  const nothing = { file: () => null, fetched: () => ({ addresses: [], lacking: null }) };
  const loaded = readPolicy(text, 'the draft', { now: context.clock.now() / 1000, ...nothing });
  if (!loaded.ok) throw new Error(`the draft cannot be read: ${loaded.problems.map(problemLine).join(' ')}`);
  const { host } = read;
  const unknown: InitJson['unknown'][number][] = [];
  if (!host.sessions.known) unknown.push({ what: 'who manages this host now', ...whyOf(host.sessions) });
  if (!host.listeners.known) unknown.push({ what: 'what listens here', ...whyOf(host.listeners) });
  const bare = { ...host, rulesets: { 4: known(emptyRuleset(4, 'no rules')), 6: known(emptyRuleset(6, 'no rules')) } };
  const alone = planned(loaded.value, { host: bare, sets: known('') });
  const beside = planned(loaded.value, read);
  const problems: Problem[] = [];
  if (alone !== null) {
    const contradictions = failing(alone).map((message) => ({
      code: 'plan-refused' as const,
      message,
      hint: 'the answers contradict each other: give them anew',
    }));
    problems.push(...unfaithful(alone), ...contradictions, ...lockedOut(alone, read));
  }
  if (beside === null) {
    const lacking = ([4, 6] as const).map((family) => host.rulesets[family]).find((ruleset) => !ruleset.known);
    if (lacking?.known === false) unknown.push({ what: 'which rules this host has already', ...whyOf(lacking) });
  }
  if (problems.length > 0) return failed(...problems);
  return ok({
    tests: loaded.value.tests.length,
    failing: beside === null ? [] : [...failing(beside), ...lockedOut(beside, read).map(({ message }) => message)],
    sessions: host.sessions.known ? host.sessions.value.length : null,
    unknown,
  });
}

function planned(policy: Policy, read: HostAndSets): Planned | null {
  const made = planFor(policy, read);
  return made.known ? made.value : null;
}

/** A fault of ours: what it says must be what its rules do. */
function unfaithful({ policy, compiled, situation, alone }: Planned): readonly Problem[] {
  return prove(policy, compiled, situation, alone).ways.flatMap((way) =>
    way.kind !== 'differs'
      ? []
      : [
          {
            code: 'plan-refused' as const,
            message: `IPv${way.family} ${way.way}: the policy and its rules differ, a fault of palisade`,
            hint: 'please report it with the answers',
          },
        ],
  );
}

/** Tests that do not hold, in words. */
function failing({ policy, after }: Planned): readonly string[] {
  try {
    const results = runTests(policy, after.host);
    if (!results.known) return [];
    return results.value
      .filter(({ holds }) => !holds)
      .map(({ test, packet }) => {
        const shown =
          packet === null ? '' : `, as a packet from ${formatAddress({ family: packet.family, value: packet.src })} shows`;
        return `"${test.text}" does not hold${shown}`;
      });
  } catch (error) {
    if (!(error instanceof OverBudget)) throw error;
    return [`the tests are undecided: ${error.message}`];
  }
}

function lockedOut({ after }: Planned, before: HostAndSets): readonly Problem[] {
  return sessionRefusals(before.host, after.host).map(({ code, message }) => ({
    code,
    message,
    hint: 'name that address with --admins too',
  }));
}

function whyOf({ why, remedy }: { readonly why: string; readonly remedy: string }): { why: string; remedy: string } {
  return { why, remedy };
}
