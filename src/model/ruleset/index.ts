/**
 * The text of one family's iptables rules as a model, and back.
 *
 * `parseRuleset` reads what iptables-save prints, `printRuleset` writes it again byte for byte, `ruleMeaning` says what a
 * rule matches and does as data (packet/Constraint, packet/Effect). It reads no files, asks no kernel and evaluates no
 * packet: texts come from `kernel` or from files, `analysis` evaluates. `host`, `analysis`, `audit` and `verbs` call it.
 */
export { brief } from './brief.ts';
export { canonicalText } from './canonical.ts';
export type { Bad, Extension, Given, Match, Option, Target, Use } from './extension.ts';
export { meaningsOf, type RuleMeaning, readRule, ruleMeaning, ruleText } from './meaning.ts';
export { emptyRuleset, parseRuleset, type RulesetSource } from './parse.ts';
export { lineText, printRuleset } from './print.ts';
export type { Condition, RuleParts, TargetPart, Used } from './rule.ts';
export * from './ruleset.ts';
export { unreadTables } from './unread.ts';
