import type { Family } from '../../model/net/index.ts';
import type { Answer, Ending, Item, Rule, Service, UpTo } from '../policy.ts';
import { mergeServices } from '../services/services.ts';
import { type Condition, conditionsOf, conditionText } from './conditions.ts';
import { limitMatch, upToMatch } from './limits.ts';
import type { Sets } from './sets.ts';

/** What rules are compiled with. */
export interface Compiling {
  readonly family: Family;
  readonly sets: Sets;
  /** Hexadecimal digits of a text's hash. */
  digest(text: string): string;
  /** Own chains of the table filter, by name. */
  readonly chains: Map<string, string[]>;
  /** Words of the log of rules that ask for one. */
  readonly logPrefix: string;
}

/** Lines of one rule, without `-A CHAIN`. A limit is asked at one place alone: each place would keep a count of its own. */
export function linesOf(rule: Rule, compiling: Compiling): readonly string[] {
  const { family, sets } = compiling;
  const conditions = conditionsOf(rule, family, sets);
  // No chain of its own either, where nothing would lead to it.
  if (conditions.length === 0) return [];
  const { limit, ending, upTo } = rule;
  if (upTo !== null) return upToLines(rule, upTo, conditions, compiling);
  if (limit?.of !== 'new') {
    const log = rule.log ? [logLine(compiling.logPrefix)] : [];
    return conditions.flatMap((condition) => {
      const text = conditionText(condition);
      return [...log.map((line) => joined(text, line)), ...endingLines(condition, text, ending, family, rule.answer)];
    });
  }
  const texts = conditions.map(conditionText);
  const within = limitMatch(limit, family, texts.join(), compiling.digest);
  const [only] = conditions;
  if (conditions.length === 1 && only !== undefined && !rule.log) {
    const [text = ''] = texts;
    const beyond = limit.beyond === 'next' ? [] : endingLines(only, text, limit.beyond, family);
    return [joined(text, within, `-j ${ending === 'accept' ? 'ACCEPT' : 'DROP'}`), ...beyond];
  }
  const done = rule.log
    ? chainFor(compiling, 'LOG', [logLine(compiling.logPrefix), ...endingLines({}, '', ending, family)])
    : null;
  const inside = done === null ? endingLines({}, within, ending, family) : [joined(within, `-j ${done}`)];
  const chain = chainFor(compiling, 'MOST', [
    ...inside,
    ...(limit.beyond === 'next' ? [] : endingLines({}, '', limit.beyond, family)),
  ]);
  return texts.map((text) => joined(text, `-j ${chain}`));
}

/** As with a limit of new connections there is one count for all that the rule speaks of. */
function upToLines(rule: Rule, upTo: UpTo, conditions: readonly Condition[], compiling: Compiling): readonly string[] {
  const { family } = compiling;
  const within = upToMatch(upTo);
  const [only] = conditions;
  const texts = conditions.map(conditionText);
  if (conditions.length === 1 && only !== undefined && !rule.log) {
    const lines = endingLines(only, joined(texts[0] ?? '', within), rule.ending, family, rule.answer);
    if (lines.length === 1) return lines;
  }
  const log = rule.log ? [logLine(compiling.logPrefix)] : [];
  const done = chainFor(compiling, 'LOG', [...log, ...endingLines({}, '', rule.ending, family, rule.answer)]);
  const chain = chainFor(compiling, 'MOST', [joined(within, `-j ${done}`)], texts.join());
  return texts.map((text) => joined(text, `-j ${chain}`));
}

/** The name of an own chain that holds the lines; the same lines are the same chain. */
export function chainFor(
  { chains, digest }: Pick<Compiling, 'chains' | 'digest'>,
  word: string,
  lines: readonly string[],
  told = '',
): string {
  const name = `PAL-${word}-${digest(`${told}${told === '' ? '' : '\n'}${lines.join('\n')}`).slice(0, 10)}`;
  chains.set(name, [...lines]);
  return name;
}

/** At most five lines a minute: a log that an attacker fills hides him. */
function logLine(prefix: string): string {
  return `-m limit --limit 5/minute --limit-burst 5 -j LOG --log-prefix "${prefix}"`;
}

/** TCP is told by a reset that nobody is there, other protocols by the ICMP message that their own hosts would send. */
export function endingLines(
  condition: Condition,
  text: string,
  ending: Ending,
  family: Family,
  answer: Answer | null = null,
): readonly string[] {
  if (ending === 'reject' && answer !== null) return [joined(text, `-j REJECT --reject-with ${answers[answer][family]}`)];
  if (ending !== 'reject') return [joined(text, `-j ${ending === 'accept' ? 'ACCEPT' : 'DROP'}`)];
  const unreachable = family === 4 ? 'icmp-port-unreachable' : 'icmp6-port-unreachable';
  const reset = joined(text, '-j REJECT --reject-with tcp-reset');
  const other = joined(text, `-j REJECT --reject-with ${unreachable}`);
  if (condition.service === undefined) return [joined('-p tcp', reset), other];
  return [condition.service.startsWith('-p tcp') ? reset : other];
}

/** By family; `null`: it has no such message. */
export const answers: Readonly<Record<Answer, Readonly<Record<Family, string | null>>>> = {
  'tcp-reset': { 4: 'tcp-reset', 6: 'tcp-reset' },
  'port-unreachable': { 4: 'icmp-port-unreachable', 6: 'icmp6-port-unreachable' },
  'host-unreachable': { 4: 'icmp-host-unreachable', 6: 'icmp6-addr-unreachable' },
  'no-route': { 4: 'icmp-net-unreachable', 6: 'icmp6-no-route' },
  'admin-prohibited': { 4: 'icmp-admin-prohibited', 6: 'icmp6-adm-prohibited' },
  'host-prohibited': { 4: 'icmp-host-prohibited', 6: null },
  'net-prohibited': { 4: 'icmp-net-prohibited', 6: null },
  'proto-unreachable': { 4: 'icmp-proto-unreachable', 6: null },
  'policy-fail': { 4: null, 6: 'icmp6-policy-fail' },
  'reject-route': { 4: null, 6: 'icmp6-reject-route' },
};

export function joined(...words: readonly string[]): string {
  return words.filter((word) => word !== '').join(' ');
}

/** Rules that stand one behind the other and differ in what they speak of only, as one. */
export function merged(items: readonly Item[]): readonly Item[] {
  const list: Item[] = [];
  for (const item of items) {
    const before = list.at(-1);
    if (before !== undefined && isPlain(before) && isPlain(item) && keyOf(before) === keyOf(item))
      list[list.length - 1] = { ...before, services: mergeServices([...before.services, ...item.services]) };
    else list.push(item);
  }
  return list;
}

type Plain = Rule & { readonly services: readonly Service[] };

function isPlain(item: Item): item is Plain {
  return (
    item.kind === 'rule' &&
    item.services !== null &&
    item.limit === null &&
    item.upTo === null &&
    !item.log &&
    item.sendTo === null
  );
}

function keyOf({ ending, answer, from, to, via, out, more }: Rule): string {
  const side = (addresses: Rule['from']): string =>
    addresses === null
      ? ''
      : JSON.stringify([addresses.except, ...[4, 6].map((family) => addresses.ranges[family as Family].join())]);
  return [ending, side(from), side(to), via?.join() ?? '', out?.join() ?? '', answer, JSON.stringify(more ?? null)].join(' ');
}
