import { canonicalText, type Ruleset } from '../model/ruleset/index.ts';

/** One chain's policy, and its rules as the kernel prints them. */
export interface PlainChain {
  readonly table: string;
  readonly name: string;
  readonly policy: string;
  readonly rules: readonly string[];
}

type Backend = 'nft' | 'legacy';

const kept = new WeakMap<Ruleset, Map<Backend, ReadonlyMap<string, PlainChain>>>();

/** Every chain in the words of one backend, by table and name; worked out once. */
export function plainChains(ruleset: Ruleset, backend: Backend): ReadonlyMap<string, PlainChain> {
  const of = kept.get(ruleset) ?? new Map<Backend, ReadonlyMap<string, PlainChain>>();
  kept.set(ruleset, of);
  const found = of.get(backend) ?? read(ruleset, backend);
  of.set(backend, found);
  return found;
}

function read(ruleset: Ruleset, backend: Backend): ReadonlyMap<string, PlainChain> {
  const chains = new Map<string, PlainChain>();
  for (const table of ruleset.tables) {
    for (const { name, policy, rules } of table.chains.values()) {
      const lines = rules.map((rule) => canonicalText(ruleset, rule, backend));
      chains.set(`${table.name} ${name}`, { table: table.name, name, policy: policy ?? '-', rules: lines });
    }
  }
  return chains;
}

/** The text without comments and counters: the same for rulesets that differ in nothing else. */
export function bareText({ text }: Ruleset): string {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.replace(/^(:\S+ \S+) \[\d+:\d+\]|^\[\d+:\d+\] /, (_, chain?: string) => chain ?? ''))
    .join('\n');
}

/** Chains that hold nothing and accept are left out: they do nothing. */
export function sameChains(one: ReadonlyMap<string, PlainChain>, other: ReadonlyMap<string, PlainChain>): boolean {
  const acting = (chains: ReadonlyMap<string, PlainChain>): readonly [string, PlainChain][] =>
    [...chains].filter(([, { policy, rules }]) => rules.length > 0 || policy === 'DROP');
  const [left, right] = [acting(one), acting(other)];
  return (
    left.length === right.length &&
    left.every(([key, chain]) => {
      const there = other.get(key);
      return (
        there !== undefined &&
        there.policy === chain.policy &&
        there.rules.length === chain.rules.length &&
        chain.rules.every((rule, index) => rule === there.rules[index])
      );
    })
  );
}

/**
 * The chains of both without the rules that they begin and end with alike, as two texts to load; what packets meet in them is a
 * hint where the two differ, and no more.
 *
 * @param policy for built-in chains whose policy is the same in both; `null` leaves it.
 */
export function narrowed(
  one: ReadonlyMap<string, PlainChain>,
  other: ReadonlyMap<string, PlainChain>,
  policy: 'ACCEPT' | 'DROP' | null,
): readonly [string, string] {
  const tables = new Map<string, readonly [string[], string[]]>();
  for (const key of new Set([...one.keys(), ...other.keys()])) {
    const [left, right] = [one.get(key), other.get(key)];
    const { table, name } = (left ?? right) as PlainChain;
    const [before, after] = apart(left?.rules ?? [], right?.rules ?? []);
    const texts = tables.get(table) ?? [[], []];
    tables.set(table, texts);
    const alike = left?.policy === right?.policy;
    for (const [index, [chain, rules]] of [[left, before] as const, [right, after] as const].entries()) {
      if (chain === undefined) continue;
      const said = chain.policy !== '-' && alike && policy !== null ? policy : chain.policy;
      (texts[index] as string[]).push(`:${name} ${said} [0:0]`, ...rules);
    }
  }
  const write = (side: 0 | 1): string =>
    [...tables]
      .map(([table, texts]) => {
        const lines = texts[side];
        const declared = lines.filter((line) => line.startsWith(':'));
        return [`*${table}`, ...declared, ...lines.filter((line) => !line.startsWith(':')), 'COMMIT', ''].join('\n');
      })
      .join('');
  return [write(0), write(1)];
}

function apart(left: readonly string[], right: readonly string[]): readonly [readonly string[], readonly string[]] {
  const most = Math.min(left.length, right.length);
  let start = 0;
  while (start < most && left[start] === right[start]) start += 1;
  let end = 0;
  while (end < most - start && left[left.length - 1 - end] === right[right.length - 1 - end]) end += 1;
  return [left.slice(start, left.length - end), right.slice(start, right.length - end)];
}
