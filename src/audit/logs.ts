import { meaningsOf, type Rule, type Ruleset, readRule } from '../model/ruleset/index.ts';
import type { Located } from './finding.ts';

/** A rule that reports packets. */
export interface LogRule {
  readonly at: Located;
  readonly rule: Rule;
  readonly by: 'LOG' | 'NFLOG' | 'ULOG' | 'AUDIT';
  readonly prefix: string;
}

const kept = new WeakMap<Ruleset, readonly LogRule[]>();

/** All rules that report, in the order of the ruleset. */
export function logRulesOf(ruleset: Ruleset): readonly LogRule[] {
  const found = kept.get(ruleset);
  if (found !== undefined) return found;
  const made: LogRule[] = [];
  const meanings = meaningsOf(ruleset);
  for (const table of ruleset.tables) {
    for (const rule of table.rules) {
      const effect = meanings.get(rule)?.effect;
      if (effect?.kind !== 'log') continue;
      const at = { family: ruleset.family, table: table.name, chain: rule.chain, rule: rule.number, line: rule.line };
      made.push({ at, rule, by: effect.by, prefix: effect.prefix });
    }
  }
  kept.set(ruleset, made);
  return made;
}

/** What a rule's match allows at most. */
export interface Rate {
  /** `limit`: for all senders together; `hashlimit`: by what `--hashlimit-mode` says. */
  readonly by: 'limit' | 'hashlimit';
  readonly perSecond: number;
  readonly burst: number;
}

const seconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** The limit in a rule's own matches; `null` if it has none. */
export function rateOf(ruleset: Ruleset, rule: Rule): Rate | null {
  for (const { name, given } of readRule(ruleset, rule).matches) {
    const value = (option: string): string | undefined => given.find((one) => one.name === option)?.values[0];
    if (name === 'limit') return rate('limit', value('--limit') ?? '3/hour', value('--limit-burst'));
    if (name === 'hashlimit') {
      const upto = value('--hashlimit-upto');
      const perSource = /srcip/.test(value('--hashlimit-mode') ?? '');
      if (upto !== undefined) return rate(perSource ? 'hashlimit' : 'limit', upto, value('--hashlimit-burst'));
    }
  }
  return null;
}

function rate(by: Rate['by'], text: string, burst: string | undefined): Rate {
  const [, count = '3', unit = 'h'] = /^(\d+)(?:\/(\w))?/.exec(text) ?? [];
  return { by, perSecond: Number(count) / (seconds[unit] ?? 1), burst: Number(burst ?? 5) };
}

/** `5 a minute`. */
export function sayRate({ perSecond }: Rate): string {
  const [per, unit] = ([[1, 'second'], [60, 'minute'], [3600, 'hour'], [86_400, 'day']] as const).find(([span]) => perSecond * span >= 1) ?? [86_400, 'day']; // biome-ignore format: spans
  return `${Math.round(perSecond * per)} a ${unit}`;
}
