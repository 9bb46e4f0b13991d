import type { Host } from '../model/host/index.ts';
import { type Rule, type Ruleset, ruleText } from '../model/ruleset/index.ts';
import type { Counted } from '../watch/index.ts';
import { knownRulesets } from './rulesets.ts';

/** What a rule is called by what it says: `4 filter INPUT -i lo -j ACCEPT`. */
export function ruleName({ family }: Ruleset, table: string, rule: Pick<Rule, 'chain'>, text: string): string {
  return `${family} ${table} ${rule.chain} ${text.slice(`-A ${rule.chain} `.length)}`.trimEnd();
}

const kept = new WeakMap<Host, readonly Counted[]>();

/** The counters of all rules whose counters were read: made once a reading. */
export function countedOf(host: Host): readonly Counted[] {
  const known = kept.get(host);
  if (known !== undefined) return known;
  const counted = countersIn(host);
  kept.set(host, counted);
  return counted;
}

function countersIn(host: Host): readonly Counted[] {
  return knownRulesets(host).flatMap((ruleset) =>
    ruleset.tables.flatMap(({ name, rules }) =>
      rules.flatMap((rule): Counted[] => {
        if (rule.counters === null) return [];
        const { packets, bytes } = rule.counters;
        const said = ruleName(ruleset, name, rule, ruleText(ruleset, rule));
        return [{ rule: said, packets: Number(packets), bytes: Number(bytes) }];
      }),
    ),
  );
}
