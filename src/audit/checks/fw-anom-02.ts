import { known } from '../../model/host/index.ts';
import { type Rule, type Ruleset, ruleText } from '../../model/ruleset/index.ts';
import { aimedAt } from '../aim.ts';
import { deletions, sayRef } from '../blame.ts';
import { bundled, sayFew, sayNumbers } from '../bundle.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { type Dead, deadRules, isByTemplate, placeOfBlocker } from '../dead.ts';
import type { Engine } from '../engine.ts';
import { filter, guide, guideTwice, hardened4, hardened6 } from '../examples.ts';
import { eachText } from '../families.ts';
import type { Finding, Located } from '../finding.ts';
import { plainlyShown, witnessOfRule } from '../packet-sets.ts';
import { type Repetition, repetitionsIn } from '../repetition.ts';
import { standardsOf } from '../standards/index.ts';

/**
 * A rule is redundant when an earlier one of the same chain has the same conditions and the same effect, and that effect
 * either ends the packet's way through the chain (a verdict, RETURN, goto, a translation) or logs it. Conditions are compared by
 * meaning: their order, their spelling and comments do not count. A rule with a limit or any other match that keeps
 * count is never compared; nor is one whose conditions another rule in between may change (marks, sets, tracking).
 *
 * Redundant too is a rule that is never asked and whose packets earlier rules, perhaps several, treat just as it would.
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
  return eachText(fwAnom02, subject, ({ family, ruleset }) => {
    const repeated = [...Map.groupBy(repetitionsIn(ruleset), ({ table, rule }) => `${table.name} ${rule.chain}`).values()]
      .flatMap((alike) => bundled(alike, () => 'chain'))
      .map((bundle) => finding(subject, ruleset, bundle));
    const dead = deadRules(subject, family);
    // What repeats word for word is known without the engine.
    if (!dead.known) return repeated.length > 0 ? known(repeated) : dead;
    const covered = subject.ask(family, (engine) => coveredBy(subject, engine, dead.value.explained));
    return covered.known ? known([...repeated, ...covered.value]) : covered;
  });
}

type Covered = Extract<Dead, { kind: 'covered' }>;

/** Rules that are never asked, and for which all is done that they would do. */
function coveredBy(subject: Subject, engine: Engine, dead: readonly Dead[]): readonly Finding[] {
  const covered = dead.filter((one) => one.kind === 'covered').filter((one) => !isByTemplate(one));
  const meant = new Set(covered.filter(({ loss }) => loss === 'opposite').map(causeOf));
  const told = covered.filter((one) => one.loss === 'same' && one.rule.rule.effect.kind !== 'log' && !meant.has(causeOf(one)));
  return [...Map.groupBy(told, ({ at }) => `${at.table} ${at.chain}`).values()]
    .flatMap((alike) => bundled(alike, causeOf))
    .map((bundle) => coveredFinding(subject, engine, bundle));
}

function causeOf({ at, blockers }: Covered): string {
  return `${at.table} ${at.chain} ${blockers.map(({ rule }) => rule.rule).join()}`;
}

function coveredFinding(subject: Subject, engine: Engine, bundle: readonly Covered[]): Finding {
  const first = bundle[0] as Covered;
  const at = bundle.map((one) => one.at);
  const causes = bundle.flatMap(({ blockers }) => blockers.map(placeOfBlocker));
  const causedBy = [...new Map(causes.map((ref) => [Number(ref.rule), ref])).values()];
  const chain = `${first.at.table === 'filter' ? '' : `${first.at.table} `}${first.at.chain}`;
  const by = first.blockers.map((blocker) => sayRef(subject.host, placeOfBlocker(blocker)));
  return {
    id: fwAnom02.id,
    severity: 'low',
    certainty: 'certain',
    title: `${sayNumbers(at.map(({ rule }) => Number(rule)))} of ${chain} ${bundle.length === 1 ? 'adds' : 'add'} nothing to earlier rules`,
    why: `${bundle.length === 1 ? '' : 'For example '}${sayFew(by, 3)} ${by.length === 1 ? 'does' : 'do'} the same with every packet that ${sayRef(subject.host, first.at)} would match.`.replace(
      /^./,
      (letter) => letter.toUpperCase(),
    ),
    family: first.at.family,
    at,
    causedBy,
    witness: plainlyShown(subject, engine, first.packets),
    fix: `Delete ${bundle.length === 1 ? 'it' : 'them, the last first'}: nothing changes.\n${deletions(at).join('\n')}`,
    refs: fwAnom02.refs,
  };
}

function finding(subject: Subject, ruleset: Ruleset, pairs: readonly Repetition[]): Finding {
  const [first] = pairs;
  if (first === undefined) throw new Error('a finding without a rule');
  const { family } = ruleset;
  const { table } = first;
  const place = (of: Rule): Located => ({ family, table: table.name, chain: of.chain, rule: of.number, line: of.line });
  const at = pairs.map(({ rule }) => place(rule));
  const cause = place(first.earlier.rule);
  const chain = `${table.name === 'filter' ? '' : `${table.name} `}${first.rule.chain}`;
  const example = `${sayRef(subject.host, cause)} takes the same packets and does the same with them as \`${ruleText(ruleset, first.rule)}\`, rule ${first.rule.number}${
    first.earlier.ends ? ', which is therefore never asked.' : ': each is reported twice.'
  }`;
  const shown = deletions(at);
  // Where simple aiming misses.
  const met = subject.ask(family, (engine) => witnessOfRule(subject, engine, cause));
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
    witness: aimedAt(subject, cause) ?? (met.known ? met.value : null),
    fix: `Delete ${pairs.length === 1 ? 'the later one' : 'the later ones, the last first'}.\n${shown.join('\n')}`,
    refs: fwAnom02.refs,
  };
}
