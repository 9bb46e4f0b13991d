import type { Backend } from '../../model/host/index.ts';
import {
  builtinChains,
  type Chain,
  canonicalText,
  lineText,
  type Rule,
  type Ruleset,
  ruleMeaning,
  type Table,
} from '../../model/ruleset/index.ts';
import type { Difference, RuleDifference } from './difference.ts';
import type { Owner, Owners } from './owner.ts';
import { editsBetween, type Pair } from './sequence.ts';

/** Whose a built-in chain's policy is. */
export type PolicyOwner = (table: string, chain: string, before: string, after: string) => Owner;

/** Whether something of this owner's is somebody's to look at. */
export function isDrift(owner: Owner): boolean {
  return owner.kind === 'own' || owner.kind === 'unknown' || (owner.kind === 'program' && !owner.beside);
}

/**
 * Rules, chains and policies that tell two rulesets of one family and backend apart, without counters, chain by chain. A table that is not
 * there is one that accepts everything.
 */
export function rulesBetween(
  backend: Backend,
  before: Ruleset,
  after: Ruleset,
  owners: Owners,
  policyOwner: PolicyOwner,
): readonly Difference[] {
  if (before.text === after.text) return [];
  const names = [...new Set([...before.tables, ...after.tables].map(({ name }) => name))];
  return names.flatMap((table): readonly Difference[] => {
    const [old, now] = [before, after].map((ruleset) => ruleset.tables.find(({ name }) => name === table));
    const sides = { family: after.family, backend, table, before, after, owners };
    const chains = chainsOf(old, now).flatMap((chain): readonly Difference[] => {
      const [was, is] = [old?.chains.get(chain), now?.chains.get(chain)];
      return [...chainItself(sides, chain, was, is, policyOwner), ...rulesIn(sides, chain, was, is)];
    });
    const drift = chains.some((one) => one.drift);
    const owner = chains.find((one) => one.drift)?.owner ?? chains[0]?.owner;
    if (owner === undefined || (old !== undefined) === (now !== undefined)) return chains;
    const kind = old === undefined ? 'table-added' : 'table-removed';
    return [{ kind, family: after.family, backend, table, owner, drift }, ...chains];
  });
}

interface Sides {
  readonly family: Ruleset['family'];
  readonly backend: Backend;
  readonly table: string;
  readonly before: Ruleset;
  readonly after: Ruleset;
  readonly owners: Owners;
}

function chainsOf(old: Table | undefined, now: Table | undefined): readonly string[] {
  return [...new Set([...(old?.chains.keys() ?? []), ...(now?.chains.keys() ?? [])])];
}

/** Whether the chain is there, and its policy. */
function chainItself(
  { family, backend, table, owners }: Sides,
  chain: string,
  was: Chain | undefined,
  is: Chain | undefined,
  policyOwner: PolicyOwner,
): readonly Difference[] {
  const place = { family, backend, table, chain };
  if (builtinChains[table]?.includes(chain) === true) {
    const [before, after] = [was?.policy ?? 'ACCEPT', is?.policy ?? 'ACCEPT'];
    if (before === after) return [];
    const owner = policyOwner(table, chain, before, after);
    return [{ kind: 'policy-changed', ...place, before, after, owner, drift: isDrift(owner) }];
  }
  if ((was === undefined) === (is === undefined)) return [];
  const owner = owners.ofChain(chain);
  return [{ kind: was === undefined ? 'chain-added' : 'chain-removed', ...place, owner, drift: isDrift(owner) }];
}

/** One rule of a chain that is compared. */
interface Line {
  readonly ruleset: Ruleset;
  readonly rule: Rule;
  readonly key: string;
  readonly owner: Owner;
}

function rulesIn(sides: Sides, chain: string, was: Chain | undefined, is: Chain | undefined): readonly Difference[] {
  const { family, backend, table, before, after } = sides;
  const [old, now] = [was?.rules ?? [], is?.rules ?? []];
  const [oldTexts, nowTexts] = [old.map((rule) => bare(before, rule)), now.map((rule) => bare(after, rule))];
  // Most of a long chain is as it was, and is not looked at any closer.
  let start = 0;
  while (start < old.length && start < now.length && oldTexts[start] === nowTexts[start]) start += 1;
  let [oldEnd, nowEnd] = [old.length, now.length];
  while (oldEnd > start && nowEnd > start && oldTexts[oldEnd - 1] === nowTexts[nowEnd - 1])
    [oldEnd, nowEnd] = [oldEnd - 1, nowEnd - 1];
  if (start === oldEnd && start === nowEnd) return [];
  const shared = new Set(oldTexts.slice(start, oldEnd)).intersection(new Set(nowTexts.slice(start, nowEnd)));
  const lineOf = (ruleset: Ruleset) => (rule: Rule) => {
    const text = bare(ruleset, rule);
    const key = shared.has(text) ? text : canonicalText(ruleset, rule, backend);
    return { ruleset, rule, key, owner: sides.owners.ofRule(ruleset, table, rule) };
  };
  const [left, right] = [old.slice(start, oldEnd).map(lineOf(before)), now.slice(start, nowEnd).map(lineOf(after))];
  const weighed = (lines: readonly Line[]) => lines.map(({ key, owner }) => ({ key, weighs: isDrift(owner) }));
  const { kept, moved, removed, added } = editsBetween(weighed(left), weighed(right));
  const matters = orderMatters(left, right, kept, moved);
  const place = { family, backend, table, chain };
  const said = (of: RuleDifference, owner: Owner, drift: boolean): Difference => ({ ...of, owner, drift });
  const textOf = ({ ruleset, rule }: Line): string => lineText(ruleset, rule);
  return [
    ...removed.map((index) => {
      const line = left[index] as Line;
      const of = { kind: 'rule-removed', ...place, at: start + index + 1, text: textOf(line) } as const;
      return said(of, line.owner, isDrift(line.owner));
    }),
    ...moved.map(([from, to]) => {
      const line = right[to] as Line;
      const of = { kind: 'rule-moved', ...place, from: start + from + 1, at: start + to + 1, text: textOf(line) } as const;
      return said(of, line.owner, isDrift(line.owner) && (line.owner.kind === 'own' || matters(from, to)));
    }),
    ...added.map((index) => {
      const line = right[index] as Line;
      const of = { kind: 'rule-added', ...place, at: start + index + 1, text: textOf(line) } as const;
      return said(of, line.owner, isDrift(line.owner));
    }),
  ];
}

/** The rule as it stands in the text, without counters. */
function bare({ text }: Ruleset, { start, end }: Rule): string {
  return text.charCodeAt(start) === 91 ? text.slice(text.indexOf(']', start) + 2, end) : text.slice(start, end);
}

/** More pairs of rules than these are not looked at one by one: then any new order counts. */
const mostPairs = 4_000_000;

/**
 * Whether a rule has come before, or behind, one that does something else: between rules of the same verdict the order says nothing.
 * Only rules that weigh are asked, since programs put theirs where they like.
 */
function orderMatters(
  left: readonly Line[],
  right: readonly Line[],
  kept: readonly Pair[],
  moved: readonly Pair[],
): (from: number, to: number) => boolean {
  const pairs = [...kept, ...moved].filter(([from]) => isDrift((left[from] as Line).owner));
  if (pairs.length * moved.length > mostPairs) return () => true;
  const effects = new Map<number, string | null>();
  const effectAt = (index: number): string | null => {
    const known = effects.get(index);
    if (known !== undefined) return known;
    const effect = endOf(right[index] as Line);
    effects.set(index, effect);
    return effect;
  };
  return (from, to) => {
    const own = effectAt(to);
    return pairs.some(([was, is]) => (was - from) * (is - to) < 0 && (own === null || effectAt(is) !== own));
  };
}

/** What becomes of packets that meet the rule, in words that are the same for the same; `null` where it does more, or answers by chance. */
function endOf({ ruleset, rule }: Line): string | null {
  const { effect, uses } = ruleMeaning(ruleset, rule);
  if (effect.kind !== 'verdict' || uses.some(({ opaque }) => opaque)) return null;
  return `${effect.verdict} ${effect.verdict === 'REJECT' ? (uses.at(-1)?.text ?? '') : ''}`;
}
