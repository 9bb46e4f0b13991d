import type { Constraint } from '../../model/packet/index.ts';
import { type Chain, type Rule, type RuleMeaning, type Ruleset, ruleMeaning, type Table } from '../../model/ruleset/index.ts';
import { builtinChains } from '../builtins.ts';

/**
 * Names for rules whose answers are their own (limits, and whatever else no packet tells), by what they ask and by how many such
 * rules a packet could have come to before: rules that were moved to other chains, in their order, keep their names.
 *
 * @param counts rules that are looked at; others keep the names of their places
 */
export function namesIn(ruleset: Ruleset, counts: (table: Table, rule: Rule) => boolean): ReadonlyMap<Rule, string> {
  const names = new Map<Rule, string>();
  for (const table of ruleset.tables) {
    const seen = new Map<string, number>();
    const met = new Set<Chain>();
    const next = (key: string): number => {
      const count = (seen.get(key) ?? 0) + 1;
      seen.set(key, count);
      return count;
    };
    const visit = (chain: Chain): void => {
      if (met.has(chain)) return;
      met.add(chain);
      for (const rule of chain.rules) {
        if (!counts(table, rule)) continue;
        const { effect } = ruleMeaning(ruleset, rule);
        const target = effect.kind === 'jump' ? table.chains.get(effect.chain) : undefined;
        const words = lastingWords(ruleMeaning(ruleset, rule));
        if (words !== '') {
          names.set(rule, `${table.name} ${words} #${next(words)}`);
        } else if (target !== undefined) names.set(rule, `entry ${next(`into ${target.name}`)}`);
        if (target !== undefined) visit(target);
      }
    };
    for (const name of builtinChains[table.name] ?? []) {
      const chain = table.chains.get(name);
      if (chain !== undefined) visit(chain);
    }
  }
  return names;
}

const lasting: ReadonlySet<string> = new Set(['unknown', 'deliver', 'translate', 'netmap']);

/** What of a rule has answers of its own; empty where nothing has. */
function lastingWords({ constraint, effect, uses }: RuleMeaning): string {
  const asked =
    effect.kind === 'log' || effect.kind === 'continue' ? [] : ownTexts(constraint, ({ nature }) => nature === 'stateful');
  const drops = ownTexts(constraint, ({ hotdrop }) => hotdrop);
  const target = lasting.has(effect.kind) ? [uses.at(-1)?.text ?? effect.kind] : [];
  return [...new Set([...asked, ...drops, ...target])].join(' ');
}

type Opaque = Constraint & { readonly kind: 'opaque' };

function ownTexts(constraint: Constraint, is: (part: Opaque) => boolean): readonly string[] {
  switch (constraint.kind) {
    case 'opaque':
      return is(constraint) ? [constraint.text] : [];
    case 'all':
    case 'any':
      return constraint.of.flatMap((part) => ownTexts(part, is));
    case 'not':
      return ownTexts(constraint.of, is);
    default:
      return [];
  }
}
