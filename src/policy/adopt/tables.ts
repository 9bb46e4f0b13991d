import type { Table } from '../../model/ruleset/index.ts';
import { builtinChains } from '../builtins.ts';
import type { Part, TableEntry } from './entry.ts';
import { countsOnly, isEffectless, isStateful, type Reading, rawText, readOf, Unsayable } from './reading.ts';

/** The rules of a table other than filter, as lines of iptables; chains become groups of lines. */
export function linesOf(reading: Reading, table: Table): readonly TableEntry[] {
  const { family, ruleset, fates } = reading;
  const made = new Map<string, readonly Part[]>();
  return (builtinChains[table.name] ?? []).flatMap((chain) =>
    partsOf(chain, true).map((part): TableEntry => ({ table: table.name, chain, part, families: [family] })),
  );

  function partsOf(name: string, top: boolean): readonly Part[] {
    const before = made.get(name);
    if (before !== undefined) return before;
    const chain = table.chains.get(name);
    const parts: Part[] = [];
    for (const rule of chain?.rules ?? []) {
      if (reading.isForeign(rule)) {
        if (!top) throw new Unsayable(ruleset, rule, 'another program’s rule stands among those of an administrator’s chain');
        continue;
      }
      if (reading.isDead(table.name, rule)) {
        fates.set(rule, 'dead');
        continue;
      }
      const read = readOf(reading, rule);
      const { effect, constraint } = read.meaning;
      const target = effect.kind === 'jump' ? table.chains.get(effect.chain) : undefined;
      if (
        target === undefined ? countsOnly(read) : isEffectless(reading, table, target) && effect.kind === 'jump' && !effect.goto
      ) {
        fates.set(rule, 'idle');
        continue;
      }
      fates.set(rule, 'raw');
      // In a built-in chain RETURN ends as the chain's policy does, which lets through.
      const back = top ? '-j ACCEPT' : '-j RETURN';
      if (target === undefined || effect.kind !== 'jump') {
        const text = rawText(reading, rule, effect.kind !== 'return' || !top);
        parts.push(effect.kind === 'return' && top ? `${text} ${back}`.trim() : text);
        continue;
      }
      const below = partsOf(target.name, false);
      const matches = rawText(reading, rule, false);
      if (matches === '' && !below.some(returns)) parts.push(...below);
      else if (below.length > 0) parts.push({ rule: matches, rules: below });
      if (!effect.goto) continue;
      if (isStateful(constraint)) throw new Unsayable(ruleset, rule, 'it goes to a chain by a match that answers each time anew');
      if (matches === '') break;
      parts.push(`${matches} ${back}`);
    }
    if (!top) made.set(name, parts);
    return parts;
  }
}

function returns(part: Part): boolean {
  return typeof part === 'string' && part.endsWith('-j RETURN');
}
