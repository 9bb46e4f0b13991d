import { allOf, type Constraint, type Effect, type FinalVerdict } from '../packet/index.ts';
import { conditionMeaning } from './condition.ts';
import type { Bad, Match, Target, Use } from './extension.ts';
import { lineText, tokenText } from './print.ts';
import type { Condition, RuleParts, RuleSource, Used } from './rule.ts';
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
  if (rule.unread !== undefined) return unreadParts(rule);
  const parts = takeApart(sourceOf(ruleset, rule));
  if ('kind' in parts)
    throw new Error(`a parsed rule does not read again: ${parts.kind === 'fault' ? parts.message : parts.kind}`);
  return hasList(parts) ? { ...parts, conditions: splitConditions(parts, rule.part) } : parts;
}

const kept = new WeakMap<Ruleset, ReadonlyMap<Rule, RuleMeaning>>();

/** The meaning of every rule of all tables, kept as long as the ruleset is: for whoever asks again and again. */
export function meaningsOf(ruleset: Ruleset): ReadonlyMap<Rule, RuleMeaning> {
  const found = kept.get(ruleset);
  if (found !== undefined) return found;
  const made = new Map<Rule, RuleMeaning>();
  for (const table of ruleset.tables) for (const rule of table.rules) made.set(rule, workedOut(ruleset, rule));
  kept.set(ruleset, made);
  return made;
}

/** What the rule means. */
export function ruleMeaning(ruleset: Ruleset, rule: Rule): RuleMeaning {
  return kept.get(ruleset)?.get(rule) ?? workedOut(ruleset, rule);
}

function workedOut(ruleset: Ruleset, rule: Rule): RuleMeaning {
  if (rule.unread !== undefined) return unreadMeaning(ruleText(ruleset, rule), rule.unread);
  const parts = readRule(ruleset, rule);
  const proto = ruleProtocol(parts);
  const known = knownOf(ruleset);
  const constraints: Constraint[] = [];
  for (const condition of parts.conditions) constraints.push(meaningOfCondition(ruleset, condition, known));
  const uses: RuleMeaning['uses'][number][] = [];
  const notUnderstood: string[] = [];
  let comment: string | null = null;
  for (const used of parts.matches) {
    const match = meaningOfMatch(ruleset, used, proto, known);
    constraints.push(match.says);
    uses.push(match.use);
    if (used.extension === null) notUnderstood.push(match.use.text);
    if (used.name === 'comment') comment ??= shownText((used.given[0]?.values[0] ?? '').slice(0, 255));
  }
  const effect = effectOf(ruleset, parts, proto, notUnderstood);
  if (parts.target.kind === 'extension') {
    const { text } = useOf(ruleset, parts.target.use, proto);
    uses.push({ name: parts.target.use.name, text, opaque: effect.kind === 'unknown' });
  }
  return { constraint: allOf(...constraints), effect, comment, uses, notUnderstood };
}

/** A match and a target that palisade does not know, all the rule's words between them. */
function unreadParts({ chain, firstToken, tokenCount }: Rule): RuleParts {
  const said = { name: '', extension: null, implied: false, given: [], spans: [firstToken + 2, firstToken + tokenCount] };
  return {
    command: 'append',
    chain,
    position: 1,
    policy: '',
    counters: null,
    conditions: [],
    matches: [{ kind: 'match', ...said }],
    target: { kind: 'extension', use: { kind: 'target', ...said } },
  };
}

function unreadMeaning(text: string, why: string): RuleMeaning {
  return {
    constraint: unknownMatch(text),
    effect: { kind: 'unknown', target: text },
    comment: null,
    uses: [{ name: '', text, opaque: true }],
    notUnderstood: [`${text} (${why})`],
  };
}

/** Meanings of what many rules of a ruleset say in the same words: one object for all of them, made once. */
interface KnownMeanings {
  readonly conditions: Map<string, Constraint>;
  readonly matches: Map<string, MatchMeaning>;
}

interface MatchMeaning {
  readonly says: Constraint;
  readonly use: RuleMeaning['uses'][number];
}

/** What comes after so many is made anew each time. */
const mostKnown = 10_000;
const knownMeanings = new WeakMap<Ruleset, KnownMeanings>();

function knownOf(ruleset: Ruleset): KnownMeanings {
  const before = knownMeanings.get(ruleset);
  if (before !== undefined) return before;
  const known: KnownMeanings = { conditions: new Map(), matches: new Map() };
  knownMeanings.set(ruleset, known);
  return known;
}

function meaningOfCondition(ruleset: Ruleset, condition: Condition, { conditions }: KnownMeanings): Constraint {
  const { kind, inverted, value } = condition;
  // Hardly an address stands in two rules.
  if (kind === 'src' || kind === 'dst') return good(conditionMeaning(condition, ruleset.family));
  const key = `${kind} ${inverted} ${value}`;
  const before = conditions.get(key);
  if (before !== undefined) return before;
  const says = good(conditionMeaning(condition, ruleset.family));
  if (conditions.size < mostKnown) conditions.set(key, says);
  return says;
}

function meaningOfMatch(ruleset: Ruleset, used: Used<Match>, proto: RuleProtocol, { matches }: KnownMeanings): MatchMeaning {
  const key = used.name === 'comment' ? null : wordsOf(ruleset, used, proto);
  const before = key === null ? undefined : matches.get(key);
  if (before !== undefined) return before;
  const use = useOf(ruleset, used, proto);
  const says = used.extension === null ? unknownMatch(use.text) : good(used.extension.meaning(use));
  const meaning = { says, use: { name: used.name, text: use.text, opaque: hasOpaque(says) } };
  if (key !== null && matches.size < mostKnown) matches.set(key, meaning);
  return meaning;
}

/** Equal for uses that say the same; `null` where their words do not stand together. */
export function wordsOf(
  source: Pick<RuleTokens, 'text' | 'tokens'>,
  used: Used<Match> | Used<Target>,
  proto: RuleProtocol,
): string | null {
  const [first, behind] = used.spans;
  if (used.spans.length !== 2 || first === undefined || behind === undefined) return null;
  const words = source.text.slice(source.tokens[2 * first], source.tokens[2 * behind - 1]);
  return `${used.implied ? used.name : ''} ${proto.proto} ${proto.notProto} ${words}`;
}

function effectOf(ruleset: Ruleset, parts: RuleParts, proto: RuleProtocol, notUnderstood: string[]): Effect {
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

type RuleProtocol = Pick<Use, 'proto' | 'notProto'>;

/** The protocol of the rule's own `-p`: of a plain one in `proto`, of an inverted one in `notProto`. */
export function ruleProtocol(parts: RuleParts): RuleProtocol {
  const condition = parts.conditions.find((one) => one.kind === 'proto');
  const number = condition === undefined ? null : (readProtocol(condition.value) ?? null);
  return condition?.inverted === true ? { proto: null, notProto: number } : { proto: number, notProto: null };
}

/** An extension's use, with the text that it has in the rule. */
export function useOf(source: RuleTokens, used: Used<Match> | Used<Target>, proto: RuleProtocol): Use {
  const { proto: number, notProto } = proto;
  return { family: source.family, proto: number, notProto, text: useText(source, used), given: used.given };
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
