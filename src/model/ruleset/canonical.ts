import type { Family } from '../net/index.ts';
import type { Backend, Extension, Given, Match, Target } from './extension.ts';
import { requoted } from './lexer.ts';
import { readRule, ruleProtocol, useOf } from './meaning.ts';
import { lineText, tokenText } from './print.ts';
import type { Condition, RuleParts, Used } from './rule.ts';
import { type Rule, type Ruleset, roles } from './ruleset.ts';
import { maskedText, readMasked } from './values/address.ts';
import { protocolText, readProtocol } from './values/protocol.ts';

/**
 * The rule as `iptables-save` prints it once the kernel has it, whatever spelling it was given in: `-A CHAIN …` without counters,
 * one character a byte. The two backends differ in what each extension's object says. An extension that palisade does not know
 * keeps its words.
 */
export function canonicalText(ruleset: Ruleset, rule: Rule, backend: Backend): string {
  if (rule.unread !== undefined) return lineText(ruleset, rule);
  const parts = readRule(ruleset, rule);
  const words = ['-A', rule.chain];
  for (const kind of conditionOrder) {
    for (const condition of parts.conditions)
      if (condition.kind === kind) words.push(...conditionWords(condition, ruleset.family, backend));
  }
  for (const used of parts.matches) {
    const said = usedWords(ruleset, parts, used, backend);
    if (said !== null) words.push('-m', used.name, ...said);
  }
  return [...words, ...targetWords(ruleset, parts, backend)].join(' ');
}

/** iptables/xshared.c, save_rule_details. */
const conditionOrder: readonly Condition['kind'][] = ['src', 'dst', 'in', 'out', 'proto', 'fragment'];

function conditionWords({ kind, inverted, value }: Condition, family: Family, backend: Backend): readonly string[] {
  const not = inverted ? ['!'] : [];
  switch (kind) {
    case 'src':
    case 'dst': {
      const read = readMasked(value, family);
      if (read === undefined || (read.mask === 0n && !inverted)) return [];
      return [...not, kind === 'src' ? '-s' : '-d', maskedText(read, family, true)];
    }
    case 'in':
    case 'out':
      // iptables-legacy saves even `! +`, which no packet meets, as no condition at all.
      return value === '+' && (!inverted || backend === 'legacy') ? [] : [...not, kind === 'in' ? '-i' : '-o', value];
    case 'proto': {
      const number = readProtocol(value) ?? 0;
      return number === 0 ? [] : [...not, '-p', protocolText(number)];
    }
    case 'fragment':
      return [...not, '-f'];
  }
}

function targetWords(ruleset: Ruleset, parts: RuleParts, backend: Backend): readonly string[] {
  const { target } = parts;
  switch (target.kind) {
    case 'none':
      return [];
    case 'verdict':
      return ['-j', target.name];
    case 'chain':
      return [target.goto ? '-g' : '-j', target.name];
    case 'extension':
      return ['-j', target.use.name, ...(usedWords(ruleset, parts, target.use, backend) ?? [])];
  }
}

/** What stands behind an extension's name; `null` when not even that prints. */
function usedWords(
  ruleset: Ruleset,
  parts: RuleParts,
  used: Used<Match> | Used<Target>,
  backend: Backend,
): readonly string[] | null {
  const { extension } = used;
  if (extension === null) return verbatimWords(ruleset, used);
  const use = useOf(ruleset, used, ruleProtocol(parts));
  const spelled = spelledOptions(extension, used.given, ruleset.family);
  const saved = extension.saved === undefined ? spelled : extension.saved(use, backend, spelled);
  if (saved === null) return null;
  return saved.flatMap((one) => {
    const option = extension.options.find((known) => known.name === one.name);
    const [first, ...more] = one.values;
    const shown = first === undefined ? [] : [requotedAs(first, option?.prints ?? 'word'), ...more];
    return [...(one.inverted ? ['!'] : []), one.name, ...shown];
  });
}

/** The options in the order declared, each value as its type prints it. */
function spelledOptions(extension: Extension, given: readonly Given[], family: Family): readonly Given[] {
  return extension.options.flatMap((option) =>
    given
      .filter((one) => one.name === option.name)
      .map((one) => ({
        name: one.name,
        inverted: one.inverted,
        values: one.values.map((value, index) => option.types[index]?.saved(value, family) ?? value),
      })),
  );
}

function requotedAs(value: string, style: 'word' | 'string' | 'quoted'): string {
  return style === 'word' ? value : requoted(value, roles[style]);
}

function verbatimWords(ruleset: Ruleset, used: Used<Match> | Used<Target>): readonly string[] {
  const words: string[] = [];
  for (let index = 0; index < used.spans.length; index += 2) {
    for (let token = used.spans[index] as number; token < (used.spans[index + 1] as number); token += 1)
      words.push(tokenText(ruleset, token));
  }
  return words.slice(2);
}
