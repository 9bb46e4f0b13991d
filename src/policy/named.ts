import { type Family, type Ranges, rangesOf, without } from '../model/net/index.ts';
import type { Addresses, Item, Policy } from './policy.ts';

/**
 * Sources that a policy speaks of, by its sets and its rules: none of them is a bogon to it. What lists of others name counts where it is
 * let in alone.
 */
export function namedSources({ sets, incoming, forwarded, outgoing, docker }: Policy, family: Family): readonly Ranges<bigint>[] {
  const named = [...incoming, ...forwarded, ...outgoing, ...(docker ?? [])].flatMap((item) => sourcesOf(item, family));
  const own = [...sets.values()].filter(({ listed }) => !listed);
  return [...own.map(({ members }) => members[family]), ...named];
}

/** Sources that some rule lets in by name: nobody else's flood may keep them out. */
export function trustedSources({ incoming }: Policy, family: Family): Ranges<bigint> {
  const named = incoming.flatMap((item) =>
    item.kind === 'rule' && item.ending === 'accept' ? sourcesOf(item, family).flat() : [],
  );
  return rangesOf(named);
}

function sourcesOf(item: Item, family: Family): readonly Ranges<bigint>[] {
  if (item.kind === 'line') return [];
  const named = (from: Addresses): Ranges<bigint> =>
    item.kind === 'rule' && item.ending === 'accept' ? from.ranges[family] : without(from.ranges[family], from.listed[family]);
  const own = item.from === null || item.from.except ? [] : [named(item.from)];
  return item.kind === 'group' ? [...own, ...item.items.flatMap((one) => sourcesOf(one, family))] : own;
}
