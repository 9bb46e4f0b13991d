import { allOf, type Constraint, type Effect, type FinalVerdict } from '../packet/index.ts';
import { conditionMeaning } from './condition.ts';
import type { Bad, Match, Target, Use } from './extension.ts';
import { lineText, tokenText } from './print.ts';
import type { RuleParts, RuleSource, Used } from './rule.ts';
import { type Rule, type Ruleset, shownText, type Table } from './ruleset.ts';
import { takeApart } from './take-apart.ts';
import { readProtocol } from './values/protocol.ts';

/** What a rule says and does, as data that needs nothing of the ruleset's text. */
export interface RuleMeaning {
  /** Which packets it matches. */
  readonly constraint: Constraint;
  readonly effect: Effect;
  /** The first comment's text, for people. */
  readonly comment: string | null;
  /** Matches and an extension target, in order. `opaque`: its answer is no function of a packet's fields. */
  readonly uses: readonly { readonly name: string; readonly text: string; readonly opaque: boolean }[];
  /** Texts of extensions that palisade does not know. */
  readonly notUnderstood: readonly string[];
}

/** The rule taken apart: conditions, matches and target in the order they stand, values as text. */
export function readRule(ruleset: Ruleset, rule: Rule): RuleParts {
  const parts = takeApart(sourceOf(ruleset, rule));
  if ('kind' in parts) throw new Error(`a parsed rule does not read again: ${parts.message}`);
  return hasList(parts) ? { ...parts, conditions: splitConditions(parts, rule.part) } : parts;
}

/** What the rule means. */
export function ruleMeaning(ruleset: Ruleset, rule: Rule): RuleMeaning {
  const parts = readRule(ruleset, rule);
  const proto = ruleProtocol(parts);
  const constraints: Constraint[] = parts.conditions.map((condition) => good(conditionMeaning(condition, ruleset.family)));
  const uses: { name: string; text: string; opaque: boolean }[] = [];
  const notUnderstood: string[] = [];
  let comment: string | null = null;
  for (const used of parts.matches) {
    const use = useOf(ruleset, used, proto);
    const says = used.extension === null ? unknownMatch(use.text) : good(used.extension.meaning(use));
    constraints.push(says);
    uses.push({ name: used.name, text: use.text, opaque: hasOpaque(says) });
    if (used.extension === null) notUnderstood.push(use.text);
    if (used.name === 'comment') comment ??= shownText(use.given[0]?.values[0] ?? '');
  }
  const effect = effectOf(ruleset, parts, proto, notUnderstood);
  if (parts.target.kind === 'extension') {
    const { text } = useOf(ruleset, parts.target.use, proto);
    uses.push({ name: parts.target.use.name, text, opaque: effect.kind === 'unknown' });
  }
  return { constraint: allOf(...constraints), effect, comment, uses, notUnderstood };
}

function effectOf(ruleset: Ruleset, parts: RuleParts, proto: Pick<Use, 'proto' | 'notProto'>, notUnderstood: string[]): Effect {
  const { target } = parts;
  switch (target.kind) {
    case 'none':
      return { kind: 'continue' };
    case 'verdict':
      return target.name === 'RETURN' ? { kind: 'return' } : { kind: 'verdict', verdict: target.name as FinalVerdict };
    case 'chain':
      return { kind: 'jump', chain: target.name, goto: target.goto };
    case 'extension': {
      const use = useOf(ruleset, target.use, proto);
      if (target.use.extension !== null) return good(target.use.extension.meaning(use));
      notUnderstood.push(use.text);
      return { kind: 'unknown', target: target.use.name };
    }
  }
}

/** The protocol of the rule's own `-p`: of a plain one in `proto`, of an inverted one in `notProto`. */
export function ruleProtocol(parts: RuleParts): Pick<Use, 'proto' | 'notProto'> {
  const condition = parts.conditions.find((one) => one.kind === 'proto');
  const number = condition === undefined ? null : (readProtocol(condition.value) ?? null);
  return condition?.inverted === true ? { proto: null, notProto: number } : { proto: number, notProto: null };
}

/** An extension's use, with the text that it has in the rule. */
export function useOf(source: RuleTokens, used: Used<Match> | Used<Target>, proto: Pick<Use, 'proto' | 'notProto'>): Use {
  return { family: source.family, ...proto, text: useText(source, used), given: used.given };
}

/** What texts are made of: a Ruleset, or one that is being parsed. */
export type RuleTokens = Pick<Ruleset, 'family' | 'text' | 'tokens' | 'roles'>;

function useText(source: RuleTokens, used: Used<Match> | Used<Target>): string {
  const words = used.implied ? [`-m ${used.name}`] : [];
  for (let index = 0; index < used.spans.length; index += 2) {
    for (let token = used.spans[index] as number; token < (used.spans[index + 1] as number); token += 1)
      words.push(tokenText(source, token));
  }
  return shownText(words.join(' '));
}

/** A rule's `-A …` without its counters, for people. */
export function ruleText(ruleset: Ruleset, rule: Rule): string {
  return shownText(lineText(ruleset, rule));
}

function sourceOf(ruleset: Ruleset, rule: Rule): RuleSource {
  const table = tableOf(ruleset, rule);
  return {
    family: ruleset.family,
    text: ruleset.text,
    offsets: ruleset.tokens,
    firstToken: rule.firstToken,
    tokenCount: rule.tokenCount,
    isChain: (name) => table?.chains.has(name) === true,
    roles: ruleset.roles,
    noting: false,
  };
}

/** The table whose lines hold the rule's. */
function tableOf(ruleset: Ruleset, rule: Rule): Table | undefined {
  return ruleset.tables.find((table) => table.line < rule.line && rule.line < table.commitLine);
}

/** More than one address stands behind `-s` or `-d`. */
export function hasList(parts: RuleParts): boolean {
  return parts.conditions.some((one) => (one.kind === 'src' || one.kind === 'dst') && one.value.includes(','));
}

/** `-s A,B -d C,D` stands for A→C, A→D, B→C, B→D (iptables.c, add_entry). */
export function splitConditions(parts: RuleParts, part: number): RuleParts['conditions'] {
  const inner = listOf(parts, 'dst').length;
  return parts.conditions.map((one) => {
    if (one.kind === 'src') return { ...one, value: listOf(parts, 'src')[Math.floor(part / inner)] ?? '' };
    return one.kind === 'dst' ? { ...one, value: listOf(parts, 'dst')[part % inner] ?? '' } : one;
  });
}

/** The addresses of `-s` or `-d`; one empty text when there is no such condition. */
export function listOf(parts: RuleParts, kind: 'src' | 'dst'): readonly string[] {
  return (parts.conditions.find((one) => one.kind === kind)?.value ?? '').split(',');
}

function unknownMatch(text: string): Constraint {
  return { kind: 'opaque', text, nature: 'stateful', hotdrop: true, unknown: true };
}

function hasOpaque(constraint: Constraint): boolean {
  switch (constraint.kind) {
    case 'opaque':
      return true;
    case 'all':
    case 'any':
      return constraint.of.some(hasOpaque);
    case 'not':
      return hasOpaque(constraint.of);
    default:
      return false;
  }
}

/** The parser has let no bad value through. */
function good<T extends Constraint | Effect>(meaning: T | Bad): T {
  if (meaning.kind === 'bad') throw new Error(`a parsed rule has a bad value: ${meaning.message}`);
  return meaning;
}
