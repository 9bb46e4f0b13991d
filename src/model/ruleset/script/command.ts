import { builtinChains } from '../ruleset.ts';
import { type CoreForm, coreForms, valuesBehind } from './option-forms.ts';

/** One call of iptables, as its own getopt takes it apart (iptables/xshared.c 1.8.9, do_parse). */
export interface IptablesCommand {
  readonly kind: 'command';
  readonly table: string;
  readonly action: Action;
  /** Conditions, matches and target: one option or value a word, nothing attached. */
  readonly rule: readonly string[];
  /** Behind `-c`. */
  readonly counters: readonly [packets: string, bytes: string] | null;
}

export type Action =
  | { readonly kind: 'append'; readonly chain: string }
  | { readonly kind: 'insert' | 'replace'; readonly chain: string; readonly number: number }
  /** `number` null: the first rule that says the same. */
  | { readonly kind: 'delete'; readonly chain: string; readonly number: number | null }
  | { readonly kind: 'check' | 'new-chain'; readonly chain: string }
  /** Of every chain when `chain` is null. */
  | { readonly kind: 'flush' | 'delete-chain' | 'zero'; readonly chain: string | null }
  | { readonly kind: 'rename'; readonly chain: string; readonly name: string }
  | { readonly kind: 'policy'; readonly chain: string; readonly policy: string }
  /** It shows something, of every chain when `chain` is null, and changes nothing. */
  | { readonly kind: 'look'; readonly chain: string | null };

/** Why iptables would not do it. */
export interface Refusal {
  readonly kind: 'refused';
  readonly message: string;
  readonly hint: string;
}

export function refused(message: string, hint: string): Refusal {
  return { kind: 'refused', message, hint };
}

/** Reads the words behind the program's name. */
export function readCommand(words: readonly string[], family: 4 | 6): IptablesCommand | Refusal {
  let table = 'filter';
  let action: Action | null = null;
  let by = '';
  let counters: readonly [string, string] | null = null;
  let looks = false;
  let zeroes = false;
  const rule: string[] = [];
  /** Options that only go with some commands, as they were written. */
  const listing: string[] = [];
  const ruleOptions: string[] = [];

  let at = 0;
  /** An optional value: the next word unless it looks like an option. */
  const optional = (attached: string | null): string | null => {
    if (attached !== null) return attached;
    const next = words[at];
    if (next === undefined || /^[-!]/.test(next)) return null;
    at += 1;
    return next;
  };

  while (at < words.length) {
    const word = words[at] as string;
    at += 1;
    if (word === '--') {
      if (at < words.length) return refused('nothing may follow "--"', 'leave it out');
      break;
    }
    if (word === '!') {
      if (at >= words.length) return refused('nothing follows the "!"', 'write the condition to invert behind it');
      rule.push(word);
      continue;
    }
    const form = /^-./.test(word) ? coreForms(word, rule) : null;
    if (form === null) {
      // An extension's option, or something that the rule reader will refuse.
      const [option = '', attached] = splitLong(word);
      rule.push(option);
      if (attached !== undefined) rule.push(attached);
      const { most, optional: may } = valuesBehind(option, rule);
      const left = attached === undefined ? most : most - 1;
      for (let index = 0; index < left && at < words.length && !(may && /^[-!]/.test(words[at] as string)); index += 1) {
        rule.push(words[at] as string);
        at += 1;
      }
      if (/^-/.test(word)) ruleOptions.push(option);
      continue;
    }
    // `-nvL` is three options: the last may have its value attached.
    const pending: CoreForm[] = [...form];
    for (const one of pending) {
      const { letter } = one;
      let attached = one.attached;
      const value = (): string | null => {
        if (attached !== null) return attached;
        const next = words[at];
        if (next === undefined) return null;
        at += 1;
        attached = next;
        return next;
      };
      switch (letter) {
        case 'A':
        case 'I':
        case 'D':
        case 'R':
        case 'C':
        case 'N':
        case 'E':
        case 'P': {
          const chain = value();
          if (chain === null) return refused(`${one.name} names no chain`, 'write the chain behind it');
          if (action !== null) return refused(`${one.name} cannot stand beside ${by}`, 'a call has one command');
          const second = letter === 'A' || letter === 'C' || letter === 'N' ? null : optional(null);
          const made = chainAction(letter, chain, second);
          if (made.kind === 'refused') return made;
          action = made;
          by = one.name;
          break;
        }
        case 'F':
        case 'X':
        case 'Z':
        case 'L':
        case 'S': {
          const chain = optional(attached);
          if ((letter === 'L' || letter === 'S' || letter === 'Z') && chain !== null) optional(null);
          // -L and -S may zero what they show.
          if (letter === 'Z' && (looks || action?.kind === 'look')) {
            zeroes = true;
            break;
          }
          if ((letter === 'L' || letter === 'S') && action?.kind === 'zero') {
            zeroes = true;
            action = null;
          }
          if (action !== null) return refused(`${one.name} cannot stand beside ${by}`, 'a call has one command');
          if (letter === 'L' || letter === 'S') looks = true;
          action =
            letter === 'F'
              ? { kind: 'flush', chain }
              : letter === 'X'
                ? { kind: 'delete-chain', chain }
                : letter === 'Z'
                  ? { kind: 'zero', chain }
                  : { kind: 'look', chain };
          by = one.name;
          break;
        }
        case 't': {
          const name = value();
          if (name === null) return refused('-t names no table', 'write the table behind it');
          if (!Object.hasOwn(builtinChains, name))
            return refused(`iptables has no table "${name}"`, `its tables are ${Object.keys(builtinChains).join(', ')}`);
          table = name;
          break;
        }
        case 'w':
        case 'W': {
          const seconds = letter === 'W' ? value() : optional(attached);
          if (seconds !== null && !/^\d+$/.test(seconds))
            return refused(`"${seconds}" is no number of seconds`, 'write a number');
          break;
        }
        case 'M':
          value();
          break;
        case 'c': {
          const packets = value();
          const bytes = optional(null);
          if (packets === null || bytes === null || !/^\d{1,20}$/.test(packets) || !/^\d{1,20}$/.test(bytes))
            return refused('-c takes two numbers', 'write packets and bytes behind it');
          counters = [packets, bytes];
          break;
        }
        case 'h':
        case 'V':
          return { kind: 'command', table, action: { kind: 'look', chain: null }, rule: [], counters: null };
        case '4':
        case '6':
          if (family !== Number(letter))
            return refused(`-${letter} is of the other family`, `call ip${letter === '6' ? '6' : ''}tables`);
          break;
        case 'v':
          break;
        case 'n':
        case 'x':
        case '0':
          listing.push(one.name);
          break;
        case 'f':
          rule.push('-f');
          ruleOptions.push('-f');
          break;
        default: {
          // -s, -d, -p, -i, -o, -j, -g and -m: one value each.
          if (attached !== null && letter !== 'g' && letter !== 'm') {
            return refused(
              `${one.written} is written in one piece, and iptables before 1.8.10 takes all of it for the value`,
              `put a blank behind ${one.name}`,
            );
          }
          const read = value();
          if (read === null) return refused(`${one.name} has no value`, 'write its value behind it');
          rule.push(`-${letter}`, read);
          ruleOptions.push(one.name);
        }
      }
    }
  }

  if (action === null) return refused('the call has no command', 'write one such as -A CHAIN');
  const isRule = /^(?:append|insert|replace|delete|check)$/.test(action.kind);
  const takesNone = !isRule || (action.kind === 'delete' && action.number !== null);
  const [stray] = rule;
  if (takesNone && stray !== undefined) {
    if (/^[^-!]/.test(stray)) return refused(`"${stray}" belongs to no option`, 'remove it');
    return refused(`${ruleOptions[0] ?? stray} cannot stand beside ${by}`, 'leave it out');
  }
  if (listing[0] !== undefined && action.kind !== 'look')
    return refused(`${listing[0]} cannot stand beside ${by}`, 'leave it out');
  if (
    counters !== null &&
    (action.kind === 'new-chain' || action.kind === 'flush' || action.kind === 'delete-chain' || action.kind === 'rename')
  )
    return refused(`-c cannot stand beside ${by}`, 'leave it out');
  if (zeroes) action = { kind: 'zero', chain: null };
  return { kind: 'command', table, action, rule, counters };
}

function chainAction(letter: string, chain: string, second: string | null): Action | Refusal {
  switch (letter) {
    case 'A':
      return { kind: 'append', chain };
    case 'C':
      return { kind: 'check', chain };
    case 'N':
      if (/^[-!]/.test(chain)) return refused('a chain name cannot begin with "-" or "!"', 'choose another name');
      return { kind: 'new-chain', chain };
    case 'E':
      if (second === null) return refused('-E takes the old and the new name', 'write both');
      return { kind: 'rename', chain, name: second };
    case 'P':
      if (second === null) return refused('-P takes a chain and a policy', 'write ACCEPT or DROP behind the chain');
      return { kind: 'policy', chain, policy: second };
  }
  const number = second === null ? null : ruleNumber(second);
  if (second !== null && number === null) return refused(`"${second}" is no rule number`, 'write a number from 1');
  if (letter === 'D') return { kind: 'delete', chain, number };
  if (letter === 'I') return { kind: 'insert', chain, number: number ?? 1 };
  return number === null
    ? refused('-R takes the number of a rule', 'write it behind the chain')
    : { kind: 'replace', chain, number };
}

function ruleNumber(text: string): number | null {
  return /^0*[1-9]\d{0,8}$/.test(text) ? Number(text) : null;
}

/** `--dport=22` in two. */
function splitLong(word: string): readonly [string, string?] {
  const equals = /^--[^=]+=/.exec(word);
  return equals === null ? [word] : [equals[0].slice(0, -1), word.slice(equals[0].length)];
}
