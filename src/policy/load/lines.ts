import type { Family } from '../../model/net/index.ts';
import { parseRuleset } from '../../model/ruleset/index.ts';
import { builtinChains } from '../builtins.ts';
import type { RawLine } from '../policy.ts';
import type { Path } from './document.ts';
import { familiesOf } from './families.ts';
import type { Lookup, Say } from './lookup.ts';
import type { PolicyShape, RawShape } from './schema.ts';

/** A line of iptables for a table other than filter, or a group of them. */
export function readTableLine(
  { say, place }: Lookup,
  { table, chain, rule, rules, family }: PolicyShape['iptables'][number],
  index: number,
): RawLine {
  const path = ['iptables', index];
  const chains = builtinChains[table];
  if (chains === undefined || table === 'filter')
    say(
      [...path, 'table'],
      table === 'filter' ? 'lines of the table filter stand among the rules' : `there is no table "${table}"`,
      table === 'filter' ? 'move it to incoming, outgoing or forwarded' : 'write raw, mangle, nat or security',
    );
  else if (!chains.includes(chain))
    say([...path, 'chain'], `the table ${table} has no chain "${chain}"`, `write ${chains.join(', ')}`);
  else checkLines(say, table, chain, { rule, rules: rules ?? null }, familiesOf(family), path);
  return {
    kind: 'line',
    at: place(path),
    families: familiesOf(family),
    table,
    chain,
    text: rule,
    below: partsOf(rules),
  };
}

function checkLines(
  say: Say,
  table: string,
  chain: string,
  { rule, rules }: { readonly rule: string; readonly rules: readonly RawShape[] | null },
  families: readonly Family[],
  path: Path,
): void {
  checkLine(say, table, chain, rules === null ? rule : `${rule} -j RETURN`, families, [...path, 'rule']);
  for (const [index, part] of (rules ?? []).entries()) {
    const here = [...path, 'rules', index];
    if (typeof part === 'string') checkLine(say, table, chain, part, families, here);
    else checkLines(say, table, chain, part, families, here);
  }
}

/** A line must be one that iptables takes, in each family that it is for. */
export function checkLine(say: Say, table: string, chain: string, text: string, families: readonly Family[], path: Path): void {
  for (const family of families) {
    const lead = `*${table}\n:${chain} ACCEPT [0:0]\n-A ${chain} `;
    const parsed = /[\r\n\0]/.test(text) ? null : parseRuleset(`${lead}${text}\nCOMMIT\n`, { family, file: 'the line' });
    const isOne = parsed?.ok === true && parsed.value.tables[0]?.rules.length === 1;
    if (isOne) continue;
    const [why] = parsed === null || parsed.ok ? [] : parsed.problems;
    say(
      path,
      why === undefined ? 'this is not one line of iptables' : `IPv${family}: ${why.message}`,
      why?.hint ?? 'write matches and a target, as they stand behind -A CHAIN',
    );
    return;
  }
}

function partsOf(parts: readonly RawShape[] | undefined): RawLine['below'] {
  return (
    parts?.map((part) =>
      typeof part === 'string' ? { text: part, below: null } : { text: part.rule, below: partsOf(part.rules) },
    ) ?? null
  );
}
