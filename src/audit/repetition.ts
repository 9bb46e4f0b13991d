import { type Effect, never } from '../model/packet/index.ts';
import { type Chain, meaningsOf, type Rule, type Ruleset, type Table } from '../model/ruleset/index.ts';
import { type Changing, changesOf, changingChains } from './changes.ts';
import { canonical, readsOf } from './meaning.ts';

/** A rule and the earlier one that it repeats; `ends` if the earlier one lets no packet come to it. */
export interface Repetition {
  readonly table: Table;
  readonly rule: Rule;
  readonly earlier: { readonly rule: Rule; readonly ends: boolean };
}

const kept = new WeakMap<Ruleset, readonly Repetition[]>();

/**
 * Rules that say what an earlier one of their chain says, by meaning: order, spelling and comments do not count. A rule with a
 * limit or any other match that keeps count is never compared; nor is one whose conditions another rule in between may change
 * (marks, sets, tracking).
 */
export function repetitionsIn(ruleset: Ruleset): readonly Repetition[] {
  const found = kept.get(ruleset);
  if (found !== undefined) return found;
  const made: Repetition[] = [];
  for (const table of ruleset.tables) {
    const changing = changingChains(ruleset, table);
    for (const chain of table.chains.values()) made.push(...repeatedIn(ruleset, table, chain, changing));
  }
  kept.set(ruleset, made);
  return made;
}

/** Rules that match nothing do not repeat each other. */
const nothingMatches = canonical(never);

function repeatedIn(ruleset: Ruleset, table: Table, chain: Chain, changing: Changing): readonly Repetition[] {
  const meanings = meaningsOf(ruleset);
  const pairs: Repetition[] = [];
  const seen = new Map<string, Repetition['earlier']>();
  // Which changes happened before a rule, as running numbers: an earlier rule is the same only if nothing changed since.
  let epoch = { mark: 0, sets: 0, state: 0 };
  for (const rule of chain.rules) {
    const meaning = meanings.get(rule);
    if (meaning === undefined) continue;
    const kind = comparable(meaning.effect);
    const reads = readsOf(meaning.constraint);
    const says = canonical(meaning.constraint);
    if (kind !== null && !reads.undecidable && says !== nothingMatches && meaning.notUnderstood.length === 0) {
      const since = [reads.mark && epoch.mark, reads.sets && epoch.sets, reads.state && epoch.state].join();
      const key = `${since} ${effectText(meaning.effect)} ${says}`;
      const earlier = seen.get(key);
      if (earlier === undefined) seen.set(key, { rule, ends: kind === 'ends' });
      else pairs.push({ table, rule, earlier });
    }
    const does = changesOf(meaning, changing);
    epoch = {
      mark: epoch.mark + Number(does.mark),
      sets: epoch.sets + Number(does.sets),
      state: epoch.state + Number(does.state),
    };
  }
  return pairs;
}

/** Whether meeting the same rule again can change nothing: it ends the way through the chain, or it only speaks twice. */
function comparable(effect: Effect): 'ends' | 'speaks' | null {
  switch (effect.kind) {
    case 'verdict':
      // A queue may hand the packet back, and it goes on.
      return effect.verdict === 'QUEUE' ? null : 'ends';
    case 'return':
    case 'translate':
    case 'netmap':
    case 'deliver':
      return 'ends';
    case 'jump':
      return effect.goto ? 'ends' : null;
    case 'log':
      return 'speaks';
    default:
      return null;
  }
}

/** Equal effects have equal texts. */
export function effectText(effect: Effect): string {
  if (effect.kind === 'verdict') return effect.verdict;
  return JSON.stringify(effect, (_key, value: unknown) => (typeof value === 'bigint' ? `0x${value.toString(16)}` : value));
}
