import type { Host } from '../model/host/index.ts';
import { ruleText } from '../model/ruleset/index.ts';
import { openReading } from '../store/index.ts';
import { createCounters, type Hits, twinNames } from '../watch/index.ts';
import { countedOf, ruleName } from './counted.ts';
import { knownRulesets } from './rulesets.ts';
import type { RulesetJson } from './shapes.ts';

/** The report with what each rule has met, as far as it is remembered; `null`: nothing is. */
export function remembering(report: RulesetJson, host: Host, stateFolder: string): RulesetJson | null {
  const opened = openReading(stateFolder);
  if (!opened.ok) return null;
  using reading = opened.value;
  const remembered = reading.hits();
  if (remembered.length === 0) return null;
  // What came since it was last written down counts too.
  const counters = createCounters(remembered);
  counters.take(host.readAt, countedOf(host));
  const known = new Map([...counters.all()].map((hits) => [hits.rule, hits]));
  const names = namesOf(host);
  return mapRules(report, (rule, key) => {
    const hits = known.get(names.get(key) ?? '');
    return hits === undefined ? rule : { ...rule, met: metOf(hits) };
  });
}

/** Only rules of which it is remembered that no packet has met them, and their chains. */
export function neverHit(report: RulesetJson): RulesetJson {
  return {
    ...report,
    families: report.families.map((family) => ({
      ...family,
      tables: family.tables
        .map((table) => ({
          ...table,
          chains: table.chains
            .map((chain) => ({ ...chain, rules: chain.rules.filter(({ met }) => met !== undefined && met.packets === 0) }))
            .filter(({ rules }) => rules.length > 0),
        }))
        .filter(({ chains }) => chains.length > 0),
    })),
  };
}

type RuleJson = RulesetJson['families'][number]['tables'][number]['chains'][number]['rules'][number];

function metOf({ since, packets, bytes, lastHit }: Hits): NonNullable<RuleJson['met']> {
  return { since: since / 1000, packets, bytes, lastHit: lastHit === null ? null : lastHit / 1000 };
}

function mapRules(report: RulesetJson, change: (rule: RuleJson, key: string) => RuleJson): RulesetJson {
  return {
    ...report,
    families: report.families.map((family) => ({
      ...family,
      tables: family.tables.map((table) => ({
        ...table,
        chains: table.chains.map((chain) => ({
          ...chain,
          rules: chain.rules.map((rule) => change(rule, `${family.family} ${table.name} ${chain.name} ${rule.number}`)),
        })),
      })),
    })),
  };
}

/** By where a rule stands, what it is remembered as. */
function namesOf(host: Host): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const nameOf = twinNames();
  for (const ruleset of knownRulesets(host))
    for (const table of ruleset.tables)
      for (const rule of table.rules)
        if (rule.counters !== null)
          names.set(
            `${ruleset.family} ${table.name} ${rule.chain} ${rule.number}`,
            nameOf(ruleName(ruleset, table.name, rule, ruleText(ruleset, rule))),
          );
  return names;
}
