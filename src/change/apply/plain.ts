import { type Chain, lineText, type Ruleset, ruleMeaning } from '../../model/ruleset/index.ts';
import { ownPrefix } from '../../policy/index.ts';
import { isMadeElsewhere } from '../plan/others.ts';
import { ownOf } from './own.ts';
import type { Transaction } from './transaction.ts';

/** What is left behind bears no name of palisade's, so that no later one takes it for its own. */
const plainPrefixes = ['FW-', ...Array.from({ length: 98 }, (_, index) => `F${index + 2}-`)];
const ownSet = /\bPAL([46])-([0-9a-f]{20})\b/g;

/** The name that a set of ours bears once it is nobody's. */
export function plainSet(name: string): string {
  return name.replace(ownSet, 'FW$1-$2');
}

/** Declared again, a chain is emptied: none that is there may bear the name, such as those that an earlier palisade left. */
function freePrefix(ruleset: Ruleset): string {
  const names = ruleset.tables.flatMap(({ chains }) => [...chains.keys()]);
  const free = plainPrefixes.find((prefix) => !names.some((name) => name.startsWith(prefix)));
  if (free === undefined) throw new Error('no prefix is free for chains that are left');
  return free;
}

function plainLine(line: string, prefix: string): string {
  return line
    .replace(new RegExp(`(^-A |(?: -j| -g) )${ownPrefix}`, 'g'), `$1${prefix}`)
    .replace(/(--match-set )(\S+)/g, (_, option: string, name: string) => `${option}${plainSet(name)}`);
}

/**
 * What gives the own chains of one family other names, table by table: each packet meets the same rules before, between and behind
 * them. Sets under their other names have to be there already.
 */
export function renamings(ruleset: Ruleset): readonly Transaction[] {
  const prefix = freePrefix(ruleset);
  return ownOf(ruleset).flatMap(({ table, chains, jumps }) => {
    if (chains.size === 0) return [];
    const name = (chain: string): string => prefix + chain.slice(ownPrefix.length);
    const lines = [`*${table}`, ...[...chains.keys()].map((chain) => `:${name(chain)} - [0:0]`)];
    for (const [chain, rules] of chains) lines.push(...rules.map((rule) => plainLine(`-A ${name(chain)} ${rule}`, prefix)));
    for (const { from, position, text } of jumps)
      lines.push(text.replace(/^-A /, '-D '), `-I ${from} ${position} ${plainLine(text, prefix).slice(`-A ${from} `.length)}`);
    lines.push(...[...chains.keys()].flatMap((chain) => [`-F ${chain}`]), ...[...chains.keys()].map((chain) => `-X ${chain}`));
    return [{ table, text: `${lines.join('\n')}\nCOMMIT\n` }];
  });
}

/**
 * A ruleset as a file that a machine can load when it starts: without counters, and without the chains that other programs make by
 * themselves once they run, which would be there twice.
 */
export function lastingText(ruleset: Ruleset): string {
  return ruleset.tables
    .map(({ name, chains }) => {
      const lines = [`*${name}`];
      const lasting = [...chains.values()].filter((chain) => !isMadeElsewhere('chains', chain.name));
      lines.push(...lasting.map((chain) => `:${chain.name} ${chain.policy ?? '-'} [0:0]`));
      for (const chain of lasting) lines.push(...lastingRules(ruleset, chain));
      return `${lines.join('\n')}\nCOMMIT\n`;
    })
    .join('');
}

function lastingRules(ruleset: Ruleset, chain: Chain): readonly string[] {
  return chain.rules.flatMap((rule) => {
    const { effect } = ruleMeaning(ruleset, rule);
    const text = lineText(ruleset, rule);
    const sets = [...text.matchAll(/--match-set (\S+)/g)].map(([, name = '']) => name);
    const isOthers =
      (effect.kind === 'jump' && isMadeElsewhere('chains', effect.chain)) || sets.some((set) => isMadeElsewhere('sets', set));
    return isOthers ? [] : [text];
  });
}
