import { type Chain, type Ruleset, ruleText } from '../../model/ruleset/index.ts';
import { rulesOf, type UnderstoodRule } from '../evaluate/rules.ts';

/**
 * Names rules by what they ask and how many before them in the chain ask the same. Rules that were put in before them leave
 * such a name as it is, so that the limit of a rule is the same limit in two rulesets that both have it.
 */
export interface Occurrences {
  nameOf(chain: Chain, rule: UnderstoodRule): string;
}

export function createOccurrences(ruleset: Ruleset, isNamed: (rule: UnderstoodRule) => boolean): Occurrences {
  const known = new Map<Chain, ReadonlyMap<UnderstoodRule, string>>();
  return {
    nameOf(chain, rule) {
      let names = known.get(chain);
      if (names === undefined) {
        names = namesOf(rulesOf(ruleset, chain).filter(isNamed));
        known.set(chain, names);
      }
      return names.get(rule) ?? `rule ${rule.rule.number}`;
    },
  };

  function namesOf(rules: readonly UnderstoodRule[]): ReadonlyMap<UnderstoodRule, string> {
    const counts = new Map<string, number>();
    const names = new Map<UnderstoodRule, string>();
    for (const rule of rules) {
      const asks = conditionsOf(ruleText(ruleset, rule.rule));
      const count = (counts.get(asks) ?? 0) + 1;
      counts.set(asks, count);
      names.set(rule, `${asks} #${count}`);
    }
    return names;
  }
}

/** A rule's text before its target: `-A INPUT -m limit …`. */
function conditionsOf(text: string): string {
  const target = Math.max(text.lastIndexOf(' -j '), text.lastIndexOf(' -g '));
  return target < 0 ? text : text.slice(0, target);
}
