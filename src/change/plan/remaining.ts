import type { Family } from '../../model/net/index.ts';
import {
  builtinChains,
  lineText,
  meaningsOf,
  parseRuleset,
  type Rule,
  type Ruleset,
  type Table,
} from '../../model/ruleset/index.ts';
import { problemLine } from '../../result.ts';

/** One family's rules when those of the administrator are gone: what is kept, and every chain that this needs. */
export function remainingRuleset(current: Ruleset, kept: ReadonlySet<Rule>, family: Family): Ruleset {
  // A text that holds nothing says nothing.
  if (current.tables.length === 0) return current;
  // The reader tells the backends apart by this line.
  const writer = current.asides
    .map(({ start, end }) => current.text.slice(start, end))
    .find((line) => line.startsWith('# Generated'));
  const text = current.tables.map((table) => tableText(current, table, kept)).join('');
  const parsed = parseRuleset(`${writer === undefined ? '' : `${writer}\n`}${text}`, { family, file: 'what remains' });
  if (!parsed.ok) throw new Error(`what remains does not read again: ${parsed.problems.map(problemLine).join('; ')}`);
  return parsed.value;
}

function tableText(current: Ruleset, table: Table, kept: ReadonlySet<Rule>): string {
  const known = builtinChains[table.name] ?? [];
  const needed = neededChains(current, table, kept);
  const lines = [`*${table.name}`];
  for (const chain of table.chains.values()) {
    if (known.includes(chain.name)) lines.push(`:${chain.name} ${chain.policy ?? 'ACCEPT'} [0:0]`);
    else if (needed.has(chain.name)) lines.push(`:${chain.name} - [0:0]`);
  }
  for (const rule of table.rules)
    if (kept.has(rule) || (needed.has(rule.chain) && !known.includes(rule.chain))) lines.push(lineText(current, rule));
  return `${lines.join('\n')}\nCOMMIT\n`;
}

/**
 * What `iptables-restore --noflush` reads to take away what is not kept: rules of built-in chains by what they say, chains of their own
 * whole. What comes to stand there meanwhile stays. Empty where there is nothing to take away.
 */
export function removalText(current: Ruleset, kept: ReadonlySet<Rule>): string {
  return current.tables
    .map((table) => {
      const known = builtinChains[table.name] ?? [];
      const needed = neededChains(current, table, kept);
      const rules = table.rules.filter((rule) => known.includes(rule.chain) && !kept.has(rule));
      const chains = [...table.chains.keys()].filter((name) => !known.includes(name) && !needed.has(name));
      if (rules.length + chains.length === 0) return '';
      return [
        `*${table.name}`,
        ...rules.map((rule) => lineText(current, rule).replace(/^(?:\[\d+:\d+\] )?-A /, '-D ')),
        // None may lead to another when that one goes.
        ...chains.map((name) => `-F ${name}`),
        ...chains.map((name) => `-X ${name}`),
        'COMMIT',
        '',
      ].join('\n');
    })
    .join('');
}

/** Chains that hold what is kept, and those that it leads to. */
function neededChains(current: Ruleset, table: Table, kept: ReadonlySet<Rule>): ReadonlySet<string> {
  const meanings = meaningsOf(current);
  const needed = new Set<string>();
  const need = (name: string): void => {
    const chain = table.chains.get(name);
    if (chain === undefined || needed.has(name) || builtinChains[table.name]?.includes(name) === true) return;
    needed.add(name);
    for (const rule of chain.rules) follow(rule);
  };
  const follow = (rule: Rule): void => {
    const effect = meanings.get(rule)?.effect;
    if (effect?.kind === 'jump') need(effect.chain);
  };
  for (const rule of table.rules) {
    if (!kept.has(rule)) continue;
    need(rule.chain);
    follow(rule);
  }
  return needed;
}
