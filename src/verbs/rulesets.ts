import { nativeUnread } from '../analysis/answers/bystanders.ts';
import { type Host, isNotGiven } from '../model/host/index.ts';
import { type Counters, type Ruleset, ruleMeaning, ruleText } from '../model/ruleset/index.ts';
import type { RulesetJson } from './shapes.ts';
import { foreignOf } from './status.ts';

/** The rulesets that are known, IPv4 first. */
export function knownRulesets(host: Host): Ruleset[] {
  return ([4, 6] as const).flatMap((family) => {
    const ruleset = host.rulesets[family];
    return ruleset.known ? [ruleset.value] : [];
  });
}

/** Every table, or only the named one, with counters as of `countedAt` (epoch milliseconds). Of files, a family that none was named for is not missing. */
export function rulesetsOf(host: Host, table: string | undefined, countedAt = host.readAt): RulesetJson {
  const unknown = ([4, 6] as const).flatMap((family) => {
    const ruleset = host.rulesets[family];
    if (ruleset.known || isNotGiven(host, family)) return [];
    return [{ what: `the IPv${family} rules`, why: ruleset.why, remedy: ruleset.remedy }];
  });
  const { foreignChains } = host;
  if (!foreignChains.known && host.origin === 'live') {
    unknown.push({ what: 'other nft chains', why: foreignChains.why, remedy: foreignChains.remedy });
  }
  for (const family of [4, 6] as const) {
    const native = nativeUnread(host, family);
    if (native !== null) unknown.push({ what: `nft’s own IPv${family} rules`, ...native });
  }
  return {
    host: host.name,
    readAt: host.readAt / 1000,
    countedAt: countedAt / 1000,
    families: knownRulesets(host).map((ruleset) => familyOf(ruleset, table)),
    foreign: foreignOf(host),
    unknown,
  };
}

/** One family, every table or only the named one. */
export function familyOf(ruleset: Ruleset, only: string | undefined): RulesetJson['families'][number] {
  return {
    family: ruleset.family,
    source: ruleset.file,
    backend: ruleset.writer?.backend ?? null,
    tables: ruleset.tables
      .filter((table) => only === undefined || table.name === only)
      .map((table) => ({
        name: table.name,
        chains: [...table.chains.values()].map((chain) => ({
          name: chain.name,
          policy: chain.policy,
          ...countersOf(chain.counters),
          rules: chain.rules.map((rule) => {
            const meaning = ruleMeaning(ruleset, rule);
            return {
              number: rule.number,
              line: rule.line,
              ...countersOf(rule.counters),
              text: ruleText(ruleset, rule),
              comment: meaning.comment,
              notUnderstood: [...meaning.notUnderstood],
            };
          }),
        })),
      })),
  };
}

function countersOf(counters: Counters | null): { packets: number | null; bytes: number | null } {
  return { packets: counters && Number(counters.packets), bytes: counters && Number(counters.bytes) };
}
