import type { Family } from '../net/index.ts';
import type { FinalVerdict } from './effect.ts';

/** Names one rule; `rule` counts from 1 within its chain as iptables does, a chain's policy is `policy`. */
export interface RuleRef {
  readonly family: Family;
  readonly table: string;
  readonly chain: string;
  readonly rule: number | 'policy';
}

/** One rule that the packet met and matched, or may have matched. Rules that did not match are not listed. */
export interface Step extends RuleRef {
  readonly line: number | null;
  /** `continue`, `log`, `jump`, `goto`, `return`, `mark`, `dnat`, …, or the verdict in capitals. */
  readonly effect: string;
  /** True if a match that cannot be decided stands in the rule. */
  readonly maybe: boolean;
}

/** One way a packet may end, and the answers of the undecidable matches that lead there. */
export interface Ending {
  readonly when: Readonly<Record<string, boolean>>;
  readonly verdict: FinalVerdict;
  /** `null` when no rule and no policy stands in the way: no table is loaded. */
  readonly decidedBy: RuleRef | null;
  readonly line: number | null;
}

/** What becomes of one packet. */
export interface Trace {
  /** DEPENDS: it hangs on matches that the packet alone does not decide. UNDECIDED: more endings than the budget. */
  readonly verdict: FinalVerdict | 'DEPENDS' | 'UNDECIDED';
  readonly decidedBy: RuleRef | null;
  /** Line of the deciding rule in the ruleset's text. */
  readonly line: number | null;
  readonly path: readonly Step[];
  /** The matches that the verdict hangs on, as they stand in the rules. Empty when the verdict is certain. */
  readonly dependsOn: readonly string[];
  /** Every ending when the verdict is DEPENDS; otherwise empty. */
  readonly outcomes: readonly Ending[];
  /** What had to be taken for granted, as sentences. */
  readonly assumed: readonly string[];
}
