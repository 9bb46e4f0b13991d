import type { Backend } from '../../model/host/index.ts';
import { canonicalText, lineText, type Rule, type Ruleset, ruleMeaning } from '../../model/ruleset/index.ts';
import type { Difference, RuleDifference } from './difference.ts';
import { isDrift, type Owner, type Owners } from './owner.ts';
import { type Edits, editsBetween } from './sequence.ts';

/** One chain in two rulesets. */
export interface TwoChains {
  readonly backend: Backend;
  readonly table: string;
  readonly chain: string;
  readonly before: Side;
  readonly after: Side;
}

interface Side {
  readonly ruleset: Ruleset;
  readonly rules: readonly Rule[];
}

export interface ChainDrift {
  readonly differences: readonly Difference[];
  /** The rules as they now stand, but for what drifted, which is as it was. */
  readonly undone: () => readonly string[];
}

/** One rule that is compared. */
interface Line {
  readonly ruleset: Ruleset;
  readonly rule: Rule;
  readonly key: string;
  readonly owner: Owner;
}

/** What tells the rules of one chain apart, without counters; `null`: nothing. */
export function chainBetween({ backend, table, chain, before, after }: TwoChains, owners: Owners): ChainDrift | null {
  const [oldTexts, nowTexts] = [before, after].map(({ ruleset, rules }) => rules.map((rule) => bareText(ruleset, rule)));
  if (oldTexts === undefined || nowTexts === undefined) return null;
  // Most of a long chain is as it was, and is not looked at any closer.
  let start = 0;
  while (start < oldTexts.length && start < nowTexts.length && oldTexts[start] === nowTexts[start]) start += 1;
  let [oldEnd, nowEnd] = [oldTexts.length, nowTexts.length];
  while (oldEnd > start && nowEnd > start && oldTexts[oldEnd - 1] === nowTexts[nowEnd - 1])
    [oldEnd, nowEnd] = [oldEnd - 1, nowEnd - 1];
  if (start === oldEnd && start === nowEnd) return null;
  const shared = new Set(oldTexts.slice(start, oldEnd)).intersection(new Set(nowTexts.slice(start, nowEnd)));
  const lines = ({ ruleset, rules }: Side, end: number): readonly Line[] =>
    rules.slice(start, end).map((rule) => {
      const text = bareText(ruleset, rule);
      const key = shared.has(text) ? text : canonicalText(ruleset, rule, backend);
      return { ruleset, rule, key, owner: owners.ofRule(ruleset, table, rule) };
    });
  const [left, right] = [lines(before, oldEnd), lines(after, nowEnd)];
  const weighed = (of: readonly Line[]) => of.map(({ key, owner }) => ({ key, weighs: isDrift(owner) }));
  const edits = editsBetween(weighed(left), weighed(right));
  const drifts = driftIn(left, right, edits);
  const place = { family: after.ruleset.family, backend, table, chain };
  const said = (of: RuleDifference, { owner }: Line, drift: boolean): Difference => ({ ...of, owner, drift });
  return {
    differences: [
      ...edits.removed.map((index) => {
        const line = left[index] as Line;
        const of = { kind: 'rule-removed', ...place, at: start + index + 1, text: textOf(line) } as const;
        return said(of, line, isDrift(line.owner));
      }),
      ...edits.moved.map(([from, to]) => {
        const line = right[to] as Line;
        const of = { kind: 'rule-moved', ...place, from: start + from + 1, at: start + to + 1, text: textOf(line) } as const;
        return said(of, line, drifts(from, to));
      }),
      ...edits.added.map((index) => {
        const line = right[index] as Line;
        const of = { kind: 'rule-added', ...place, at: start + index + 1, text: textOf(line) } as const;
        return said(of, line, isDrift(line.owner));
      }),
    ],
    undone: () => [...nowTexts.slice(0, start), ...undone(left, right, edits, drifts), ...nowTexts.slice(nowEnd)],
  };
}

function textOf({ ruleset, rule }: Line): string {
  return lineText(ruleset, rule);
}

/** The rule as it stands in the text, without counters. */
export function bareText({ text }: Ruleset, { start, end }: Rule): string {
  return text.charCodeAt(start) === 91 ? text.slice(text.indexOf(']', start) + 2, end) : text.slice(start, end);
}

/** Whether a rule that has moved did so to somebody's concern. */
type Drifts = (from: number, to: number) => boolean;

/** More pairs of rules than these are not looked at one by one: then any new order counts. */
const mostPairs = 4_000_000;

/**
 * A rule has moved if it came before, or behind, one that does something else: between rules of the same verdict the order says nothing.
 * Only rules that weigh are asked, since programs put theirs where they like. Of palisade's own any order but its own counts.
 */
function driftIn(left: readonly Line[], right: readonly Line[], { kept, moved }: Edits): Drifts {
  const pairs = [...kept, ...moved].filter(([from]) => isDrift((left[from] as Line).owner));
  const ends = new Map<number, string | null>();
  const endAt = (index: number): string | null => {
    const known = ends.get(index);
    if (known !== undefined) return known;
    const end = endOf(right[index] as Line);
    ends.set(index, end);
    return end;
  };
  return (from, to) => {
    const { owner } = right[to] as Line;
    if (!isDrift(owner)) return false;
    if (owner.kind === 'own' || pairs.length * moved.length > mostPairs) return true;
    const own = endAt(to);
    return pairs.some(([was, is]) => (was - from) * (is - to) < 0 && (own === null || endAt(is) !== own));
  };
}

/** What becomes of packets that meet the rule, in words that are the same for the same; `null` where it does more, or answers by chance. */
function endOf({ ruleset, rule }: Line): string | null {
  const { effect, uses } = ruleMeaning(ruleset, rule);
  if (effect.kind !== 'verdict' || uses.some(({ opaque }) => opaque)) return null;
  return `${effect.verdict} ${effect.verdict === 'REJECT' ? (uses.at(-1)?.text ?? '') : ''}`;
}

/** The new list without what drifted: what is gone stands again behind what it stood behind, and behind what programs put there. */
function undone(left: readonly Line[], right: readonly Line[], edits: Edits, drifts: Drifts): readonly string[] {
  const stays = new Map(edits.kept.map(([from, to]) => [from, to]));
  const back = new Set(edits.removed.filter((index) => isDrift((left[index] as Line).owner)));
  const out = new Set(edits.added.filter((index) => isDrift((right[index] as Line).owner)));
  for (const [from, to] of edits.moved) {
    if (!drifts(from, to)) continue;
    back.add(from);
    out.add(to);
  }
  const made: string[] = [];
  let next = 0;
  const goTo = (end: number): void => {
    for (; next < end; next += 1) if (!out.has(next)) made.push(textOf(right[next] as Line));
  };
  for (const [index, line] of left.entries()) {
    const at = stays.get(index);
    if (at !== undefined) goTo(at + 1);
    else if (back.has(index)) {
      while (next < right.length && !isDrift((right[next] as Line).owner)) goTo(next + 1);
      made.push(textOf(line));
    }
  }
  goTo(right.length);
  return made;
}
