import type { Family } from '../net/index.ts';
import { conditionMeaning } from './condition.ts';
import type { Match, Target, Use } from './extension.ts';
import type { Words } from './lexer.ts';
import { hasList, listOf, ruleProtocol, useOf } from './meaning.ts';
import type { GivenAt, RuleFault, RuleParts, Used } from './rule.ts';
import { builtinChains, type Chain, type Counters, isBuiltin, type Rule, type Table } from './ruleset.ts';
import { append, insert, items, type Sequence, sequence } from './sequence.ts';
import { takeApart } from './take-apart.ts';
import { type TextFault, textFault } from './text-fault.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface ChainDraft extends Mutable<Omit<Chain, 'rules'>> {
  readonly rules: Sequence<Mutable<Rule>>;
}

/** A table that is being read. */
export interface TableDraft {
  readonly kind: 'table';
  readonly name: string;
  readonly line: number;
  readonly chains: Map<string, ChainDraft>;
  readonly rules: Mutable<Rule>[];
  /** Jumps to chains that were not there yet, with their offsets: iptables-nft looks for them at COMMIT only. */
  readonly forward: { readonly chain: string; readonly at: number }[];
  /** Uses of extensions whose values were found good; most of a large ruleset says the same thing again. */
  readonly goodUses: Set<string>;
  /** Names that `-j` took for targets, with the offset of the first: a chain of that name may still come. */
  readonly targets: Map<string, number>;
}

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

const noPackets: Counters = { packets: 0n, bytes: 0n };

export function openTable(name: string, line: number, at: number): TableDraft | TextFault {
  const trimmed = name.trim();
  if (!Object.hasOwn(builtinChains, trimmed)) {
    return textFault(at + 1, `iptables has no table "${trimmed}"`, `its tables are ${Object.keys(builtinChains).join(', ')}`);
  }
  return {
    kind: 'table',
    name: trimmed,
    line,
    chains: new Map(),
    rules: [],
    forward: [],
    goodUses: new Set(),
    targets: new Map(),
  };
}

/** `:NAME POLICY [packets:bytes]`, the counters optional. */
export function addChain(table: TableDraft, declaration: string, line: number, at: number): TextFault | null {
  const [name = '', policy, counters, ...rest] = declaration.split(/[ \t]+/).filter((word) => word !== '');
  const place = (word: string): number => at + 1 + Math.max(0, declaration.indexOf(word));
  const nameFault = badChainName(name, place(name));
  if (nameFault !== null) return nameFault;
  if (policy === undefined)
    return textFault(at, `chain ${name} has no policy`, 'write ACCEPT, DROP, or "-" for a chain of your own');
  const read = counters === undefined ? null : /^\[(\d{1,20}):(\d{1,20})\]$/.exec(counters);
  if (counters !== undefined && read === null)
    return textFault(
      at + 1 + declaration.lastIndexOf(counters),
      'these counters cannot be read',
      'write [packets:bytes] such as [0:0]',
    );
  if (rest[0] !== undefined)
    return textFault(at + 1 + declaration.lastIndexOf(rest[0]), 'nothing may follow the counters', 'remove it');
  const builtin = isBuiltin(table.name, name);
  if (policy !== '-' && !(builtin && (policy === 'ACCEPT' || policy === 'DROP'))) {
    const hint = builtin ? 'write ACCEPT or DROP' : `write ":${name} -": only built-in chains have a policy`;
    return textFault(
      at + 1 + declaration.indexOf(policy, declaration.indexOf(name) + name.length),
      `chain ${name} cannot have the policy ${policy}`,
      hint,
    );
  }
  const existing = table.chains.get(name);
  if (existing !== undefined && !builtin)
    return textFault(place(name), `chain ${name} is declared twice`, 'remove one of the lines');
  const chain = existing ?? newChain(table, name, line);
  chain.line ??= line;
  chain.policy = policy === 'ACCEPT' || policy === 'DROP' ? policy : null;
  chain.counters = read === null ? null : countersOf(read[1] as string, read[2] as string);
  return null;
}

/** A line that begins with a command: `-A`, `-I`, `-N` or `-P`. */
export function addRule(table: TableDraft, line: RuleLine): TextFault | null {
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
  if ('kind' in parts) return textFault(offset(parts.token), parts.message, parts.hint);
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
    if (!table.chains.has(name)) table.forward.push({ chain: name, at: offset(token) });
  }
  const counters = ruleCounters(line, parts);
  if (counters === undefined) return textFault(line.start, 'these counters cannot be read', 'write two numbers below 2^64');
  if (parts.target.kind === 'extension' && !table.targets.has(parts.target.use.name))
    table.targets.set(parts.target.use.name, offset((parts.target.use.spans[0] as number) + 1));
  const splits = hasList(parts) ? listOf(parts, 'src').length * listOf(parts, 'dst').length : 1;
  if (splits > mostSplits) return textFault(line.start, `the line stands for ${splits} rules`, 'put the addresses into an ipset');
  for (let part = 0; part < splits; part += 1) {
    const rule: Mutable<Rule> = {
      chain: parts.chain,
      number: chain.rules.length + 1,
      line: line.line,
      start: line.start,
      end: line.end,
      firstToken: first,
      tokenCount: count,
      part,
      counters,
    };
    table.rules.push(rule);
    // Each of several rules is inserted at the same number, so they end up in reverse.
    if (parts.command === 'append') append(chain.rules, rule);
    else insert(chain.rules, parts.position - 1, rule);
  }
  return null;
}

export function closeTable(draft: TableDraft, commitLine: number): Table | TextFault {
  const missing = draft.forward.find(({ chain }) => !draft.chains.has(chain));
  if (missing !== undefined) {
    return textFault(
      missing.at,
      `${missing.chain} is neither a chain of table ${draft.name} nor a target that iptables knows`,
      `declare the chain above: ":${missing.chain} - [0:0]"`,
    );
  }
  for (const [name, at] of draft.targets) {
    if (draft.chains.has(name))
      return textFault(
        at,
        `${name} is taken for a target here and is a chain further down`,
        'rename the chain, or declare it above',
      );
  }
  const chains = new Map<string, Chain>();
  for (const chain of draft.chains.values()) {
    const rules = items(chain.rules);
    rules.forEach((rule, index) => {
      rule.number = index + 1;
    });
    chains.set(chain.name, { ...chain, rules });
  }
  return { name: draft.name, line: draft.line, chains, rules: draft.rules, commitLine };
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

function newChain(table: TableDraft, name: string, line: number | null): ChainDraft {
  const chain: ChainDraft = { name, line, policy: null, counters: null, rules: sequence() };
  table.chains.set(name, chain);
  return chain;
}

/** XT_EXTENSION_MAXNAMELEN is 29 with the closing zero; iptables-restore takes 27 bytes, iptables and the kernel 28. */
function badChainName(name: string, at: number): TextFault | null {
  if (name === '') return textFault(at, 'the chain has no name', 'write :NAME POLICY');
  if (name.length > 28) return textFault(at, `the chain name ${name} has ${name.length} bytes`, 'shorten it to 28');
  return null;
}

function countersOf(packets: string, bytes: string): Counters {
  return packets === '0' && bytes === '0' ? noPackets : { packets: BigInt(packets), bytes: BigInt(bytes) };
}

/** Counters in front or behind `-c`; `null` for none. */
function ruleCounters(line: RuleLine, parts: RuleParts): Counters | null | undefined {
  const inFront = line.text.charCodeAt(line.start) === 91;
  if (!inFront && parts.counters === null) return null;
  const close = line.text.indexOf(']', line.start);
  const colon = line.text.indexOf(':', line.start);
  const [packets, bytes] = inFront
    ? [line.text.slice(line.start + 1, colon), line.text.slice(colon + 1, close)]
    : (parts.counters as readonly [string, string]);
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
    const key = sameUse(one, proto, line);
    if (key !== null && table.goodUses.has(key)) continue;
    const meaning = one.extension.meaning(useOf(source, one, proto));
    if (meaning.kind === 'bad') {
      const at: GivenAt | undefined = one.given.find((option) => option.name === meaning.option);
      const token = at === undefined ? (one.spans[0] ?? line.first) : at.token + Math.min(at.values.length, 1);
      return { kind: 'fault', token, message: meaning.message, hint: meaning.hint };
    }
    if (key !== null && table.goodUses.size < 10_000) table.goodUses.add(key);
  }
  return null;
}

/** Equal for uses that say the same; `null` where their tokens do not stand together. */
function sameUse(one: Used<Match> | Used<Target>, proto: Pick<Use, 'proto' | 'notProto'>, line: RuleLine): string | null {
  if (one.spans.length !== 2 || one.name === 'comment') return null;
  const from = line.words.offsets[2 * (one.spans[0] as number)];
  const to = line.words.offsets[2 * (one.spans[1] as number) - 1];
  return `${proto.proto} ${proto.notProto} ${line.text.slice(from, to)}`;
}
