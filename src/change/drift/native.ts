import type { BaseChain, Host, NativeRule } from '../../model/host/index.ts';
import type { Family } from '../../model/net/index.ts';
import type { Difference } from './difference.ts';
import { isDrift, type Owners } from './owner.ts';

/** Rules that nft made by itself among those of iptables: nobody but a person, or a stranger, does that. */
export function intrudersBetween(before: Host, after: Host, family: Family): readonly Difference[] {
  const [old, now] = [before.nativeRules[family], after.nativeRules[family]];
  if (!old.known || !now.known) return [];
  const keyOf = ({ table, chain, handle }: NativeRule): string => `${table} ${chain} ${handle}`;
  const missing = (of: readonly NativeRule[], other: readonly NativeRule[]): readonly NativeRule[] => {
    const keys = new Set(other.map(keyOf));
    return of.filter((rule) => !keys.has(keyOf(rule)));
  };
  const said =
    (kind: 'native-added' | 'native-removed') =>
    ({ table, chain, handle, why }: NativeRule): Difference => ({
      kind,
      family,
      chain: `${table} ${chain}`,
      handle,
      what: why,
      owner: { kind: 'unknown' },
      drift: true,
    });
  return [
    ...missing(old.value, now.value).map(said('native-removed')),
    ...missing(now.value, old.value).map(said('native-added')),
  ];
}

/**
 * What tells the nft tables apart that iptables did not make: base chains, which alone see packets, and anything else in a table that has
 * one. Counters do not count, nor members of sets that packets or time change.
 */
export function nativeBetween(
  before: { readonly host: Host; readonly foreignNft: string },
  after: { readonly host: Host; readonly foreignNft: string },
  owners: Owners,
): readonly Difference[] {
  const [old, now] = [hooksOf(before.host), hooksOf(after.host)];
  if (old === null || now === null) return [];
  const told = new Set<string>();
  const hooks = [...new Set([...old.keys(), ...now.keys()])].flatMap((chain): readonly Difference[] => {
    const [was, is] = [old.get(chain), now.get(chain)];
    const base = (was ?? is) as BaseChain;
    const owner = owners.ofTable(base.table);
    const more = { chain, owner, drift: isDrift(owner) };
    const [then, then2] = [was && hookWords(was), is && hookWords(is)];
    if (then === then2) return [];
    told.add(`${base.family} ${base.table}`);
    if (then === undefined) return [{ kind: 'hook-added', what: then2 ?? '', ...more }];
    if (then2 === undefined) return [{ kind: 'hook-removed', what: then, ...more }];
    return [{ kind: 'hook-changed', before: then, after: then2, ...more }];
  });
  if (before.foreignNft === after.foreignNft) return hooks;
  const seeing = new Set([...old.values(), ...now.values()].map(({ family, table }) => `${family} ${table}`));
  const [texts, others] = [tablesIn(before.foreignNft), tablesIn(after.foreignNft)];
  const changed = [...seeing].filter((table) => !told.has(table) && texts.get(table) !== others.get(table));
  return [
    ...hooks,
    ...changed.map((table): Difference => {
      const owner = owners.ofTable(table.split(' ')[1] ?? '');
      return { kind: 'nft-changed', table, owner, drift: isDrift(owner) };
    }),
  ];
}

function hooksOf({ foreignChains }: Host): ReadonlyMap<string, BaseChain> | null {
  if (!foreignChains.known) return null;
  return new Map(foreignChains.value.map((chain) => [`${chain.family} ${chain.table} ${chain.chain}`, chain]));
}

function hookWords({ type, hook, priority, policy, rules }: BaseChain): string {
  return `${type} at ${hook}, priority ${priority}, policy ${policy}, ${rules} ${rules === 1 ? 'rule' : 'rules'}`;
}

/** Each table of `nft list ruleset` by its name, without what changes by itself. */
function tablesIn(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split(/^(?=table )/m).map((block) => {
      const [, family = '', name = ''] = /^table (\S+) (\S+)/.exec(block) ?? [];
      const plain = block
        .replace(/\bcounter packets \d+ bytes \d+/g, 'counter')
        .replace(/\bused \d+ \w+/g, 'used')
        // Sets whose members packets put there, or that leave by themselves.
        .replace(/^\t(?:set|map|meter) [^\n]*\{\n(?:\t\t[^\n]*\n)*?\t\}\n/gm, (set) =>
          /^\t\t(?:flags [^\n]*\b(?:dynamic|timeout)\b|timeout )/m.test(set)
            ? set.replace(/^\t\telements = \{[^}]*\}\n/m, '')
            : set,
        );
      return [`${family} ${name}`, plain] as const;
    }),
  );
}
