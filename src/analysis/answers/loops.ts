import type { Chain, Rule, Ruleset } from '../../model/ruleset/index.ts';
import { rulesOf } from '../evaluate/rules.ts';

/** A jump that leads back to a chain that it is reached from: no kernel takes such rules, and they are no function. */
export interface Loop {
  readonly table: string;
  readonly rule: Rule;
}

export function loopOf(ruleset: Ruleset): Loop | null {
  for (const table of ruleset.tables) {
    const done = new Set<Chain>();
    const open = new Set<Chain>();
    const visit = (chain: Chain): Loop | null => {
      open.add(chain);
      for (const { rule, effect } of rulesOf(ruleset, chain)) {
        const target = effect.kind === 'jump' ? table.chains.get(effect.chain) : undefined;
        if (target === undefined || done.has(target)) continue;
        const loop = open.has(target) ? { table: table.name, rule } : visit(target);
        if (loop !== null) return loop;
      }
      open.delete(chain);
      done.add(chain);
      return null;
    };
    for (const chain of table.chains.values()) {
      const loop = done.has(chain) ? null : visit(chain);
      if (loop !== null) return loop;
    }
  }
  return null;
}
