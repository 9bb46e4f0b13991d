import { backendOf } from '../../analysis/evaluate/hooks.ts';
import { type Chain, canonicalText, type Ruleset } from '../../model/ruleset/index.ts';

/** One line that goes or comes, in the order in which they stand: chain by chain. */
export interface LineChange {
  readonly kind: 'added' | 'removed';
  readonly table: string;
  /** As iptables-save prints it: `:CHAIN POLICY` or `-A CHAIN …`. */
  readonly text: string;
}

/** Longer chains are compared as sets of lines: which lines, not where. */
const longest = 2000;

/** The lines that tell two rulesets of one family apart, each written as the kernel would print it. */
export function textDiff(before: Ruleset, after: Ruleset): readonly LineChange[] {
  const changes: LineChange[] = [];
  const tables = [...new Set([...before.tables, ...after.tables].map(({ name }) => name))];
  for (const table of tables) {
    const [one, other] = [before, after].map((ruleset) => ruleset.tables.find(({ name }) => name === table)?.chains);
    for (const chain of new Set([...(one?.keys() ?? []), ...(other?.keys() ?? [])])) {
      const now = linesOf(after, other?.get(chain), backendOf(before.writer === null ? after : before));
      // A table that was not there lets everything pass.
      const isOpen = one === undefined && other?.get(chain)?.policy === 'ACCEPT';
      const old = isOpen ? now.slice(0, 1) : linesOf(before, one?.get(chain));
      for (const change of compare(old, now)) changes.push({ table, ...change });
    }
  }
  return changes;
}

function linesOf(ruleset: Ruleset, chain: Chain | undefined, backend = backendOf(ruleset)): readonly string[] {
  if (chain === undefined) return [];
  return [`:${chain.name} ${chain.policy ?? '-'}`, ...chain.rules.map((rule) => canonicalText(ruleset, rule, backend))];
}

/** The fewest lines that go and come (Hunt and McIlroy's longest common subsequence). */
function compare(
  old: readonly string[],
  now: readonly string[],
): readonly { readonly kind: 'added' | 'removed'; readonly text: string }[] {
  let from = 0;
  while (from < old.length && from < now.length && old[from] === now[from]) from += 1;
  let [oldEnd, nowEnd] = [old.length, now.length];
  while (oldEnd > from && nowEnd > from && old[oldEnd - 1] === now[nowEnd - 1]) [oldEnd, nowEnd] = [oldEnd - 1, nowEnd - 1];
  const [left, right] = [old.slice(from, oldEnd), now.slice(from, nowEnd)];
  const removed = (text: string) => ({ kind: 'removed', text }) as const;
  const added = (text: string) => ({ kind: 'added', text }) as const;
  if (left.length > longest || right.length > longest) {
    const [before, after] = [new Set(left), new Set(right)];
    const changes = [
      ...left.filter((line) => !after.has(line)).map(removed),
      ...right.filter((line) => !before.has(line)).map(added),
    ];
    // The same lines in another order: one of them shows that they are.
    const [moved] = left;
    return changes.length > 0 || moved === undefined ? changes : [removed(moved), added(moved)];
  }
  // lengths[i][j]: of the longest common subsequence of left from i on and right from j on.
  const lengths = Array.from({ length: left.length + 1 }, () => new Uint16Array(right.length + 1));
  const at = (i: number, j: number): number => lengths[i]?.[j] ?? 0;
  for (let i = left.length - 1; i >= 0; i -= 1)
    for (let j = right.length - 1; j >= 0; j -= 1)
      (lengths[i] as Uint16Array)[j] = left[i] === right[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const changes: { kind: 'added' | 'removed'; text: string }[] = [];
  let [i, j] = [0, 0];
  while (i < left.length || j < right.length) {
    if (i < left.length && j < right.length && left[i] === right[j]) [i, j] = [i + 1, j + 1];
    else if (j >= right.length || (i < left.length && at(i + 1, j) >= at(i, j + 1))) {
      changes.push(removed(left[i] as string));
      i += 1;
    } else {
      changes.push(added(right[j] as string));
      j += 1;
    }
  }
  return changes;
}
