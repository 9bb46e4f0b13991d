import type { Family } from '../net/index.ts';
import { conditionMeaning } from './condition.ts';
import { badUse } from './extension.ts';
import { writerOf } from './family.ts';
import { learn, rolesByForm } from './form.ts';
import type { Words } from './lexer.ts';
import { hasList, listOf, ruleProtocol, useOf, wordsOf } from './meaning.ts';
import type { GivenAt, RuleFault, RuleParts } from './rule.ts';
import { builtinChains, type Counters, isBuiltin, type Rule, roles } from './ruleset.ts';
import { append, insert } from './sequence.ts';
import { addChain, type ChainDraft, countersOf, type Mutable, newChain, type TableDraft } from './table-draft.ts';
import { takeApart } from './take-apart.ts';
import { type TextFault, textFault } from './text-fault.ts';

/** One line with a command. */
export interface RuleLine {
  readonly family: Family;
  readonly text: string;
  readonly words: Words;
  /** First token of the line. */
  readonly first: number;
  readonly line: number;
  readonly start: number;
  readonly end: number;
}

/** More rules than this in one line are refused: each of them would be looked up in the line's lists. */
const mostSplits = 4096;

/** A rule's matches must fit into 64 kB in the kernel, which is far fewer words than this. */
const mostWords = 4096;

const builtinNames: ReadonlySet<string> = new Set(Object.values(builtinChains).flat());

/** A line that begins with a command: `-A`, `-I`, `-N` or `-P`. `skipped`: it is for the other family. */
export function addRule(table: TableDraft, line: RuleLine): TextFault | 'skipped' | null {
  const chain = appendedTo(table, line);
  if (chain === undefined) return addTakenApart(table, line);
  const printed = rolesByForm(table.forms, rootOf(chain), line, table.chains);
  const counters = printed === null ? undefined : countersInFront(line);
  if (printed === null || counters === undefined) return addTakenApart(table, line);
  for (let index = 0; index < printed.length; index += 1) line.words.roles[line.first + index] = printed[index] as number;
  append(chain.rules, push(table, chain, line, 0, counters));
  table.lastChain = chain;
  return null;
}

/** Keeps a rule as it stands that iptables-save has printed so that nobody can read it again, iptables-restore neither. */
function keep(table: TableDraft, line: RuleLine, fault: RuleFault): boolean {
  const chain = appendedTo(table, line);
  const counters = countersInFront(line);
  if (fault.bare !== true || chain === undefined || counters === undefined || writerOf(line.text) === null) return false;
  line.words.roles.fill(roles.verbatim, line.first, line.words.used >> 1);
  const why = `${fault.message}; iptables-save prints names with blanks without quotes`;
  append(chain.rules, Object.assign(push(table, chain, line, 0, counters), { unread: textFault(0, why, '').message }));
  table.lastChain = chain;
  return true;
}

/** The chain of a line that begins with `-A CHAIN`, if it is there already. */
function appendedTo(table: TableDraft, line: RuleLine): ChainDraft | undefined {
  const { offsets, used, roles: written } = line.words;
  const at = 2 * line.first;
  const option = offsets[at] as number;
  if (used < at + 4 || offsets[at + 1] !== option + 2 || !line.text.startsWith('-A', option)) return undefined;
  if (written[line.first + 1] !== roles.word) return undefined;
  const start = offsets[at + 2] as number;
  const end = offsets[at + 3] as number;
  const last = table.lastChain;
  if (last !== null && last.name.length === end - start && line.text.startsWith(last.name, start)) return last;
  return table.chains.get(line.text.slice(start, end));
}

/** Chains share what they learn, but for those with the name of a built-in one: there not every interface is good. */
function rootOf(chain: ChainDraft): string {
  return builtinNames.has(chain.name) ? chain.name : '';
}

function push(table: TableDraft, chain: ChainDraft, line: RuleLine, part: number, counters: Counters | null): Mutable<Rule> {
  const rule: Mutable<Rule> = {
    chain: chain.name,
    number: chain.rules.length + 1,
    line: line.line,
    start: line.start,
    end: line.end,
    firstToken: line.first,
    tokenCount: (line.words.used >> 1) - line.first,
    part,
    counters,
  };
  table.rules.push(rule);
  return rule;
}

function addTakenApart(table: TableDraft, line: RuleLine): TextFault | 'skipped' | null {
  const { words, first } = line;
  const count = (words.used >> 1) - first;
  const offset = (token: number): number => words.offsets[2 * token] ?? line.end;
  if (count === 0) return textFault(line.start, 'the line holds blanks only', 'remove it');
  if (count > mostWords)
    return textFault(offset(first + mostWords), `the rule has ${count} words`, 'the kernel holds no rule of this size');
  const parts = takeApart({
    family: line.family,
    text: line.text,
    offsets: words.offsets,
    firstToken: first,
    tokenCount: count,
    isChain: (name) => table.chains.has(name) || isBuiltin(table.name, name),
    roles: words.roles,
    noting: true,
  });
  if ('kind' in parts) {
    if (parts.kind === 'fault' && keep(table, line, parts)) return null;
    if (parts.kind === 'fault') return textFault(offset(parts.token), parts.message, parts.hint);
    words.used = 2 * first;
    return 'skipped';
  }
  const chainAt = offset(first + 1);
  if (parts.command === 'new-chain' || parts.command === 'policy') {
    words.used = 2 * first;
    return command(table, parts, line.line, chainAt);
  }
  const bad = badValue(table, parts, line);
  if (bad !== null) return textFault(offset(bad.token), bad.message, bad.hint);
  const hookFault = wrongInterface(parts);
  if (hookFault !== null) return textFault(offset(hookFault.token), hookFault.message, hookFault.hint);
  const builtin = isBuiltin(table.name, parts.chain);
  const chain = table.chains.get(parts.chain) ?? (builtin ? newChain(table, parts.chain, null) : undefined);
  if (chain === undefined)
    return textFault(chainAt, `table ${table.name} has no chain ${parts.chain}`, `declare it above: ":${parts.chain} - [0:0]"`);
  if (parts.command === 'insert' && parts.position > chain.rules.length + 1)
    return textFault(chainAt, `chain ${parts.chain} has ${chain.rules.length} rules here`, 'insert at the next number at most');
  if (parts.target.kind === 'chain') {
    const { name, token } = parts.target;
    if (isBuiltin(table.name, name))
      return textFault(offset(token), `${name} is a built-in chain`, 'only chains of your own can be jumped to');
    const jumped = table.chains.get(name);
    if (jumped === undefined) table.forward.push({ chain: name, at: offset(token) });
    else if (!parts.target.goto && !name.includes('"')) jumped.isJumpedTo = true;
  }
  const counters = ruleCounters(line, parts);
  if (counters === undefined) return textFault(line.start, 'these counters cannot be read', 'write two numbers below 2^64');
  if (parts.target.kind === 'extension' && !table.targets.has(parts.target.use.name))
    table.targets.set(parts.target.use.name, offset((parts.target.use.spans[0] as number) + 1));
  const splits = hasList(parts) ? listOf(parts, 'src').length * listOf(parts, 'dst').length : 1;
  if (splits > mostSplits) return textFault(line.start, `the line stands for ${splits} rules`, 'put the addresses into an ipset');
  for (let part = 0; part < splits; part += 1) {
    const rule = push(table, chain, line, part, counters);
    // Each of several rules is inserted at the same number, so they end up in reverse.
    if (parts.command === 'append') append(chain.rules, rule);
    else insert(chain.rules, parts.position - 1, rule);
  }
  if (appendedTo(table, line) === chain) learn(table.forms, rootOf(chain), line, parts, table.chains);
  return null;
}

function command(table: TableDraft, parts: RuleParts, line: number, at: number): TextFault | null {
  if (parts.conditions.length > 0 || parts.matches.length > 0 || parts.target.kind !== 'none')
    return textFault(at, 'this command takes no rule', 'write it alone on its line');
  if (parts.command === 'policy') return addChain(table, `${parts.chain} ${parts.policy}`, line, at - 1);
  if (table.chains.has(parts.chain) || isBuiltin(table.name, parts.chain))
    return textFault(at, `chain ${parts.chain} is there already`, 'remove the line');
  if (/^[-!]/.test(parts.chain)) return textFault(at, 'a chain name cannot begin with "-" or "!"', 'choose another name');
  return addChain(table, `${parts.chain} -`, line, at - 1);
}

/** Counters in front or behind `-c`; `null` for none. */
function ruleCounters(line: RuleLine, parts: RuleParts): Counters | null | undefined {
  const inFront = countersInFront(line);
  return inFront === null && parts.counters !== null ? readCounters(...parts.counters) : inFront;
}

function countersInFront(line: RuleLine): Counters | null | undefined {
  if (line.text.charCodeAt(line.start) !== 91) return null;
  const colon = line.text.indexOf(':', line.start);
  return readCounters(line.text.slice(line.start + 1, colon), line.text.slice(colon + 1, line.text.indexOf(']', colon)));
}

/** `undefined` for what is no number below 2^64. */
function readCounters(packets: string, bytes: string): Counters | undefined {
  if (!/^\d{1,20}$/.test(packets) || !/^\d{1,20}$/.test(bytes)) return undefined;
  const counters = countersOf(packets, bytes);
  return counters.packets >> 64n === 0n && counters.bytes >> 64n === 0n ? counters : undefined;
}

/** iptables refuses an interface that a built-in chain's packets do not have. */
function wrongInterface(parts: RuleParts): RuleFault | null {
  const kind =
    parts.chain === 'OUTPUT' || parts.chain === 'POSTROUTING'
      ? 'in'
      : parts.chain === 'INPUT' || parts.chain === 'PREROUTING'
        ? 'out'
        : null;
  const condition = parts.conditions.find((one) => one.kind === kind);
  if (condition === undefined) return null;
  const option = kind === 'in' ? '-i' : '-o';
  return {
    kind: 'fault',
    token: condition.token,
    message: `${option} cannot stand in ${parts.chain}`,
    hint: 'its packets have no such interface',
  };
}

/** The first value that iptables would refuse. */
function badValue(table: TableDraft, parts: RuleParts, line: RuleLine): RuleFault | null {
  for (const condition of parts.conditions) {
    const values = condition.kind === 'src' || condition.kind === 'dst' ? condition.value.split(',') : [condition.value];
    for (const value of values) {
      const meaning = conditionMeaning({ ...condition, value }, line.family);
      if (meaning.kind === 'bad') return { ...meaning, kind: 'fault', token: condition.token };
    }
  }
  const proto = ruleProtocol(parts);
  const source = { family: line.family, text: line.text, tokens: line.words.offsets, roles: line.words.roles };
  const used = parts.target.kind === 'extension' ? [...parts.matches, parts.target.use] : parts.matches;
  for (const one of used) {
    if (one.extension === null) continue;
    const key = one.name === 'comment' ? null : wordsOf(source, one, proto);
    if (key !== null && table.goodUses.has(key)) continue;
    const use = useOf(source, one, proto);
    const wrong = badUse(one.extension, use);
    // What iptables-save printed is in the kernel, whatever names or newer values it holds.
    const meaning = wrong === undefined || writerOf(line.text) !== null ? one.extension.meaning(use) : wrong;
    if (meaning.kind === 'bad') {
      const at: GivenAt | undefined = one.given.find((option) => option.name === meaning.option);
      const token = at === undefined ? (one.spans[0] ?? line.first) : at.token + Math.min(at.values.length, 1);
      return { kind: 'fault', token, message: meaning.message, hint: meaning.hint };
    }
    if (key !== null && table.goodUses.size < 10_000) table.goodUses.add(key);
  }
  return null;
}
