import type { Witness } from '../../audit/finding.ts';
import type { Observed } from '../../kernel/index.ts';
import { type Ending, type FinalVerdict, type Packet, packetToJson, type RuleRef, type Trace } from '../../model/packet/index.ts';
import type { Ruleset } from '../../model/ruleset/index.ts';
import type { Problem } from '../../result.ts';
import type { ProofJson } from '../shapes.ts';

/** What palisade says of one packet, for the kernel to confirm. */
export interface Claim {
  readonly packet: Packet;
  readonly verdict: Trace['verdict'];
  readonly decidedBy: RuleRef | null;
  /** False where a match that no packet tells stands on its way: the same verdict may then come by another rule. */
  readonly byThatRule: boolean;
  /** Every way it may end, where that depends. */
  readonly outcomes: readonly Ending[];
  /** Matches that must answer as the claim has it, and whose answer no packet tells. */
  readonly hangsOn: readonly string[];
}

/** What a trace of the packet claims; its path must not have been left out. */
export function claimOf({ packet, trace }: Pick<Witness, 'packet' | 'trace'>): Claim {
  const { verdict, decidedBy, outcomes, path } = trace;
  return { packet, verdict, decidedBy, byThatRule: !path.some(({ maybe }) => maybe), outcomes, hangsOn: [] };
}

/** One of the ways that a trace leaves open, taken by certain answers of its matches; the trace itself where it leaves none. */
export function claimAmong(
  shown: Pick<Witness, 'packet' | 'trace'>,
  verdict: FinalVerdict,
  decidedBy: RuleRef | null,
  assumed: readonly { readonly text: string }[],
): Claim {
  const isOpen = shown.trace.verdict === 'DEPENDS' || shown.trace.verdict === 'UNDECIDED';
  const hangsOn = isOpen ? assumed.map(({ text }) => text) : [];
  return { ...claimOf(shown), verdict, decidedBy, hangsOn };
}

/** What the kernel did with the packet, when it was sent through the rules in a rehearsal. */
export type Proof = ProofJson;

type Seen = Extract<Observed, { kind: 'seen' }>;

/** Whether the kernel ended with the packet in a way that is claimed, by the same rule. */
export function agrees({ verdict, decidedBy, byThatRule, outcomes }: Claim, seen: Seen, ruleset: Ruleset): boolean {
  if (verdict === 'UNDECIDED') return false;
  const endings: readonly Pick<Ending, 'when' | 'verdict' | 'decidedBy'>[] =
    verdict === 'DEPENDS' ? outcomes : [{ when: {}, verdict, decidedBy }];
  return endings.some(
    (ending) =>
      (ending.verdict === 'ACCEPT') === (seen.verdict === 'ACCEPT') &&
      (isByIt(ending, seen, ruleset) || isHotdrop(ending) || (verdict !== 'DEPENDS' && !byThatRule)),
  );
}

/** Several tables accept a packet, each by a rule or policy: of one that is accepted it is enough to have met the one that is named. */
function isByIt({ verdict, decidedBy }: Pick<Ending, 'verdict' | 'decidedBy'>, seen: Seen, ruleset: Ruleset): boolean {
  if (isUnsaid(seen.decidedBy, ruleset) || isSame(decidedBy, seen.decidedBy)) return true;
  return verdict === 'ACCEPT' && seen.rules.some((met) => isSame(decidedBy, met));
}

/** Of a match that drops by itself the kernel’s tracing says nothing: it names the rule that was met before. */
function isHotdrop({ when }: Pick<Ending, 'when'>): boolean {
  return Object.entries(when).some(([match, holds]) => holds && match.endsWith('(drops the packet itself)'));
}

/** The policy of a chain that the text does not have and the kernel has all the same: nothing was claimed of it. */
function isUnsaid(met: RuleRef | null, ruleset: Ruleset): boolean {
  if (met?.rule !== 'policy') return false;
  const table = ruleset.tables.find(({ name }) => name === met.table);
  return table?.chains.get(met.chain)?.policy == null;
}

function isSame(claimed: RuleRef | null, met: RuleRef | null): boolean {
  return claimed?.table === met?.table && claimed?.chain === met?.chain && claimed?.rule === met?.rule;
}

/** One claim, what made it (such as a finding), and what came of it. */
export interface Proved {
  readonly where: string;
  readonly claim: Claim;
  readonly proof: Proof | null;
}

/** What is to be reported: of each claim on which the kernel disagrees, what palisade said and what the kernel did. */
export function faultsOf(proved: readonly Proved[]): readonly Problem[] {
  return proved.flatMap(({ where, claim: { packet, verdict, decidedBy }, proof }): readonly Problem[] => {
    if (proof === null || !proof.ran || proof.agrees) return [];
    return [
      {
        code: 'kernel-disagrees',
        message: `${where}: of the packet ${JSON.stringify(packetToJson(packet))} palisade says ${byWhom(verdict, decidedBy)}, and the kernel did ${byWhom(proof.kernel, proof.decidedBy)}`,
        hint: 'this is a fault of palisade: please report it, with the rules',
      },
    ];
  });
}

function byWhom(verdict: string, by: RuleRef | null): string {
  return by === null ? verdict : `${verdict} by IPv${by.family} ${by.table} ${by.chain} ${by.rule}`;
}
