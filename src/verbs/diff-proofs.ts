import type { Difference } from '../analysis/answers/index.ts';
import { createEvaluator, type Evaluator } from '../analysis/index.ts';
import type { Problem } from '../result.ts';
import type { BothProofs } from './diff-shapes.ts';
import type { Sides } from './diff-sides.ts';
import { type Claim, claimAmong, faultsOf, type Proof, type Proving, prove } from './proof/index.ts';
import type { Context } from './verb.ts';

type Witnessed = Difference & { readonly witness: NonNullable<Difference['witness']> };

/** Sends the packet of each difference through both rulesets: one rehearsal for each side and family. */
export async function proveDifferences(
  context: Context,
  proving: Sides['proving'],
  differences: readonly Difference[],
): Promise<{ readonly proofs: ReadonlyMap<Difference, BothProofs>; readonly faults: readonly Problem[] }> {
  const witnessed = differences.filter((one): one is Witnessed => one.witness !== null);
  const before = await proveSide(context, proving.before, witnessed, 'before');
  const after = await proveSide(context, proving.after, witnessed, 'after');
  const proofs = witnessed.map((one, index) => {
    const both = { before: before.proofs[index] ?? notSent, after: after.proofs[index] ?? notSent };
    return [one, both] as const;
  });
  return { proofs: new Map(proofs), faults: [...before.faults, ...after.faults] };
}

const notSent: Proof = { ran: false, why: 'nothing was sent' };

async function proveSide(context: Context, proving: Proving, differences: readonly Witnessed[], side: 'before' | 'after') {
  const evaluator = createEvaluator(proving.host);
  const claims = differences.map((difference) => claimOfSide(evaluator, difference, difference[side]));
  const sent = claims.filter((claim) => claim !== null);
  const shown = await prove(context, proving, sent);
  const faults = faultsOf(sent.map((claim, index) => ({ where: `diff, ${side}`, claim, proof: shown[index] ?? null })));
  const why = 'it leaves the way that is compared, and a rehearsal follows packets on that';
  const proofs = claims.map((claim): Proof => (claim === null ? { ran: false, why } : (shown[sent.indexOf(claim)] ?? notSent)));
  return { proofs, faults };
}

/** `null`: of a packet that takes another way nothing is claimed on this one. */
function claimOfSide(evaluator: Evaluator, { witness }: Witnessed, { verdict, decision }: Difference['before']): Claim | null {
  const { packet, assumed } = witness;
  const trace = evaluator.trace(packet);
  if (verdict === 'OTHER-WAY' || trace === null) return null;
  return claimAmong({ packet, trace }, verdict, decision?.by ?? null, assumed);
}
