import { type Family, type Ranges, rangesOf, shared, without } from '../model/net/index.ts';
import type { Place } from '../result.ts';
import type { Addresses, Group, Item, Policy, Rule, Test } from './policy.ts';
import type { Situation } from './usual.ts';

/** Addresses that a rule does not shut out, although a list of others would have it. */
export interface Left {
  readonly at: Place;
  /** How the rule names whom it speaks of. */
  readonly text: string;
  readonly family: Family;
  readonly ranges: Ranges<bigint>;
}

type Sides = Readonly<Record<'from' | 'to', Readonly<Record<Family, Ranges<bigint>>>>>;

/**
 * The same policy, in which no list of others (a feed, a country) shuts out whom the policy itself lets in by name, connected networks,
 * or who manages the host now: whoever writes a feed, or writes into it, could otherwise shut the administrator out. What a rule or a set
 * of the policy denies by itself stays denied.
 */
export function sparing(
  policy: Policy,
  spared: Situation['spared'],
): { readonly policy: Policy; readonly left: readonly Left[] } {
  const left: Left[] = [];
  const lists = [policy.incoming, policy.forwarded, policy.outgoing, policy.docker ?? []].flat();
  const keep: Sides = { from: keptBy(lists, 'from', spared), to: keptBy(lists, 'to', spared) };
  const ruleSpared = (rule: Rule): Rule => ({
    ...rule,
    from: side(rule, 'from', rule.ending !== 'accept'),
    to: side(rule, 'to', rule.ending !== 'accept'),
  });
  const groupSpared = (group: Group): Group => ({
    ...group,
    from: side(group, 'from', shutsOut(group)),
    to: side(group, 'to', shutsOut(group)),
    items: items(group.items),
  });
  const items = (list: readonly Item[]): readonly Item[] =>
    list.map((item) => (item.kind === 'rule' ? ruleSpared(item) : item.kind === 'group' ? groupSpared(item) : item));
  const result: Policy = {
    ...policy,
    incoming: items(policy.incoming),
    forwarded: items(policy.forwarded),
    outgoing: items(policy.outgoing),
    docker: policy.docker?.map(ruleSpared) ?? null,
    // What a test says of a list is said of what is left of it.
    tests: policy.tests.map(
      (test): Test => (test.can ? test : { ...test, from: quietly(test, 'from'), to: quietly(test, 'to') }),
    ),
  };
  return { policy: result, left };

  function side(of: Rule | Group, name: 'from' | 'to', denies: boolean): Addresses | null {
    const addresses = of[name];
    if (addresses === null) return null;
    const changed = spare(addresses, keep[name], denies);
    for (const family of [4, 6] as const) {
      const ranges = changed.out[family];
      if (ranges.length > 0) left.push({ at: of.at, text: addresses.text, family, ranges });
    }
    return changed.addresses;
  }

  function quietly(test: Test, name: 'from' | 'to'): Addresses | null {
    const addresses = test[name];
    return addresses === null ? null : spare(addresses, keep[name], true).addresses;
  }
}

interface Spared {
  readonly addresses: Addresses;
  /** Whom it would have shut out. */
  readonly out: Readonly<Record<Family, Ranges<bigint>>>;
}

/** `denies`: those that the addresses mean are shut out, else the others are. */
function spare(addresses: Addresses, keep: Readonly<Record<Family, Ranges<bigint>>>, denies: boolean): Spared {
  const { ranges, listed, except } = addresses;
  const of = (family: Family): { readonly ranges: Ranges<bigint>; readonly out: Ranges<bigint> } => {
    const [all, others, kept] = [ranges[family], listed[family], keep[family]];
    const isListed = listed[4].length + listed[6].length > 0;
    if (denies !== except) {
      const out = shared(others, kept);
      return { ranges: out.length === 0 ? all : without(all, out), out };
    }
    // Everybody but a list is shut out: those who are not in it need a place in it.
    if (!denies || !isListed) return { ranges: all, out: [] };
    const out = without(kept, all);
    return { ranges: out.length === 0 ? all : rangesOf([...all, ...out]), out };
  };
  const [four, six] = [of(4), of(6)];
  return { addresses: { ...addresses, ranges: { 4: four.ranges, 6: six.ranges } }, out: { 4: four.out, 6: six.out } };
}

/** All rules of a list, also those of its groups. */
function rulesIn(items: readonly Item[]): readonly Rule[] {
  return items.flatMap((item) => (item.kind === 'rule' ? [item] : item.kind === 'group' ? rulesIn(item.items) : []));
}

/** Some rule of a group keeps out whom the group speaks of. */
function shutsOut(group: Group): boolean {
  return rulesIn(group.items).some(({ ending }) => ending !== 'accept');
}

/** Whom rules let in by name, in the policy's own words; and who and what is there now. */
function keptBy(
  items: readonly Item[],
  name: 'from' | 'to',
  spared: Situation['spared'],
): Readonly<Record<Family, Ranges<bigint>>> {
  const of = (family: Family): Ranges<bigint> => {
    const named = rulesIn(items).flatMap((item) => {
      if (item.ending !== 'accept') return [];
      const addresses = item[name];
      if (addresses === null || addresses.except) return [];
      return without(addresses.ranges[family], addresses.listed[family]);
    });
    return rangesOf([...named, ...spared[family]]);
  };
  return { 4: of(4), 6: of(6) };
}
