import type { Family } from '../../net/index.ts';
import { requoted } from '../lexer.ts';
import { readRule, ruleMeaning } from '../meaning.ts';
import { parseRuleset } from '../parse.ts';
import { lineText } from '../print.ts';
import { builtinChains, type Counters, isBuiltin, type Ruleset, roles } from '../ruleset.ts';
import { type Refusal, refused } from './command.ts';
import { type Identity, identityOf } from './identity.ts';
import { type Placement, placements } from './placement.ts';

/** What one family's iptables holds at a moment of a script. Commands change it in place. */
export interface Firewall {
  readonly family: Family;
  readonly backend: 'nft' | 'legacy';
  /** Only tables that were touched; the others are empty and accept. */
  readonly tables: Map<string, TableState>;
}

export interface TableState {
  readonly name: string;
  readonly chains: Map<string, ChainState>;
  /** Built-in chains that are there: nft makes each of them when it is first written to, legacy all at once. */
  readonly made: ReadonlySet<string>;
}

export interface ChainState {
  readonly policy: 'ACCEPT' | 'DROP' | null;
  readonly counters: Counters | null;
  readonly rules: readonly RuleState[];
}

export interface RuleState {
  /** What stands behind `-A CHAIN`, as it prints. */
  readonly text: string;
  readonly counters: Counters | null;
  /** Line of the script; `null`: it was there before. */
  readonly line: number | null;
  readonly says: RuleSays;
}

/** A rule and where it stands. The same rule at other moments of a script is the same object. */
export interface StandingRule {
  readonly table: string;
  readonly chain: string;
  readonly rule: RuleState;
}

/** What the rest of the table has to know of a rule. */
export interface RuleSays extends Identity {
  /** Chain that it jumps or goes to, and where its name stands in the text. */
  readonly jump: { readonly chain: string; readonly start: number; readonly end: number } | null;
  readonly placements: readonly Placement[];
  /** A verdict for every packet: what stands behind is never reached. */
  readonly ends: boolean;
}

/** palisade cannot tell what iptables would do. */
export interface Undecided {
  readonly kind: 'undecided';
  readonly why: string;
  readonly hint: string;
}

export function undecided(why: string, hint: string): Undecided {
  return { kind: 'undecided', why, hint };
}

export function emptyFirewall(family: Family, backend: 'nft' | 'legacy'): Firewall {
  return { family, backend, tables: new Map() };
}

/** A table with its built-in chains, all accepting. */
export function emptyTable(name: string, backend: 'nft' | 'legacy'): TableState {
  const chains = (builtinChains[name] ?? []).map((chain) => [chain, { policy: 'ACCEPT', counters: null, rules: [] }] as const);
  return { name, chains: new Map<string, ChainState>(chains), made: new Set(backend === 'nft' ? [] : builtinChains[name]) };
}

const begun = new WeakMap<Ruleset, Map<'nft' | 'legacy', Firewall>>();

/** What a save holds, as the state to begin with; worked out once, since tables never change in place. */
export function firewallOf(ruleset: Ruleset, backend: 'nft' | 'legacy'): Firewall {
  const known = begun.get(ruleset) ?? new Map<'nft' | 'legacy', Firewall>();
  begun.set(ruleset, known);
  const firewall = known.get(backend) ?? takenOver(ruleset, backend);
  known.set(backend, firewall);
  return { ...firewall, tables: new Map(firewall.tables) };
}

function takenOver(ruleset: Ruleset, backend: 'nft' | 'legacy'): Firewall {
  const firewall = emptyFirewall(ruleset.family, backend);
  for (const table of ruleset.tables) {
    // A save names them all, whether nft has made them or not.
    const state = { ...emptyTable(table.name, backend), made: new Set(builtinChains[table.name]) };
    for (const chain of table.chains.values()) {
      const policy = isBuiltin(table.name, chain.name) ? (chain.policy ?? 'ACCEPT') : null;
      const rules = chain.rules.map((rule) => {
        const text = behindChain(lineText(ruleset, rule), rule.chain);
        return { text, counters: rule.counters, line: null, says: saysOf(ruleset, rule, text, backend) };
      });
      state.chains.set(chain.name, { policy, counters: chain.counters, rules });
    }
    firewall.tables.set(table.name, state);
  }
  return firewall;
}

/** Reads a rule's words as one that is to stand in the chain; several if they hold lists of addresses. */
export function readRules(
  firewall: Firewall,
  table: TableState,
  chain: string,
  words: readonly string[],
  about: Pick<RuleState, 'counters' | 'line'>,
): readonly RuleState[] | Refusal | Undecided {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what no save can hold.
  if (words.some((word) => /[\x00-\x1f\x7f]/.test(word)))
    return undecided('a value holds a control character', 'leave it out: no save of such a rule restores');
  // Only chains that the rule could name need to be declared: a table may have thousands.
  const names = [...new Set([chain, ...words.filter((word) => table.chains.has(word))])];
  const rule = ['-A', chain, ...words].map((word) => requoted(word, roles.loose)).join(' ');
  const text = `*${table.name}\n${names.map((name) => `:${name} -\n`).join('')}${rule}\nCOMMIT\n`;
  const parsed = parseRuleset(text, { file: '', family: firewall.family });
  if (!parsed.ok) {
    const [problem] = parsed.problems;
    const hint = problem?.hint ?? '';
    return refused(
      problem?.message ?? 'the rule cannot be read',
      /^declare /.test(hint) ? 'create the chain first, with -N' : hint,
    );
  }
  const ruleset = parsed.value;
  const [first] = ruleset.tables[0]?.rules ?? [];
  // A list of sources goes with no inverted destination either (iptables/xshared.c, iptables_parse_cmd).
  const ends =
    first === undefined ? [] : readRule(ruleset, first).conditions.filter(({ kind }) => kind === 'src' || kind === 'dst');
  if ((ruleset.tables[0]?.rules.length ?? 0) > 1 && ends.some(({ inverted }) => inverted))
    return refused('"!" cannot stand in a rule with several addresses', 'use an ipset, or a chain');
  const stranger = (ruleset.tables[0]?.rules ?? []).flatMap((one) => ruleMeaning(ruleset, one).notUnderstood)[0];
  if (stranger !== undefined)
    return undecided(`palisade does not know "${stranger}"`, 'read what iptables-save prints for it, with --ruleset');
  return (ruleset.tables[0]?.rules ?? []).map((one) => {
    const behind = behindChain(lineText(ruleset, one), chain);
    return { text: behind, ...about, says: saysOf(ruleset, one, behind, firewall.backend) };
  });
}

function behindChain(line: string, chain: string): string {
  return line.slice(line.indexOf(chain) + chain.length + 1);
}

function saysOf(
  ruleset: Ruleset,
  rule: Ruleset['tables'][number]['rules'][number],
  text: string,
  backend: 'nft' | 'legacy',
): RuleSays {
  const parts = readRule(ruleset, rule);
  const { target } = parts;
  let jump: RuleSays['jump'] = null;
  if (target.kind === 'chain') {
    const start = jumpAt(text, target.name);
    jump = { chain: target.name, start, end: start + target.name.length };
  }
  return {
    ...identityOf(ruleset, parts),
    jump,
    placements: placements(parts, ruleset.family, backend),
    ends: target.kind === 'verdict' && parts.conditions.length === 0 && parts.matches.length === 0,
  };
}

/** Where `-j NAME` stands outside of quotes. */
function jumpAt(text: string, name: string): number {
  const jumps = text.matchAll(/"(?:[^"\\]|\\[\s\S])*"|(?<=^| )(?:-j|-g|--jump|--goto) (?=(\S+))/g);
  const found = Array.from(jumps).findLast((one) => one[1] === name);
  if (found !== undefined) return found.index + found[0].length;
  throw new Error(`a jump to ${name} stands nowhere in its rule`);
}

/** The whole as iptables-save would write it, without what other tables hold: order of chains as iptables keeps them. Rules that `keeps` says no to are left out. */
export function firewallText(firewall: Firewall, keeps?: (rule: StandingRule) => boolean): string {
  const lines: string[] = [];
  for (const name of Object.keys(builtinChains)) {
    const table = firewall.tables.get(name);
    if (table === undefined) continue;
    lines.push(`*${name}`);
    const chains = chainsInOrder(table);
    for (const [chain, { policy, counters }] of chains) lines.push(`:${chain} ${policy ?? '-'} ${bracketed(counters)}`);
    for (const [chain, { rules }] of chains) {
      for (const rule of rules) {
        if (keeps?.({ table: name, chain, rule }) === false) continue;
        const front = rule.counters === null ? '' : `${bracketed(rule.counters)} `;
        lines.push(`${front}-A ${chain}${rule.text === '' ? '' : ` ${rule.text}`}`);
      }
    }
    lines.push('COMMIT');
  }
  return lines.map((line) => `${line}\n`).join('');
}

/** Built-in chains in the order of the hooks, then the others by name, as both backends list them. */
export function chainsInOrder(table: TableState): readonly (readonly [string, ChainState])[] {
  const own = [...table.chains].filter(([name]) => !isBuiltin(table.name, name));
  own.sort(([a], [b]) => (a < b ? -1 : 1));
  const builtin = (builtinChains[table.name] ?? []).flatMap((name) => {
    const chain = table.chains.get(name);
    return chain === undefined ? [] : [[name, chain] as const];
  });
  return [...builtin, ...own];
}

/** A number as iptables reads it: sscanf takes what is beyond 64 bits for the largest. */
export function countOf(text: string): bigint {
  const count = BigInt(text);
  return count >> 64n === 0n ? count : 0xffff_ffff_ffff_ffffn;
}

function bracketed(counters: Counters | null): string {
  return counters === null ? '[0:0]' : `[${counters.packets}:${counters.bytes}]`;
}
