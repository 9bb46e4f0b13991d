import { type Effect, never } from '../../model/packet/index.ts';
import { type Chain, type Rule, type Ruleset, ruleText, type Table } from '../../model/ruleset/index.ts';
import { aimedAt } from '../aim.ts';
import { deletions, sayRef } from '../blame.ts';
import { type Changing, changesOf, changingChains } from '../changes.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { filter, guide, guideTwice, hardened4, hardened6 } from '../examples.ts';
import type { Finding, Located, Undetermined } from '../finding.ts';
import { canonical, meaningsOf, readsOf } from '../meaning.ts';
import { standardsOf } from '../standards/index.ts';

/**
 * A rule is redundant when an earlier one of the same chain has the same conditions and the same effect, and that effect
 * either ends the packet's way through the chain (a verdict, RETURN, goto, a translation) or logs it. Conditions are compared by
 * meaning: their order, their spelling and comments do not count. A rule with a limit or any other match that keeps
 * count is never compared; nor is one whose conditions another rule in between may change (marks, sets, tracking).
 */
export const fwAnom02: Check = {
  id: 'FW-ANOM-02',
  title: 'no rule repeats an earlier one',
  severity: 'low',
  kinds: ['S', 'Y'],
  refs: standardsOf('FW-ANOM-02'),
  why: 'Repeated rules come from scripts that run twice. Who later deletes one of them wonders why nothing changes.',
  fix: 'Delete the later rule; let the script that adds rules begin with a flush, or load them with iptables-restore.',
  run,
  examples: [
    { title: 'the guide once', v4: guide, finds: [] },
    {
      title: 'the guide twice: all but the rules that count',
      v4: guideTwice,
      finds: ['low 4', 'low 4', 'low 4', 'low 4', 'low 4'],
    },
    { title: 'a hardened pair', v4: hardened4, v6: hardened6, finds: [] },
    {
      title: 'a script that ran ten times',
      v4: filter(Array<string>(10).fill('-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT')),
      finds: ['low 4'],
    },
    {
      title: 'one port said in three ways',
      v4: filter([
        '-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT',
        '-A INPUT -p tcp -m tcp --dport 22:22 -m comment --comment "again" -j ACCEPT',
        '-A INPUT -p tcp -m multiport --dports 22 -j ACCEPT',
      ]),
      finds: ['low 4', 'low 4'],
    },
    {
      title: 'old and new syntax, in another order',
      v4: filter([
        '-A INPUT -p tcp -m state --state NEW -m tcp --dport 80 -j ACCEPT',
        '-A INPUT -p tcp -m tcp --dport 80 -m conntrack --ctstate NEW -j ACCEPT',
      ]),
      finds: ['low 4'],
    },
    {
      title: 'another effect is no repetition',
      v4: filter(['-A INPUT -p tcp -m tcp --dport 23 -j ACCEPT', '-A INPUT -p tcp -m tcp --dport 23 -j DROP']),
      finds: [],
    },
    {
      title: 'the same rule in another chain',
      v4: filter([':web - [0:0]', '-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT', '-A web -p tcp -m tcp --dport 80 -j ACCEPT']),
      finds: [],
    },
    {
      title: 'two limits let in twice as much',
      v4: filter(['-A INPUT -p icmp -m limit --limit 5/sec -j ACCEPT', '-A INPUT -p icmp -m limit --limit 5/sec -j ACCEPT']),
      finds: [],
    },
    {
      title: 'the same packet logged twice',
      v4: filter([
        '-A INPUT -j LOG --log-prefix "in: "',
        '-A INPUT -s 192.0.2.0/24 -j DROP',
        '-A INPUT -j LOG --log-prefix "in: "',
      ]),
      finds: ['low 4'],
    },
    {
      title: 'a chain called twice may count, or log',
      v4: filter([':watch - [0:0]', '-A INPUT -j watch', '-A INPUT -j watch', '-A watch -j LOG']),
      finds: [],
    },
    {
      title: 'a mark set in between',
      v4: filter([
        '-A INPUT -m mark --mark 0x1 -j ACCEPT',
        '-A INPUT -s 192.0.2.0/24 -j MARK --set-xmark 0x1/0xffffffff',
        '-A INPUT -m mark --mark 0x1 -j ACCEPT',
      ])
        .replace('*filter', '*mangle')
        .replace(/:(FORWARD|OUTPUT) .*\n/g, ''),
      finds: [],
    },
    {
      title: 'no mark set in between',
      v4: filter([
        '-A INPUT -m mark --mark 0x1 -j ACCEPT',
        '-A INPUT -s 192.0.2.0/24 -j LOG',
        '-A INPUT -m mark --mark 0x1 -j ACCEPT',
      ]),
      finds: ['low 4'],
    },
    {
      title: 'a set changed in between',
      v4: filter([
        '-A INPUT -m set --match-set bad src -j DROP',
        '-A INPUT -p tcp -m tcp --dport 23 -j SET --add-set bad src',
        '-A INPUT -m set --match-set bad src -j DROP',
      ]),
      finds: [],
    },
    {
      title: 'contradictions of two kinds',
      v4: filter([
        '-A INPUT -p tcp -m tcp --dport 80 -m multiport --dports 443 -j DROP',
        '-A INPUT -p tcp -m tcp --dport 22 -m multiport --dports 23 -j DROP',
      ]),
      finds: [],
    },
    { title: 'rules that were not read', v4: null, v6: hardened6, finds: [], unknown: 1 },
  ],
};

function run(subject: Subject): Answer {
  const findings: Finding[] = [];
  const unknown: Undetermined[] = [];
  for (const family of [4, 6] as const) {
    const fact = subject.host.rulesets[family];
    if (!fact.known) {
      unknown.push({ id: fwAnom02.id, why: `IPv${family}: ${fact.why}`, remedy: fact.remedy });
      continue;
    }
    for (const table of fact.value.tables) {
      const changing = changingChains(fact.value, table);
      for (const chain of table.chains.values()) findings.push(...repeated(subject, fact.value, table, chain, changing));
    }
  }
  return { findings, unknown };
}

/** Rules that match nothing do not repeat each other. */
const nothingMatches = canonical(never);

function repeated(subject: Subject, ruleset: Ruleset, table: Table, chain: Chain, changing: Changing): readonly Finding[] {
  const meanings = meaningsOf(ruleset);
  const pairs: Pair[] = [];
  const seen = new Map<string, Pair['earlier']>();
  // Which changes happened before a rule, as running numbers: an earlier rule is the same only if nothing changed since.
  let epoch = { mark: 0, sets: 0, state: 0 };
  for (const rule of chain.rules) {
    const meaning = meanings.get(rule);
    if (meaning === undefined) continue;
    const kind = comparable(meaning.effect);
    const reads = readsOf(meaning.constraint);
    const says = canonical(meaning.constraint);
    if (kind !== null && !reads.undecidable && says !== nothingMatches && meaning.notUnderstood.length === 0) {
      const since = [reads.mark && epoch.mark, reads.sets && epoch.sets, reads.state && epoch.state].join();
      const key = `${since} ${effectText(meaning.effect)} ${says}`;
      const earlier = seen.get(key);
      if (earlier === undefined) seen.set(key, { rule, ends: kind === 'ends' });
      else pairs.push({ rule, earlier });
    }
    const does = changesOf(ruleset, rule, meaning, changing);
    epoch = {
      mark: epoch.mark + Number(does.mark),
      sets: epoch.sets + Number(does.sets),
      state: epoch.state + Number(does.state),
    };
  }
  return findingsOf(subject, ruleset, table, pairs);
}

/** A rule and the earlier one that it repeats; `ends` if the earlier one lets no packet come to it. */
interface Pair {
  readonly rule: Rule;
  readonly earlier: { readonly rule: Rule; readonly ends: boolean };
}

/** Whether meeting the same rule again can change nothing: it ends the way through the chain, or it only speaks twice. */
function comparable(effect: Effect): 'ends' | 'speaks' | null {
  switch (effect.kind) {
    case 'verdict':
      // A queue may hand the packet back, and it goes on.
      return effect.verdict === 'QUEUE' ? null : 'ends';
    case 'return':
    case 'translate':
    case 'netmap':
    case 'deliver':
      return 'ends';
    case 'jump':
      return effect.goto ? 'ends' : null;
    case 'log':
      return 'speaks';
    default:
      return null;
  }
}

function effectText(effect: Effect): string {
  return JSON.stringify(effect, (_key, value: unknown) => (typeof value === 'bigint' ? `0x${value.toString(16)}` : value));
}

/** Up to so many repetitions of a chain are told one by one, more of them in one finding. */
const toldSingly = 8;

function findingsOf(subject: Subject, ruleset: Ruleset, table: Table, pairs: readonly Pair[]): readonly Finding[] {
  if (pairs.length <= toldSingly) return pairs.map((pair) => finding(subject, ruleset, table, [pair]));
  return [finding(subject, ruleset, table, pairs)];
}

function finding(subject: Subject, ruleset: Ruleset, table: Table, pairs: readonly Pair[]): Finding {
  const [first] = pairs;
  if (first === undefined) throw new Error('a finding without a rule');
  const { family } = ruleset;
  const place = (of: Rule): Located => ({ family, table: table.name, chain: of.chain, rule: of.number, line: of.line });
  const at = pairs.map(({ rule }) => place(rule));
  const cause = place(first.earlier.rule);
  const chain = `${table.name === 'filter' ? '' : `${table.name} `}${first.rule.chain}`;
  const example = `${sayRef(subject.host, cause)} takes the same packets and does the same with them as \`${ruleText(ruleset, first.rule)}\`, rule ${first.rule.number}${
    first.earlier.ends ? ', which is therefore never asked.' : ': each is reported twice.'
  }`;
  const shown = deletions(at);
  return {
    id: fwAnom02.id,
    severity: 'low',
    certainty: 'certain',
    title:
      pairs.length === 1
        ? `Rule ${first.rule.number} of ${chain} repeats rule ${first.earlier.rule.number}`
        : `${pairs.length} rules of ${chain} repeat earlier ones`,
    why: pairs.length === 1 ? example.replace(/^./, (letter) => letter.toUpperCase()) : `For example ${example}`,
    family,
    at,
    causedBy: [...new Map(pairs.map(({ earlier }) => [earlier.rule.number, place(earlier.rule)])).values()],
    witness: aimedAt(subject, cause),
    fix: `Delete ${pairs.length === 1 ? 'the later one' : 'the later ones, the last first'}.\n${shown.join('\n')}`,
    refs: fwAnom02.refs,
  };
}
