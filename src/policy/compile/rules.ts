import type { Family } from '../../model/net/index.ts';
import type { Ending, Item, Limit, Rule, Service } from '../policy.ts';
import { mergeServices } from '../services/services.ts';
import { type Condition, conditionsOf, conditionText } from './conditions.ts';
import { limitMatch } from './limits.ts';
import type { Sets } from './sets.ts';

/** What rules are compiled with. */
export interface Compiling {
  readonly family: Family;
  readonly sets: Sets;
  /** Hexadecimal digits of a text's hash. */
  digest(text: string): string;
  /** Words of the log of rules that ask for one. */
  readonly logPrefix: string;
}

/** Lines of one rule, without `-A CHAIN`. */
export function linesOf(rule: Rule, compiling: Compiling): readonly string[] {
  const { family, sets } = compiling;
  return conditionsOf(rule, family, sets).flatMap((condition) => {
    const lines: string[] = [];
    const { limit } = rule;
    const base = conditionText(condition);
    const within = limit === null || limit.of !== 'new' ? base : joined(base, limitOf(limit, base, compiling));
    if (rule.log) lines.push(joined(within, logLine(compiling.logPrefix)));
    lines.push(...endingLines(condition, within, rule.ending, family));
    if (limit?.of === 'new' && limit.beyond !== 'next') lines.push(...endingLines(condition, base, limit.beyond, family));
    return lines;
  });
}

function limitOf(limit: Limit, what: string, { family, digest }: Compiling): string {
  return limitMatch(limit, family, what, digest);
}

/** At most five lines a minute: a log that an attacker fills hides him. */
function logLine(prefix: string): string {
  return `-m limit --limit 5/minute --limit-burst 5 -j LOG --log-prefix "${prefix}"`;
}

/** TCP is told by a reset that nobody is there, other protocols by the ICMP message that their own hosts would send. */
export function endingLines(condition: Condition, text: string, ending: Ending, family: Family): readonly string[] {
  if (ending !== 'reject') return [joined(text, `-j ${ending === 'accept' ? 'ACCEPT' : 'DROP'}`)];
  const unreachable = family === 4 ? 'icmp-port-unreachable' : 'icmp6-port-unreachable';
  const reset = joined(text, '-j REJECT --reject-with tcp-reset');
  const other = joined(text, `-j REJECT --reject-with ${unreachable}`);
  if (condition.service === undefined) return [joined('-p tcp', reset), other];
  return [condition.service.startsWith('-p tcp') ? reset : other];
}

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
  return item.kind === 'rule' && item.services !== null && item.limit === null && !item.log && item.sendTo === null;
}

function keyOf({ ending, from, to, via, out }: Rule): string {
  const side = (addresses: Rule['from']): string =>
    addresses === null
      ? ''
      : JSON.stringify([addresses.except, ...[4, 6].map((family) => addresses.ranges[family as Family].join())]);
  return [ending, side(from), side(to), via?.join() ?? '', out?.join() ?? ''].join(' ');
}
