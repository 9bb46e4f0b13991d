import { surroundingsOf } from '../../analysis/evaluate/surroundings.ts';
import { type Node, none, OverBudget } from '../../analysis/space/index.ts';
import { createSpace, type Firewall, type Space } from '../../analysis/symbolic/index.ts';
import type { Host } from '../../model/host/index.ts';
import type { Family } from '../../model/net/index.ts';
import type { Hook } from '../../model/packet/index.ts';
import { emptyRuleset, parseRuleset, printRuleset, type Ruleset } from '../../model/ruleset/index.ts';

/** What decides before what translates, and the other way round: an order is tried where the one before it is not safe. */
const orders: readonly (readonly string[])[] = [
  ['security', 'filter', 'raw', 'mangle', 'nat'],
  ['nat', 'mangle', 'raw', 'security', 'filter'],
  ['raw', 'nat', 'mangle', 'security', 'filter'],
];

/**
 * An order in which the tables of a family can be written one after the other: between any two, no packet is let through that neither
 * the old nor the new rules let through, and none is kept out that both let through. `null` where no order is known to be so.
 *
 * @param host as it is to be; sets and facts count for both rulesets.
 */
export function safeOrder(
  host: Host,
  family: Family,
  before: Ruleset,
  after: Ruleset,
  tables: readonly string[],
): readonly string[] | null {
  const [first = []] = orders;
  if (tables.length < 2) return first;
  return (
    orders.find((order) =>
      isSafe(
        host,
        family,
        before,
        after,
        order.filter((table) => tables.includes(table)),
      ),
    ) ?? null
  );
}

function isSafe(host: Host, family: Family, before: Ruleset, after: Ruleset, order: readonly string[]): boolean {
  const between = order.slice(0, -1).map((_, index) => mixed(before, after, new Set(order.slice(0, index + 1))));
  const surroundings = surroundingsOf(host);
  try {
    const space = createSpace(
      family,
      [before, after, ...between].map((ruleset) => ({ ruleset, surroundings })),
    );
    const [old, now, ...steps] = space.firewalls;
    if (old === undefined || now === undefined) throw new Error('a space of two firewalls has fewer');
    return (['input', 'forward', 'output'] as const).every((hook) =>
      steps.every((step) => isBetween(space, hook, old, step, now)),
    );
  } catch (error) {
    if (error instanceof OverBudget) return false;
    throw error;
  }
}

function isBetween(space: Space, hook: Hook, old: Firewall, step: Firewall, now: Firewall): boolean {
  const { diagram } = space;
  const accepted = ({ way }: Firewall): Node =>
    diagram.where(way(hook).verdicts, (value) => {
      const end = value === 0 ? null : space.endings.of(value);
      return end === null || (end.kind === 'decided' && end.decision.verdict === 'ACCEPT');
    });
  const [one, middle, other] = [old, step, now].map(accepted) as [Node, Node, Node];
  const possible = [old, step, now].reduce<Node>(
    (all, firewall) => diagram.mask(all, firewall.possible(hook)),
    diagram.not(none),
  );
  const tooMuch = diagram.mask(possible, diagram.without(middle, diagram.first(one, other)));
  const tooLittle = diagram.mask(possible, diagram.without(diagram.mask(one, other), middle));
  return tooMuch === none && tooLittle === none;
}

/** The rules with some tables as they are to be, and all others as they are. */
function mixed(before: Ruleset, after: Ruleset, changed: ReadonlySet<string>): Ruleset {
  const blocks = (ruleset: Ruleset): ReadonlyMap<string, string> =>
    new Map([...printRuleset(ruleset).matchAll(/^\*(\S+)\n[\s\S]*?^COMMIT$/gm)].map(([text, name = '']) => [name, text]));
  const [old, now] = [blocks(before), blocks(after)];
  const texts = [...new Set([...old.keys(), ...now.keys()])].flatMap((name) => (changed.has(name) ? now : old).get(name) ?? []);
  if (texts.length === 0) return emptyRuleset(before.family, 'between');
  const parsed = parseRuleset(`${texts.join('\n')}\n`, { family: before.family, file: 'between' });
  if (!parsed.ok) throw new Error('tables of two rulesets do not read as one');
  return { ...parsed.value, writer: after.writer ?? before.writer };
}
