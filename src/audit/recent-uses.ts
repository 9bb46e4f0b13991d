import { type Rule, type Ruleset, readRule } from '../model/ruleset/index.ts';
import type { Engine } from './engine.ts';
import type { Located } from './finding.ts';
import { templateOf } from './owners.ts';

/** One use of `-m recent` in a rule that packets meet. */
export interface RecentUse {
  readonly at: Located;
  readonly rule: Rule;
  readonly command: 'set' | 'rcheck' | 'update' | 'remove';
  readonly name: string;
  readonly hitcount: number;
  readonly seconds: number | null;
  readonly rttl: boolean;
  /** By destination; else by source. */
  readonly byDestination: boolean;
}

/** Lists of addresses that live rules keep; a dead rule writes nothing down. What programs keep in chains of theirs is their business. */
export function recentUsesOf({ firewall, liveness }: Engine): readonly RecentUse[] {
  const { ruleset } = firewall;
  return ruleset.tables.flatMap((table) =>
    table.rules.flatMap((rule) => {
      if (
        templateOf(rule.chain) !== null ||
        !mentionsRecent(ruleset, rule) ||
        !liveness().isLive(table.name, rule.chain, rule.number)
      )
        return [];
      const at = { family: ruleset.family, table: table.name, chain: rule.chain, rule: rule.number, line: rule.line };
      return usesIn(ruleset, rule).map((use) => ({ at, rule, ...use }));
    }),
  );
}

function mentionsRecent({ text }: Ruleset, { start, end }: Rule): boolean {
  return text.slice(start, end).includes('recent');
}

function usesIn(ruleset: Ruleset, rule: Rule): readonly Omit<RecentUse, 'at' | 'rule'>[] {
  return readRule(ruleset, rule).matches.flatMap(({ name, given }) => {
    const value = (option: string): string | undefined => given.find((one) => one.name === option)?.values[0];
    const command = (['set', 'rcheck', 'update', 'remove'] as const).find((one) =>
      given.some((option) => option.name === `--${one}`),
    );
    if (name !== 'recent' || command === undefined) return [];
    return [
      {
        command,
        name: value('--name') ?? 'DEFAULT',
        hitcount: Number(value('--hitcount') ?? 1),
        seconds: value('--seconds') === undefined ? null : Number(value('--seconds')),
        rttl: given.some((option) => option.name === '--rttl'),
        byDestination: given.some((option) => option.name === '--rdest'),
      },
    ];
  });
}
