import type { Family } from '../net/index.ts';
import { coreOptions, refusedCommands, refusedOptions } from './core.ts';
import { fault, type RuleFault } from './rule.ts';

/** What is wrong with a word that is no option of anything in its rule; `hasUses`: some extension is named before it. */
export function notUnderstood(index: number, name: string, hasUses: boolean): RuleFault {
  const refused = refusedCommands.get(name);
  if (refused !== undefined) {
    return fault(
      index,
      `${refused} has no place in a ruleset file, which says what is there`,
      'leave the line out; commands belong into a script',
    );
  }
  if (refusedOptions.has(name)) return fault(index, `${name} has no place in a ruleset file`, 'leave it out');
  if (!name.startsWith('-')) {
    const hint = name.startsWith('#')
      ? 'put the comment on a line of its own'
      : 'remove it, or put a value with blanks into double quotes';
    return fault(index, `"${name}" belongs to no option`, hint);
  }
  if (/^--[^=]+=/.test(name) || (/^-[^-]./.test(name) && coreOptions.has(name.slice(0, 2))))
    return fault(index, `${name} is written in one piece`, 'put a blank between the option and its value');
  const hint = !hasUses
    ? 'name its extension with -m or -j before it'
    : 'check its spelling; the extensions named before it have no such option';
  return fault(index, `iptables has no option ${name} here`, hint);
}

/** An extension of the other family. */
export function otherFamily(token: number, what: string, family: Family): RuleFault {
  return fault(
    token,
    `${what} is not for IPv${family}`,
    `remove it, or say the family with ${family === 4 ? 6 : 4}:FILE if it was taken wrongly`,
  );
}
