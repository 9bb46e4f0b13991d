import { compareRulesets, type Difference, wholePackets } from '../analysis/answers/index.ts';
import { surroundingsOf } from '../analysis/evaluate/surroundings.ts';
import { createEvaluator } from '../analysis/index.ts';
import type { Source } from '../analysis/symbolic/index.ts';
import { type Host, type Known, known, unknown } from '../model/host/index.ts';
import { parseRuleset, type Ruleset } from '../model/ruleset/index.ts';
import { withoutNeighbours } from './neighbours.ts';
import { bareText, narrowed, plainChains, sameChains } from './plain-rules.ts';
import { sayPacket } from './probes.ts';

/** How two rulesets of one family differ in what they do. */
export interface Differing {
  /** A sentence about one packet, or about what is translated otherwise. */
  readonly example: string;
  /** Rules that other programs add when they start may be the whole difference. */
  readonly neighbours: boolean;
}

/** When each of the two holds: `now`, `after a boot`. */
export interface Words {
  readonly now: string;
  readonly other: string;
}

/**
 * Whether the rules of a file do the same to every packet as those in force: `null` if so. Spelling, counters, empty tables,
 * later fragments and chains that nothing leads to make no difference; what Docker, fail2ban and their like add by themselves is left out if that alone tells them apart.
 */
export function differing(host: Host, live: Ruleset, saved: Ruleset, words: Words): Known<Differing | null> {
  const backend = live.writer?.backend ?? 'nft';
  const same = (one: Ruleset, other: Ruleset): boolean =>
    bareText(one) === bareText(other) || sameChains(plainChains(one, backend), plainChains(other, backend));
  if (same(live, saved)) return known(null);
  const [liveOwn, savedOwn] = [withoutNeighbours(live), withoutNeighbours(saved)];
  if ((liveOwn !== null || savedOwn !== null) && same(liveOwn ?? live, savedOwn ?? saved)) return known(null);
  const whole = compared(host, live, saved, words);
  if (!whole.known) return whole;
  if (whole.value === null) return known(null);
  if (liveOwn === null && savedOwn === null) return known({ example: whole.value, neighbours: false });
  const own = compared(host, liveOwn ?? live, savedOwn ?? saved, words);
  if (!own.known) return own;
  if (own.value === null) return known(null);
  return known({ example: own.value, neighbours: true });
}

function compared(host: Host, live: Ruleset, saved: Ruleset, words: Words): Known<string | null> {
  const hint = shown(host, live, saved, words);
  if (hint !== null) return known(hint);
  const surroundings = surroundingsOf(host);
  const { ways, rewrites } = compareRulesets(
    live.family,
    { ruleset: live, surroundings },
    { ruleset: saved, surroundings },
    { most: 1, within: () => wholePackets },
  );
  for (const way of ways) {
    if (way.kind === 'decided' && !way.equal) return known(example(way.differences[0], words));
  }
  const [first] = rewrites?.differences ?? [];
  if (first !== undefined) {
    const { table, chain, before, after } = first;
    return known(`${table} ${chain} changes packets otherwise: ${before} ${words.now}, ${after} ${words.other}.`);
  }
  const undecided = ways.find((way) => way.kind === 'undecided');
  if (undecided?.kind === 'undecided' || rewrites === null) {
    return unknown(
      `whether the rules ${words.other} do the same as those ${words.now} is undecided: ${undecided?.kind === 'undecided' ? undecided.why : 'what they translate needs more than the budget'}`,
      'compare them with palisade diff',
    );
  }
  return known(null);
}

/** Fewer rules are compared whole at once. */
const manyRules = 300;

/**
 * A packet that shows a difference of large rulesets which differ in few rules. It is looked for among these few alone, and counts only if
 * the interpreter, which follows it through all rules of both, says two verdicts. `null` proves nothing.
 */
function shown(host: Host, live: Ruleset, saved: Ruleset, words: Words): string | null {
  if (rulesIn(live) + rulesIn(saved) < manyRules) return null;
  const backend = live.writer?.backend ?? 'nft';
  const [one, other] = [plainChains(live, backend), plainChains(saved, backend)];
  const [first, second] = [live, saved].map((ruleset) =>
    createEvaluator({ ...host, rulesets: { ...host.rulesets, [live.family]: known(ruleset) } }),
  );
  const surroundings = surroundingsOf(host);
  for (const policy of [null, 'ACCEPT', 'DROP'] as const) {
    const [before, after] = narrowed(one, other, policy).map((text) =>
      parseRuleset(text, { file: 'narrowed', family: live.family }),
    );
    if (!before?.ok || !after?.ok || rulesIn(before.value) + rulesIn(after.value) >= manyRules) return null;
    const sources = [before.value, after.value].map((ruleset) => ({ ruleset, surroundings }));
    const { ways } = compareRulesets(live.family, sources[0] as Source, sources[1] as Source, {
      most: 5,
      within: () => wholePackets,
    });
    for (const way of ways) {
      for (const { witness } of way.kind === 'decided' ? way.differences : []) {
        if (witness === null) continue;
        const [now, then] = [first?.trace(witness.packet)?.verdict, second?.trace(witness.packet)?.verdict];
        if (now === undefined || then === undefined || now === then || isOpen(now) || isOpen(then)) continue;
        return `For example ${sayPacket(witness.packet)} is ${said(now)} ${words.now} and ${said(then)} ${words.other}.`;
      }
    }
  }
  return null;
}

function isOpen(verdict: string): boolean {
  return verdict === 'DEPENDS' || verdict === 'UNDECIDED';
}

function rulesIn(ruleset: Ruleset): number {
  return ruleset.tables.reduce((sum, { rules }) => sum + rules.length, 0);
}

function example(difference: Difference | undefined, { now, other }: Words): string {
  if (difference === undefined) return 'Some packets are treated differently.';
  const { before, after, witness } = difference;
  const what = witness === null ? 'a packet' : sayPacket(witness.packet);
  return `For example ${what} is ${said(before.verdict)} ${now} and ${said(after.verdict)} ${other}.`;
}

function said(verdict: string): string {
  const words: Readonly<Record<string, string>> = {
    ACCEPT: 'accepted',
    DROP: 'dropped',
    REJECT: 'rejected',
    'OTHER-WAY': 'sent elsewhere',
  };
  return words[verdict] ?? `given to ${verdict}`;
}
