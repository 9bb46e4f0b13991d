import { isSavedString, requoted, unquoted } from './lexer.ts';
import { type Chain, type Counters, type Rule, type Ruleset, roles, type Table } from './ruleset.ts';

type Tokens = Pick<Ruleset, 'text' | 'tokens' | 'roles'>;

/**
 * The ruleset as `iptables-save` would print it: declarations, rules, counters, and whatever stood between them, written
 * anew from the model. Byte for byte the text that was read if iptables-save wrote it.
 *
 * `-N` and `-P` lines come out as the declarations they amount to, `-s A,B` as the rules it stands for.
 */
export function printRuleset(ruleset: Ruleset): string {
  const page = newPage(ruleset.text);
  let aside = 0;
  const asidesBefore = (line: number): void => {
    for (let one = ruleset.asides[aside]; one !== undefined && one.line < line; one = ruleset.asides[aside]) {
      copy(page, one.start, one.end);
      aside += 1;
    }
  };
  for (const table of ruleset.tables) {
    asidesBefore(table.line);
    write(page, `*${table.name}`);
    const chains = declared(table);
    let next = 0;
    const chainsBefore = (line: number): void => {
      for (let chain = chains[next]; chain !== undefined && chain.line < line; chain = chains[next]) {
        asidesBefore(chain.line);
        write(page, chainText(chain));
        next += 1;
      }
    };
    for (const rule of table.rules) {
      chainsBefore(rule.line);
      asidesBefore(rule.line);
      if (printsAsItStands(ruleset, rule)) copy(page, rule.start, rule.end);
      else write(page, ruleLine(ruleset, rule));
    }
    chainsBefore(table.commitLine);
    asidesBefore(table.commitLine);
    write(page, 'COMMIT');
  }
  asidesBefore(Number.POSITIVE_INFINITY);
  return printed(page);
}

/** Lines that are being put together. Neighbours that are copied from the text stay one piece. */
interface Page {
  readonly text: string;
  readonly pieces: string[];
  /** What is to be copied next; `to` is -1 when there is nothing. */
  from: number;
  to: number;
}

function newPage(text: string): Page {
  return { text, pieces: [], from: 0, to: -1 };
}

function copy(page: Page, start: number, end: number): void {
  if (page.to < 0 || start !== page.to + 1) {
    flush(page);
    page.from = start;
  }
  page.to = end;
}

function write(page: Page, line: string): void {
  flush(page);
  page.pieces.push(line);
}

function flush(page: Page): void {
  if (page.to >= 0) page.pieces.push(page.text.slice(page.from, page.to));
  page.to = -1;
}

function printed(page: Page): string {
  flush(page);
  page.pieces.push('');
  return page.pieces.join('\n');
}

type Declared = Chain & { readonly line: number };

function declared(table: Table): readonly Declared[] {
  const isDeclared = (chain: Chain): chain is Declared => chain.line !== null;
  return [...table.chains.values()].filter(isDeclared).sort((a, b) => a.line - b.line);
}

function chainText(chain: Chain): string {
  const { counters } = chain;
  return `:${chain.name} ${chain.policy ?? '-'}${counters === null ? '' : ` ${bracketed(counters)}`}`;
}

function bracketed(counters: Counters): string {
  return `[${counters.packets}:${counters.bytes}]`;
}

/** Whether {@link ruleLine} would give what stands in the text; nothing is made of it to find out. */
function printsAsItStands(ruleset: Ruleset, rule: Rule): boolean {
  const { text, tokens, roles: kinds } = ruleset;
  if (rule.counters !== null && text.charCodeAt(rule.start) === 91 && !text.startsWith(bracketed(rule.counters), rule.start))
    return false;
  const end = rule.firstToken + rule.tokenCount;
  for (let token = rule.firstToken; token < end; token += 1) {
    const role = kinds[token];
    if (role === roles.word || role === roles.verbatim) continue;
    const from = tokens[2 * token] as number;
    const to = tokens[2 * token + 1] as number;
    if (token + 1 < end && tokens[2 * token + 2] === to) return false;
    if (role === roles.string ? !isSavedString(text, from, to) : role === roles.list || !printsAs(ruleset, token)) return false;
  }
  return true;
}

function printsAs(source: Tokens, token: number): boolean {
  return source.text.slice(source.tokens[2 * token], source.tokens[2 * token + 1]) === tokenText(source, token);
}

/**
 * A rule's line: words that print as they stand are copied with the blanks around them (iptables before 1.8.8 wrote some
 * twice, and some at the end), everything else is written anew.
 */
function ruleLine(ruleset: Ruleset, rule: Rule): string {
  const { text, tokens } = ruleset;
  let line = '';
  let copied = rule.start;
  // Counters behind `-c` stand among the tokens.
  if (rule.counters !== null && text.charCodeAt(rule.start) === 91) {
    line = bracketed(rule.counters);
    copied = text.indexOf(']', rule.start) + 1;
  }
  const end = rule.firstToken + rule.tokenCount;
  for (let token = rule.firstToken; token < end; token += 1) {
    const role = ruleset.roles[token];
    if (role === roles.word || role === roles.verbatim) continue;
    const start = tokens[2 * token] as number;
    line += text.slice(copied, start) + shownToken(ruleset, rule, token);
    copied = tokens[2 * token + 1] as number;
    // A closing quote ends a word even where no blank follows it.
    if (token + 1 < end && tokens[2 * token + 2] === copied) line += ' ';
  }
  return line + text.slice(copied, rule.end);
}

/** A rule without its counters, one blank between words, one character a byte. */
export function lineText(ruleset: Ruleset, rule: Rule): string {
  const words: string[] = [];
  for (let token = rule.firstToken; token < rule.firstToken + rule.tokenCount; token += 1)
    words.push(shownToken(ruleset, rule, token));
  return words.join(' ');
}

function shownToken(ruleset: Ruleset, rule: Rule, token: number): string {
  return ruleset.roles[token] === roles.list ? listElement(ruleset, rule, token) : tokenText(ruleset, token);
}

/** One token in the form that prints. */
export function tokenText(source: Tokens, token: number): string {
  const start = source.tokens[2 * token] as number;
  const end = source.tokens[2 * token + 1] as number;
  const role = source.roles[token] as number;
  if (role === roles.word || role === roles.verbatim) return source.text.slice(start, end);
  return requoted(unquoted(source.text, start, end), role);
}

/** The one address of a list that this rule of the line has: sources change slowest. */
function listElement(source: Tokens, rule: Rule, token: number): string {
  const list = listAt(source, token);
  for (let other = token + 1; other < rule.firstToken + rule.tokenCount; other += 1) {
    if (source.roles[other] === roles.list) return pick(source, list, listAt(source, other), token, rule.part);
  }
  for (let other = token - 1; other >= rule.firstToken; other -= 1) {
    if (source.roles[other] === roles.list) return pick(source, list, listAt(source, other), token, rule.part);
  }
  return list[rule.part] ?? '';
}

function pick(source: Tokens, own: readonly string[], other: readonly string[], token: number, part: number): string {
  return (isSource(source, token) ? own[Math.floor(part / other.length)] : own[part % own.length]) ?? '';
}

function listAt(source: Tokens, token: number): readonly string[] {
  return unquoted(source.text, source.tokens[2 * token] as number, source.tokens[2 * token + 1] as number).split(',');
}

function isSource(source: Tokens, token: number): boolean {
  const option = unquoted(source.text, source.tokens[2 * token - 2] as number, source.tokens[2 * token - 1] as number);
  return option === '-s' || option.startsWith('--s');
}
