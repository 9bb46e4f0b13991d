import { none } from '../../analysis/space/index.ts';
import type { Constraint, FinalVerdict } from '../../model/packet/index.ts';
import { meaningsOf, type Rule, type Table } from '../../model/ruleset/index.ts';
import { allowing, denying, sayRef } from '../blame.ts';
import type { Answer, Check, Subject } from '../check.ts';
import type { Engine } from '../engine.ts';
import { empty, filter, guide, hardened4, hardened6 } from '../examples.ts';
import { eachFamily } from '../families.ts';
import type { Finding, Located, Witness } from '../finding.ts';
import { templateOf } from '../owners.ts';
import { openings, shownBy } from '../packet-sets.ts';

/**
 * Two rules of one chain with opposite verdicts that share some packets, neither holding all of the other's: which of them comes first
 * decides about those, and nothing in the rules says which was meant to. Both have to name a service: that banned or trusted
 * sources stand before the services is how rules are written, and so is an exception before the rule that it is one of. Only
 * first packets of connections count.
 */
export const fwAnom03: Check = {
  id: 'FW-ANOM-03',
  title: 'no two rules contradict each other for some packets',
  severity: 'info',
  kinds: ['S'],
  refs: ['Al-Shaer & Hamed, correlation'],
  why: 'Somebody who puts the rules in another order changes what is let in.',
  fix: 'Put a rule for the packets that they share before both.',
  run,
  examples: [
    { title: 'nothing at all', v4: empty, v6: empty, finds: [] },
    { title: 'the guide', v4: guide, finds: [] },
    { title: 'a hardened pair', v4: hardened4, v6: hardened6, finds: [] },
    {
      title: 'many ports of one network, one port of all',
      v4: filter(['-A INPUT -s 10.0.0.0/8 -p tcp -m tcp --dport 1:1000 -j ACCEPT', '-A INPUT -p tcp -m tcp --dport 23 -j DROP']),
      finds: ['info 4'],
    },
    {
      title: 'an exception',
      v4: filter(['-A INPUT -s 10.0.0.0/8 -p tcp -m tcp --dport 23 -j ACCEPT', '-A INPUT -p tcp -m tcp --dport 23 -j DROP']),
      finds: [],
    },
    {
      title: 'bans before services',
      v4: filter(['-A INPUT -s 203.0.113.0/24 -j DROP', '-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT']),
      finds: [],
    },
    { title: 'rules that were not read', v4: null, v6: empty, finds: [], unknown: 1 },
  ],
};

/** Rules that are compared with those before them, and pairs that are told. */
const comparedMost = 96;
const toldMost = 6;

function run(subject: Subject): Answer {
  return eachFamily(fwAnom03, subject, ({ family }) => subject.ask(family, (engine) => findingsOf(subject, engine)));
}

interface Pair {
  readonly earlier: Located;
  readonly later: Located;
  readonly witness: Witness;
}

function findingsOf(subject: Subject, engine: Engine): readonly Finding[] {
  const { ruleset } = engine.firewall;
  const pairs: Pair[] = [];
  let compared = 0;
  let more = false;
  for (const table of ruleset.tables) {
    if (table.name !== 'filter') continue;
    for (const rule of table.rules) {
      if (templateOf(rule.chain) !== null || verdictOf(engine, rule) === null || !namesService(engine, rule)) continue;
      if (pairs.length >= toldMost || compared >= comparedMost) {
        more = true;
        break;
      }
      compared += 1;
      pairs.push(...pairsWith(subject, engine, table, rule));
    }
  }
  return pairs.length === 0 ? [] : [describe(subject, pairs.slice(0, toldMost), more || pairs.length > toldMost)];
}

function verdictOf({ firewall }: Engine, rule: Rule): readonly FinalVerdict[] | null {
  const effect = meaningsOf(firewall.ruleset).get(rule)?.effect;
  if (effect?.kind !== 'verdict') return null;
  return allowing.includes(effect.verdict) ? allowing : denying.includes(effect.verdict) ? denying : null;
}

function namesService({ firewall }: Engine, rule: Rule): boolean {
  const named = (constraint: Constraint): boolean => {
    switch (constraint.kind) {
      case 'all':
      case 'any':
        return constraint.of.some(named);
      case 'not':
        return named(constraint.of);
      default:
        return constraint.kind === 'number' && ['dport', 'sport', 'icmpType'].includes(constraint.field);
    }
  };
  return named(meaningsOf(firewall.ruleset).get(rule)?.constraint ?? { kind: 'never' });
}

/** Earlier rules that contradict one. */
function pairsWith(subject: Subject, engine: Engine, table: Table, later: Rule): readonly Pair[] {
  const { diagram } = engine.space;
  const liveness = engine.liveness();
  if (!liveness.isLive(table.name, later.chain, later.number)) return [];
  const opposite = verdictOf(engine, later) === allowing ? denying : allowing;
  const found = new Map<number, Pair>();
  const candidates = liveness.candidates(table.name, later.chain, later.number);
  for (const { hook, packets, leaving, by } of candidates) {
    const fresh = openings(subject, engine, hook);
    const mine = diagram.mask(packets, fresh);
    const takers = new Set<number>();
    for (const value of diagram.leaves(diagram.mask(mine, leaving))) {
      const number = by(value);
      if (number < later.number) takers.add(number);
    }
    for (const number of takers) {
      const earlier = table.chains.get(later.chain)?.rules[number - 1];
      if (earlier === undefined || found.has(number) || verdictOf(engine, earlier) !== opposite || !namesService(engine, earlier))
        continue;
      const own = diagram.mask(
        fresh,
        diagram.where(leaving, (value) => by(value) === number),
      );
      // All that it takes would be the later one's: an exception.
      if (diagram.without(own, packets) === none) continue;
      const witness = shownBy(engine, hook, diagram.mask(own, mine));
      if (witness === null) continue;
      const place = (rule: Rule): Located => ({
        family: engine.firewall.ruleset.family,
        table: table.name,
        chain: rule.chain,
        rule: rule.number,
        line: rule.line,
      });
      found.set(number, { earlier: place(earlier), later: place(later), witness });
    }
  }
  return [...found.values()];
}

function describe({ host }: Subject, pairs: readonly Pair[], more: boolean): Finding {
  const { earlier, later, witness } = pairs[0] as Pair;
  const others = pairs.slice(1).map((pair) => `${pair.earlier.rule} and ${pair.later.rule} of ${pair.later.chain}`);
  return {
    id: fwAnom03.id,
    severity: 'info',
    certainty: 'certain',
    title: `Rules ${earlier.rule} and ${later.rule} of ${later.chain}${pairs.length > 1 || more ? ' and others' : ''} contradict each other for some packets`,
    why: `${sayRef(host, earlier)} decides about packets that ${sayRef(host, later)} would treat the other way, and each matches packets that the other does not.${others.length > 0 ? ` So do rules ${others.join('; ')}.` : ''}${more ? ' There may be more.' : ''}`.replace(
      /^./,
      (letter) => letter.toUpperCase(),
    ),
    family: later.family,
    at: pairs.map((pair) => pair.later),
    causedBy: [...new Map(pairs.map((pair) => [pair.earlier.line, pair.earlier])).values()],
    witness,
    fix: 'If the order is meant, nothing need change. Else put a rule for the packets that they share before both.',
    refs: fwAnom03.refs,
  };
}
