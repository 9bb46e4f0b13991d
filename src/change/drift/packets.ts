import { compareRulesets, loopOf, type WholeComparison, wholePackets } from '../../analysis/answers/index.ts';
import { type Surroundings, surroundingsOf } from '../../analysis/evaluate/surroundings.ts';
import type { Host } from '../../model/host/index.ts';
import type { Family } from '../../model/net/index.ts';

/** What becomes of packets of one family, before and now. */
export type FamilyPackets =
  | ({ readonly kind: 'compared'; readonly family: Family } & WholeComparison)
  | { readonly kind: 'unknown'; readonly family: Family; readonly why: string };

/**
 * Which packets two states of one host treat differently, by its rules and sets. Links, addresses and routes are those of now: what else has
 * changed on the host is nobody's doing.
 *
 * @param most regions of each way that are named
 */
export function packetsBetween(before: Host, now: Host, family: Family, most: number): FamilyPackets {
  const [old, fresh] = [before.rulesets[family], now.rulesets[family]];
  if (!old.known || !fresh.known) {
    const why = fresh.known ? (old.known ? '' : old.why) : fresh.why;
    return { kind: 'unknown', family, why };
  }
  for (const ruleset of [old.value, fresh.value])
    if (loopOf(ruleset) !== null) return { kind: 'unknown', family, why: 'chains call each other in a circle' };
  const surroundings = surroundingsOf(now);
  const earlier: Surroundings = { ...surroundings, sets: surroundingsOf(before).sets };
  const comparison = compareRulesets(
    family,
    { ruleset: old.value, surroundings: earlier },
    { ruleset: fresh.value, surroundings },
    { most, within: () => wholePackets },
  );
  return { kind: 'compared', family, ...comparison };
}
