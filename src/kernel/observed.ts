import type { RuleRef } from '../model/packet/index.ts';

/** What the kernel did with one packet. */
export type Observed =
  | {
      readonly kind: 'seen';
      /** ACCEPT: it has passed every table of its way. DROP: a rule or policy took it, rejecting it or in silence. */
      readonly verdict: 'ACCEPT' | 'DROP';
      /** The link by which it left; `null` when it did not. */
      readonly out: string | null;
      /** The link by which it was to leave when it came to FORWARD or OUTPUT; `null` when it came to neither. */
      readonly bound: string | null;
      /**
       * What gave the verdict, if rules were asked for: what dropped it, or for an accepted packet the decision of filter;
       * without a filter table the last accepting rule, else the last policy. `null` when no table stood in the way.
       */
      readonly decidedBy: RuleRef | null;
      /** Every rule that matched and every policy met, in order, if asked for. */
      readonly rules: readonly RuleRef[];
    }
  /** It met no verdict of its way: it could not be sent, or the kernel lost it or led it elsewhere before. */
  | { readonly kind: 'astray'; readonly why: string };

/** How far a packet was seen to come, as bits. */
export const marks = {
  /** PREROUTING is behind it. */
  routed: 1,
  /** It stands before INPUT, FORWARD or OUTPUT. */
  input: 2,
  forward: 4,
  output: 8,
  /** INPUT is behind it. */
  delivered: 16,
  /** POSTROUTING is behind it. */
  left: 32,
} as const;

/** The deciding one of the rules and policies that a packet met; see {@link Observed}. */
export function deciding(rules: readonly RuleRef[], accepted: boolean): RuleRef | null {
  if (!accepted) return rules.at(-1) ?? null;
  const filter = rules.findLast(({ table }) => table === 'filter');
  if (filter !== undefined) return filter;
  // The last word of each table on the way: a later one of the same table and chain supersedes it.
  const last = rules.filter(({ table }, index) => rules[index + 1]?.table !== table);
  return last.findLast(({ rule }) => rule !== 'policy') ?? last.at(-1) ?? null;
}
