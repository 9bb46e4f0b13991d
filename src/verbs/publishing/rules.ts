import { createHash } from 'node:crypto';
import type { Host } from '../../model/host/index.ts';
import { type Rule, type Ruleset, readRule, ruleMeaning, ruleText, shownText } from '../../model/ruleset/index.ts';
import type { HostState } from '../../monitor/index.ts';
import { type Counters, type Hits, twinNames } from '../../watch/counters/index.ts';
import { ruleName } from '../counted.ts';

type Known<T> = Extract<T, { readonly known: true }>;
type RuleState = Known<HostState['rules']>['value'][number];
type ChainState = Known<HostState['chains']>['value'][number];

/** What is said of a rule's words, which stay the same from reading to reading. */
interface Worded {
  readonly id: string;
  readonly target: string;
  readonly comment: string | null;
  readonly text: string;
}

/** Tells of all rules what they say and what they have met. Keeps what their words come to, so that only new rules are taken apart. */
export interface RuleTeller {
  rules(host: Host, counters: Pick<Counters, 'all'>): HostState['rules'];
}

export function createRuleTeller(): RuleTeller {
  let worded = new Map<string, Worded>();
  return {
    rules(host, counters) {
      const unread = unreadRules(host);
      if (unread !== null) return unread;
      const hits = new Map<string, Hits>();
      for (const one of counters.all()) hits.set(one.rule, one);
      const next = new Map<string, Worded>();
      const nameOf = twinNames();
      const value: RuleState[] = [];
      for (const ruleset of rulesetsIn(host)) {
        for (const { name: table, rules } of ruleset.tables) {
          for (const rule of rules) {
            const text = ruleText(ruleset, rule);
            const said = ruleName(ruleset, table, rule, text);
            const words = next.get(said) ?? worded.get(said) ?? wordsOf(ruleset, table, rule, text);
            next.set(said, words);
            const name = nameOf(said);
            const met = hits.get(name);
            if (met === undefined || rule.counters === null) return withoutCounters;
            value.push({
              id: `${words.id}${twinEnd(name, said)}`,
              family: ruleset.family,
              table,
              chain: rule.chain,
              target: words.target,
              comment: words.comment,
              text: words.text,
              packets: met.packets,
              bytes: met.bytes,
              since: met.since / 1000,
              lastHit: met.lastHit === null ? null : met.lastHit / 1000,
            });
          }
        }
      }
      worded = next;
      return { known: true, value };
    },
  };
}

const withoutCounters = {
  known: false,
  why: 'the rules were read without their counters',
  remedy: 'let palisade read the host itself',
} as const;

/** `… #2` is `-2`: of rules that say the same. */
function twinEnd(name: string, said: string): string {
  return name === said ? '' : `-${name.slice(said.length + ' #'.length)}`;
}

function wordsOf(ruleset: Ruleset, table: string, rule: Rule, text: string): Worded {
  const about = [ruleset.family, table, rule.chain, text].join('\n');
  const { target } = readRule(ruleset, rule);
  const { comment } = ruleMeaning(ruleset, rule);
  return {
    id: createHash('sha256').update(about, 'latin1').digest('hex').slice(0, 12),
    target: target.kind === 'none' ? '' : shownText(target.kind === 'extension' ? target.use.name : target.name),
    comment: comment === null ? null : shownText(comment),
    text: shownText(text),
  };
}

/** All chains that there are. */
export function chainsOf(host: Host): HostState['chains'] {
  const unread = unreadRules(host);
  if (unread !== null) return unread;
  const value = rulesetsIn(host).flatMap(({ family, tables }) =>
    tables.flatMap(({ name: table, chains }) =>
      [...chains.values()].map(({ name: chain, policy, counters, rules }): ChainState => {
        const decided = policy === null ? null : counters;
        return {
          ...{ family, table, chain: shownText(chain), policy, rules: rules.length },
          ...{ packets: decided && Number(decided.packets), bytes: decided && Number(decided.bytes) },
        };
      }),
    ),
  );
  return { known: true, value };
}

/** Half of the rules would be taken for all of them: where one family's are not known, none are. */
function unreadRules(host: Host): Extract<HostState['rules'], { known: false }> | null {
  for (const family of [4, 6] as const) {
    const fact = host.rulesets[family];
    if (!fact.known) return { known: false, why: `the IPv${family} rules: ${fact.why}`, remedy: fact.remedy };
  }
  return null;
}

function rulesetsIn(host: Host): readonly Ruleset[] {
  return ([4, 6] as const).flatMap((family) => {
    const fact = host.rulesets[family];
    return fact.known ? [fact.value] : [];
  });
}
