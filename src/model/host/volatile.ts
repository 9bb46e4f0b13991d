import type { IpSet } from './host.ts';

/** Options of the targets SET and of `recent`-like rules that let packets change a set (iptables-extensions(8), SET). */
const changing = /--(?:add|del)-set\s+("[^"\n]*"|\S+)/g;

/** Marks the sets that rules of these texts add to or delete from: what they hold is only as of the moment of reading. */
export function withVolatility(sets: ReadonlyMap<string, IpSet>, texts: readonly string[]): ReadonlyMap<string, IpSet> {
  const changed = new Set(
    texts.flatMap((text) => Array.from(text.matchAll(changing), ([, name = '']) => name.replace(/^"(.*)"$/, '$1'))),
  );
  return new Map(Array.from(sets, ([name, set]) => [name, changed.has(name) ? { ...set, volatile: true } : set]));
}
