import { type Forms, forget, newForms } from './form.ts';
import { builtinChains, type Chain, type Counters, isBuiltin, type Rule, type Table } from './ruleset.ts';
import { items, type Sequence, sequence } from './sequence.ts';
import { type TextFault, textFault } from './text-fault.ts';

export type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export interface ChainDraft extends Mutable<Omit<Chain, 'rules'>> {
  readonly rules: Sequence<Mutable<Rule>>;
  /** A rule below its declaration jumps to it. */
  isJumpedTo: boolean;
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
  /** What the good rules so far have in common. */
  readonly forms: Forms;
  /** Where the last rule went: most likely the next one goes there too. */
  lastChain: ChainDraft | null;
}

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
    forms: newForms(),
    lastChain: null,
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
  for (const { name, line, policy, counters, rules: all } of draft.chains.values()) {
    const rules = items(all);
    rules.forEach((rule, index) => {
      rule.number = index + 1;
    });
    chains.set(name, { name, line, policy, counters, rules });
  }
  return { name: draft.name, line: draft.line, chains, rules: draft.rules, commitLine };
}

export function newChain(table: TableDraft, name: string, line: number | null): ChainDraft {
  const chain: ChainDraft = { name, line, policy: null, counters: null, rules: sequence(), isJumpedTo: false };
  table.chains.set(name, chain);
  // What a word behind -j means may be another thing from here on.
  forget(table.forms);
  return chain;
}

/** XT_EXTENSION_MAXNAMELEN is 29 with the closing zero; iptables-restore takes 27 bytes, iptables and the kernel 28. */
function badChainName(name: string, at: number): TextFault | null {
  if (name === '') return textFault(at, 'the chain has no name', 'write :NAME POLICY');
  if (name.length > 28) return textFault(at, `the chain name ${name} has ${name.length} bytes`, 'shorten it to 28');
  return null;
}

export function countersOf(packets: string, bytes: string): Counters {
  return packets === '0' && bytes === '0' ? noPackets : { packets: BigInt(packets), bytes: BigInt(bytes) };
}
