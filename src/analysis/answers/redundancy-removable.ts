import type { Constraint } from '../../model/packet/index.ts';
import type { Ruleset, Table } from '../../model/ruleset/index.ts';
import { rulesOf, type UnderstoodRule } from '../evaluate/rules.ts';

/** Whether a rule is there for its verdict alone, so that nothing else is lost with it: see {@link createRemovable}. */
export type Removable = (table: Table, rule: UnderstoodRule) => boolean;

/**
 * Not removable are rules that report, change or hand over packets, those whose matches keep count of what they see (recent,
 * limit, quota), and calls of chains with any such rule.
 */
export function createRemovable(ruleset: Ruleset): Removable {
  const known = new Map<UnderstoodRule, boolean>();
  const isRemovable: Removable = (table, rule) => {
    const before = known.get(rule);
    if (before !== undefined) return before;
    // Chains that call each other in a circle are no kernel's.
    known.set(rule, false);
    const made = !rule.hotdrop && !keepsCount(rule.constraint) && hasVerdictOnly(table, rule);
    known.set(rule, made);
    return made;
  };
  return isRemovable;

  function hasVerdictOnly(table: Table, { effect }: UnderstoodRule): boolean {
    switch (effect.kind) {
      case 'return':
        return true;
      case 'verdict':
        return effect.verdict === 'ACCEPT' || effect.verdict === 'DROP' || effect.verdict === 'REJECT';
      case 'jump': {
        const target = table.chains.get(effect.chain);
        return target !== undefined && rulesOf(ruleset, target).every((rule) => isRemovable(table, rule) || isIdle(rule));
      }
      default:
        return false;
    }
  }

  function isIdle({ effect, constraint, hotdrop }: UnderstoodRule): boolean {
    return effect.kind === 'continue' && !hotdrop && !keepsCount(constraint);
  }
}

function keepsCount(constraint: Constraint): boolean {
  switch (constraint.kind) {
    case 'all':
    case 'any':
      return constraint.of.some(keepsCount);
    case 'not':
      return keepsCount(constraint.of);
    default:
      return constraint.kind === 'opaque' && (constraint.nature === 'stateful' || constraint.unknown);
  }
}
