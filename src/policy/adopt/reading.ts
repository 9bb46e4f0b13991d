import type { Family } from '../../model/net/index.ts';
import type { Constraint } from '../../model/packet/index.ts';
import {
  type Chain,
  lineText,
  type Rule,
  type RuleMeaning,
  type RuleParts,
  type Ruleset,
  readRule,
  ruleMeaning,
  type Table,
} from '../../model/ruleset/index.ts';

/** What became of a rule: said in a policy's words, kept as a line of iptables, or left out, since it does nothing or no packet meets it. */
export type Fate = 'term' | 'raw' | 'idle' | 'dead';

/** One family's rules while they are turned into a policy. */
export interface Reading {
  readonly family: Family;
  readonly ruleset: Ruleset;
  readonly fates: Map<Rule, Fate>;
  /** Chains that were looked at, and whether they do anything. */
  readonly effectless: Map<Chain, boolean>;
  /** Addresses of a set that never changes by itself; `null` of others. */
  readonly membersOf: (set: string) => readonly string[] | null;
  /** Somebody else's, which stays where it is. */
  isForeign(rule: Rule): boolean;
  /** No packet meets it, whatever the host's addresses and sets are. */
  isDead(table: string, rule: Rule): boolean;
}

/** A rule that stands nowhere in a policy, with why. */
export class Unsayable extends Error {
  readonly ruleset: Ruleset;
  readonly rule: Rule;
  constructor(ruleset: Ruleset, rule: Rule, why: string) {
    super(why);
    this.ruleset = ruleset;
    this.rule = rule;
  }
}

/** A rule with all that is known of it. */
export interface ReadRule {
  readonly rule: Rule;
  readonly meaning: RuleMeaning;
  readonly parts: RuleParts;
}

export function readOf({ ruleset }: Reading, rule: Rule): ReadRule {
  return { rule, meaning: ruleMeaning(ruleset, rule), parts: readRule(ruleset, rule) };
}

/** Matches, and the target if it is asked for, as they stand behind `-A CHAIN`, without comments. */
export function rawText({ ruleset }: Reading, rule: Rule, withTarget: boolean): string {
  const text = wordsOf(ruleset, rule);
  if (!/^[\x20-\x7e]*$/.test(text)) throw new Unsayable(ruleset, rule, 'it holds bytes that a policy does not');
  return withTarget ? text : withoutTarget(text);
}

/** A rule's words without its chain and comments. */
export function wordsOf(ruleset: Ruleset, rule: Rule): string {
  return lineText(ruleset, rule)
    .replace(/^(?:\[\d+:\d+\] )?-A (?:"(?:[^"\\]|\\.)*"|\S+) ?/, '')
    .replace(/ ?-m comment --comment (?:"(?:[^"\\]|\\.)*"|\S+)/g, '')
    .trim();
}

export function withoutTarget(text: string): string {
  const at = Math.max(text.lastIndexOf('-j '), text.lastIndexOf('-g '));
  return at < 0 ? text : text.slice(0, at).trim();
}

/** What it says hangs on more than the packet. */
export function isStateful(constraint: Constraint): boolean {
  switch (constraint.kind) {
    case 'opaque':
      return constraint.nature === 'stateful';
    case 'all':
    case 'any':
      return constraint.of.some(isStateful);
    case 'not':
      return isStateful(constraint.of);
    default:
      return false;
  }
}

/** Matches that leave something behind where they are asked. */
const marking: ReadonlySet<string> = new Set(['recent', 'quota', 'nfacct', 'rateest', 'hashlimit', 'limit', 'connlimit']);

/** It decides nothing, writes nothing and leaves nothing behind. */
export function countsOnly({ meaning, parts }: ReadRule): boolean {
  return parts.target.kind === 'none' && !meaning.uses.some(({ name, text }) => marking.has(name) || /--update/.test(text));
}

/** Nothing of the chain, nor of those that it calls, does anything. */
export function isEffectless(reading: Reading, table: Table, chain: Chain): boolean {
  const before = reading.effectless.get(chain);
  if (before !== undefined) return before;
  // The kernel has no circles of jumps.
  const is = chain.rules.every((rule) => {
    if (reading.isForeign(rule)) return false;
    const read = readOf(reading, rule);
    const { effect } = read.meaning;
    if (effect.kind === 'return') return true;
    const target = effect.kind === 'jump' ? table.chains.get(effect.chain) : undefined;
    // A goto to nothing still ends the way through its own chain, which does nothing either.
    return target === undefined ? countsOnly(read) : isEffectless(reading, table, target);
  });
  reading.effectless.set(chain, is);
  return is;
}
