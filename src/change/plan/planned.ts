import type { Family } from '../../model/net/index.ts';
import {
  type Chain,
  emptyRuleset,
  lineText,
  meaningsOf,
  parseRuleset,
  type Ruleset,
  type Table,
} from '../../model/ruleset/index.ts';
import { builtinChains, type Compiled, type CompiledTable, ownPrefix } from '../../policy/index.ts';
import { problemLine } from '../../result.ts';
import { denialsOnTop } from './others.ts';

/**
 * One family's rules as they are to be: what others wrote stays, word for word and in its place; own chains, the jumps to them and
 * declared policies are those of the policy. A jump that leads from another program's chain is left out where that chain is not there.
 */
export function plannedRuleset(current: Ruleset, compiled: Compiled, family: Family): Ruleset {
  const own = new Map(compiled.families[family].map((table) => [table.table, table]));
  const names = [...new Set([...current.tables.map(({ name }) => name), ...own.keys()])];
  const text = names
    .map((name) =>
      tableText(
        name,
        current,
        current.tables.find((table) => table.name === name),
        own.get(name),
      ),
    )
    .join('');
  if (names.length === 0) return emptyRuleset(family, 'the planned rules');
  // The reader tells the backends apart by this line.
  const writer = current.asides
    .map(({ start, end }) => current.text.slice(start, end))
    .find((line) => line.startsWith('# Generated'));
  const parsed = parseRuleset(`${writer === undefined ? '' : `${writer}\n`}${text}`, { family, file: 'the planned rules' });
  if (!parsed.ok) throw new Error(`planned rules do not read again: ${parsed.problems.map(problemLine).join('; ')}`);
  return parsed.value;
}

function tableText(name: string, current: Ruleset, table: Table | undefined, own: CompiledTable | undefined): string {
  const known = builtinChains[name] ?? [];
  const chains = [...(table?.chains.values() ?? [])];
  const foreign = chains.filter((chain) => !isOwn(chain.name) && !known.includes(chain.name));
  const there = new Set([...known, ...foreign.map((chain) => chain.name)]);
  const jumps = (own?.jumps ?? []).filter(({ from }) => there.has(from));
  const left = new Set((own?.jumps ?? []).filter(({ from }) => !there.has(from)).map(({ to }) => to));
  const made = [...(own?.chains ?? [])].filter(([chain]) => !left.has(chain));
  const lines = [`*${name}`];
  for (const chain of known) {
    const before = table?.chains.get(chain)?.policy ?? 'ACCEPT';
    lines.push(`:${chain} ${own?.policies.get(chain) ?? before} [0:0]`);
  }
  lines.push(...foreign.map((chain) => `:${chain.name} - [0:0]`), ...made.map(([chain]) => `:${chain} - [0:0]`));
  for (const chain of [...known, ...foreign.map((one) => one.name)]) {
    const found = table?.chains.get(chain);
    const rules = found === undefined ? [] : foreignOf(current, found).map((rule) => lineText(current, rule));
    const jump = jumps.filter(({ from }) => from === chain).map(({ to }) => `-A ${chain} -j ${to}`);
    const at = found === undefined ? 0 : denialsOnTop(current, foreignOf(current, found));
    lines.push(...rules.slice(0, at), ...jump, ...rules.slice(at));
  }
  for (const [chain, rules] of made) lines.push(...rules.map((rule) => `-A ${chain} ${rule}`));
  return `${lines.join('\n')}\nCOMMIT\n`;
}

function isOwn(chain: string): boolean {
  return chain.startsWith(ownPrefix);
}

/** Rules of a chain without the jumps to own chains. */
export function foreignOf(ruleset: Ruleset, chain: Chain): Chain['rules'] {
  const meanings = meaningsOf(ruleset);
  return chain.rules.filter((rule) => {
    const effect = meanings.get(rule)?.effect;
    return effect?.kind !== 'jump' || !isOwn(effect.chain);
  });
}
