import { surroundingsOf } from '../../analysis/evaluate/surroundings.ts';
import { type Node, none, OverBudget } from '../../analysis/space/index.ts';
import { createSpace, type Firewall, type Space } from '../../analysis/symbolic/index.ts';
import type { Host } from '../../model/host/index.ts';
import type { Family } from '../../model/net/index.ts';
import type { Hook } from '../../model/packet/index.ts';
import { lineText, parseRuleset, type Rule, type Ruleset } from '../../model/ruleset/index.ts';

const hooks = ['input', 'forward', 'output'] as const satisfies readonly Hook[];

/** More rules of strangers at once are left to somebody who looks at them. */
const mostStrange = 24;

/**
 * Which of some rules let packets in that were kept out: by themselves, or together with others of them. `null` where that cannot be told.
 *
 * @param before the host without what drifted
 * @param strange rules of `now`
 */
export function admittingAmong(before: Host, now: Host, family: Family, strange: readonly Rule[]): readonly Rule[] | null {
  const [old, fresh] = [before.rulesets[family], now.rulesets[family]];
  if (strange.length === 0) return [];
  if (!old.known || !fresh.known || strange.length > mostStrange) return null;
  const surroundings = surroundingsOf(now);
  const earlier = { ...surroundings, sets: surroundingsOf(before).sets };
  const without = (rules: readonly Rule[]): Ruleset => rulesetWithout(fresh.value, new Set(rules));
  const bare = without(strange);
  const admits = (rule: Rule): boolean => {
    const others = strange.filter((one) => one !== rule);
    const space = createSpace(family, [
      { ruleset: old.value, surroundings: earlier },
      ...[fresh.value, without([rule]), bare, without(others)].map((ruleset) => ({ ruleset, surroundings })),
    ]);
    return hooks.some((hook) => meets(space, hook));
  };
  try {
    return strange.filter(admits);
  } catch (error) {
    if (error instanceof OverBudget) return null;
    throw error;
  }
}

/** Of rules before, now, without one of them, without all that are strange, and with the one alone: whether the one lets in what is new. */
function meets({ diagram, endings, firewalls }: Space, hook: Hook): boolean {
  const accepted = ({ way }: Firewall): Node =>
    diagram.where(way(hook).verdicts, (value) => {
      const end = value === 0 ? null : endings.of(value);
      return end === null || (end.kind === 'decided' && end.decision.verdict === 'ACCEPT');
    });
  const [old, now, less, bare, alone] = firewalls.map(accepted) as [Node, Node, Node, Node, Node];
  const possible = firewalls.reduce<Node>((all, firewall) => diagram.mask(all, firewall.possible(hook)), diagram.not(none));
  const fresh = diagram.mask(possible, diagram.without(now, old));
  const byIt = diagram.first(diagram.without(now, less), diagram.without(alone, bare));
  return diagram.mask(fresh, byIt) !== none;
}

function rulesetWithout(ruleset: Ruleset, left: ReadonlySet<Rule>): Ruleset {
  const text = ruleset.tables
    .map(({ name, chains, rules }) =>
      [
        `*${name}`,
        ...[...chains.values()].map((chain) => `:${chain.name} ${chain.policy ?? '-'} [0:0]`),
        ...rules.filter((rule) => !left.has(rule)).map((rule) => lineText(ruleset, rule)),
        'COMMIT',
        '',
      ].join('\n'),
    )
    .join('');
  const parsed = parseRuleset(text, { family: ruleset.family, file: 'without what is strange' });
  if (!parsed.ok) throw new Error('rules without some of them do not read again');
  return { ...parsed.value, writer: ruleset.writer };
}
