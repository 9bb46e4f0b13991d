import { type Chain, isBuiltin, parseRuleset, type Rule, type Ruleset, type Table } from '../../model/ruleset/index.ts';
import { failed, ok, type Problem, type Result } from '../../result.ts';
import { rulesOf, type UnderstoodRule } from '../evaluate/rules.ts';
import type { Decision, Source } from '../symbolic/index.ts';
import { type Comparison, compareRulesets, type Side, type UndecidedWay, type WayDifferences } from './diff.ts';
import { loopOf } from './loops.ts';
import { mayMeet, type TellingField } from './meeting.ts';

/** One rule more or less. Rules count from 1, as iptables does. */
export type RuleChange =
  /** `text` is a rule as iptables-save prints it, `-A CHAIN …`; it becomes number `at` of its chain. */
  | { readonly kind: 'add'; readonly table: string; readonly chain: string; readonly at: number; readonly text: string }
  | { readonly kind: 'remove'; readonly table: string; readonly chain: string; readonly rule: number };

/** Says which packets one change of one rule concerns, and how: see {@link createWhatIf}. */
export type WhatIf = (change: RuleChange, options?: { readonly most?: number; readonly budget?: number }) => Result<Comparison>;

/**
 * What a change of one rule does, time and again for the same ruleset.
 *
 * Only packets that the rule matches can be concerned, so that rules which no such packet meets are left out before anything
 * is built: that of 5,000 rules few are left makes it quick, and of a rule that asks for nothing all are.
 * Rules are named by their numbers before the change on one side, and behind it on the other; what was added has no line.
 */
export function createWhatIf({ ruleset, surroundings }: Source): WhatIf {
  const telling = tellingFields(ruleset);
  return (change, options = {}) => {
    const table = ruleset.tables.find(({ name }) => name === change.table);
    const chain = table?.chains.get(change.chain);
    if (table === undefined || chain === undefined)
      return failed(
        misnamed(`${ruleset.file} has no chain ${change.table} ${change.chain}`, 'name a table and a chain that it has'),
      );
    const last = chain.rules.length + (change.kind === 'add' ? 1 : 0);
    const at = change.kind === 'add' ? change.at : change.rule;
    if (!Number.isInteger(at) || at < 1 || at > last)
      return failed(misnamed(`${change.table} ${change.chain} has no place for rule ${at}`, `name one from 1 to ${last}`));
    const rule = change.kind === 'add' ? understood(table, change.text) : ok(rulesOf(ruleset, chain)[at - 1] as UnderstoodRule);
    if (!rule.ok) return rule;
    if (rule.value.rule.chain !== chain.name)
      return failed(
        misnamed(`the rule is one of ${rule.value.rule.chain}, not of ${chain.name}`, `begin it with -A ${chain.name}`),
      );
    const { start } = rule.value.rule;
    if (change.kind === 'remove' && chain.rules.some((other) => other.start === start && other.number !== at))
      return failed(misnamed(`rule ${at} shares its line with others`, 'write each address of -s and -d on a line of its own'));
    const before = slice(rule.value, null);
    const after = slice(rule.value, { ...change, place: chain });
    if (!before.ok) return before;
    if (!after.ok) return after;
    if (loopOf(before.value.ruleset) !== null || loopOf(after.value.ruleset) !== null)
      return failed(
        misnamed('jumps would lead in a circle, which the kernel refuses', 'jump to a chain that does not lead back'),
      );
    const { ways, rewrites } = compareRulesets(
      ruleset.family,
      { ruleset: before.value.ruleset, surroundings },
      { ruleset: after.value.ruleset, surroundings },
      { most: fewRegions, ...options },
    );
    return ok({ ways: ways.map((way) => named(way, before.value.nameOf, after.value.nameOf)), rewrites });
  };

  /** A rule of the table by itself. */
  function understood(table: Table, text: string): Result<UnderstoodRule> {
    const parsed = parseRuleset(`${header(ruleset)}${listed(table, [text])}`, { file: 'the rule', family: ruleset.family });
    if (!parsed.ok) return parsed;
    for (const own of parsed.value.tables)
      for (const chain of own.chains.values()) for (const rule of rulesOf(parsed.value, chain)) return ok(rule);
    return failed(misnamed('there is no rule', 'write one as iptables-save prints it'));
  }

  /** The rules that packets of one rule may meet, as a ruleset of their own. */
  function slice(of: UnderstoodRule, change: (RuleChange & { readonly place: Chain }) | null): Result<Slice> {
    const origins = new Map<string, Origin[]>();
    let text = header(ruleset);
    for (const table of ruleset.tables) {
      const lines: string[] = [];
      const met = new Set([...table.chains.values()].filter(({ name }) => isBuiltin(table.name, name)));
      const reach = ({ effect }: UnderstoodRule): void => {
        const target = effect.kind === 'jump' ? table.chains.get(effect.chain) : undefined;
        if (target !== undefined) met.add(target);
      };
      if (change?.kind === 'add' && change.table === table.name) reach(of);
      // Chains that are added meanwhile have their turn too.
      for (const chain of met) {
        const kept: Origin[] = [];
        const keep = (line: string, origin: Origin): void => {
          // Several rules of one line stay together, and are written once.
          if (origin.rule === null || kept.at(-1)?.rule?.start !== origin.rule.start) lines.push(line);
          kept.push(origin);
        };
        const shift = change?.kind === 'add' ? 1 : -1;
        const touched = change !== null && change.place === chain;
        const spot = !touched ? Number.POSITIVE_INFINITY : change.kind === 'add' ? change.at : change.rule;
        const added = (): void => {
          if (touched && change.kind === 'add') keep(change.text, { rule: null, number: change.at, line: null });
        };
        const rules = rulesOf(ruleset, chain);
        const starts = startsOf(rules, of);
        for (const one of rules) {
          const { rule } = one;
          if (rule.number === spot) added();
          if (!starts.has(rule.start)) continue;
          if (rule.number === spot && change?.kind === 'remove') continue;
          reach(one);
          const number = rule.number < spot ? rule.number : rule.number + shift;
          keep(ruleset.text.slice(rule.start, rule.end), { rule, number, line: rule.line });
        }
        if (spot === rules.length + 1) added();
        origins.set(`${table.name} ${chain.name}`, kept);
      }
      text += listed(table, lines);
    }
    const parsed = parseRuleset(text, { file: ruleset.file, family: ruleset.family });
    if (!parsed.ok) return parsed;
    return ok({
      ruleset: parsed.value,
      nameOf: (decision) => original(decision, origins, ruleset),
    });
  }

  function startsOf(rules: readonly UnderstoodRule[], of: UnderstoodRule): ReadonlySet<number> {
    const starts = new Set<number>();
    for (const rule of rules) if (mayMeet(rule, of, telling)) starts.add(rule.rule.start);
    return starts;
  }
}

/** Regions of each way, when nobody says how many: they are looked for and shown each. */
const fewRegions = 10;

interface Origin {
  readonly rule: Rule | null;
  /** Its number in the whole ruleset, on the side of the change that the slice is of. */
  readonly number: number;
  readonly line: number | null;
}

interface Slice {
  readonly ruleset: Ruleset;
  /** The decision as the whole ruleset names it. */
  nameOf(decision: Decision): Decision;
}

/** Translation rewrites addresses and ports, so that a rule behind it may ask for others than the packet came with. */
function tellingFields(ruleset: Ruleset): ReadonlySet<TellingField> {
  const rewrites = ruleset.tables.some((table) =>
    [...table.chains.values()].some((chain) =>
      rulesOf(ruleset, chain).some(({ effect }) => effect.kind === 'translate' || effect.kind === 'netmap'),
    ),
  );
  return new Set(rewrites ? ['proto', 'in', 'out'] : ['src', 'dst', 'sport', 'dport', 'proto', 'in', 'out']);
}

/** The lines that say who wrote it, since rules mean what its backend makes of them. */
function header({ text, asides }: Ruleset): string {
  const said = asides.map(({ start, end }) => text.slice(start, end)).filter((line) => line.startsWith('# Generated by'));
  return said
    .slice(0, 1)
    .map((line) => `${line}\n`)
    .join('');
}

/** A table of these rules, with the chains that they name and those that packets meet by themselves. */
function listed(table: Table, lines: readonly string[]): string {
  const words = new Set(lines.flatMap((line) => line.split(/[\s"]+/)));
  const chains = [...table.chains.values()].filter(({ name }) => isBuiltin(table.name, name) || words.has(name));
  const declared = chains.map(({ name, policy }) => `:${name} ${policy ?? '-'} [0:0]`);
  return [`*${table.name}`, ...declared, ...lines, 'COMMIT', ''].join('\n');
}

function original(
  { verdict, by, line }: Decision,
  origins: ReadonlyMap<string, readonly Origin[]>,
  { tables }: Ruleset,
): Decision {
  if (by.rule === 'policy') {
    const chain = tables.find(({ name }) => name === by.table)?.chains.get(by.chain);
    return { verdict, by, line: chain?.line ?? line };
  }
  const origin = origins.get(`${by.table} ${by.chain}`)?.[by.rule - 1];
  return origin === undefined ? { verdict, by, line } : { verdict, by: { ...by, rule: origin.number }, line: origin.line };
}

function named(
  way: WayDifferences | UndecidedWay,
  before: Slice['nameOf'],
  after: Slice['nameOf'],
): WayDifferences | UndecidedWay {
  if (way.kind === 'undecided') return way;
  const side = (of: Side, nameOf: Slice['nameOf']): Side => ({ ...of, decision: of.decision && nameOf(of.decision) });
  return {
    ...way,
    differences: way.differences.map((one) => ({ ...one, before: side(one.before, before), after: side(one.after, after) })),
  };
}

function misnamed(message: string, hint: string): Problem {
  return { code: 'usage', message, hint };
}
