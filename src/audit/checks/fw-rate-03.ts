import { known } from '../../model/host/index.ts';
import { bitsOf, formatAddress } from '../../model/net/index.ts';
import type { Constraint } from '../../model/packet/index.ts';
import { meaningsOf, ruleText } from '../../model/ruleset/index.ts';
import { denying, endingsOf, ruleAt, sayList, sayRef } from '../blame.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { command, ruleWords, toolIn } from '../command.ts';
import type { Engine } from '../engine.ts';
import { empty, filter, guide, hardened4, hardened6 } from '../examples.ts';
import { eachFamily } from '../families.ts';
import type { Finding, Located, Witness } from '../finding.ts';
import { isLimiter } from '../limiters.ts';
import { templateOf } from '../owners.ts';
import { openings, shownBy } from '../packet-sets.ts';
import { throttles } from '../usual.ts';

/**
 * A rule that accepts a few sources by name, and before it one that denies by a limit: the limit holds for the trusted too, though a
 * rule was written to let them in. A few are at most a 256th of all addresses: an IPv4 /8.
 */
export const fwRate03: Check = {
  id: 'FW-RATE-03',
  title: 'limits come after the rules for those who are trusted',
  severity: 'medium',
  kinds: ['S'],
  refs: [],
  why: 'The administrator who makes four connections in a minute is locked out like anybody else.',
  fix: 'Move the rule for trusted sources before the limit.',
  run,
  examples: [
    { title: 'nothing at all', v4: empty, v6: empty, finds: [] },
    { title: 'the guide: both are dead', v4: guide, finds: [] },
    {
      title: 'the guide without its first rule',
      v4: guide.replace('-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n', ''),
      finds: ['medium 4'],
    },
    { title: 'a hardened pair', v4: hardened4, v6: hardened6, finds: [] },
    {
      title: 'the trusted first',
      v4: filter([
        '-A INPUT -s 192.0.2.7/32 -p tcp -m tcp --dport 22 -j ACCEPT',
        '-A INPUT -p tcp -m tcp --dport 22 -m hashlimit --hashlimit-above 3/min --hashlimit-mode srcip --hashlimit-name ssh -j DROP',
      ]),
      finds: [],
    },
    {
      title: 'the limit first',
      v4: filter([
        '-A INPUT -p tcp -m tcp --dport 22 -m hashlimit --hashlimit-above 3/min --hashlimit-mode srcip --hashlimit-name ssh -j DROP',
        '-A INPUT -s 192.0.2.7/32 -p tcp -m tcp --dport 22 -j ACCEPT',
      ]),
      finds: ['medium 4'],
    },
    {
      title: 'a limit for another port',
      v4: filter([
        '-A INPUT -p tcp -m tcp --dport 80 -m connlimit --connlimit-above 20 --connlimit-mask 32 --connlimit-saddr -j DROP',
        '-A INPUT -s 192.0.2.7/32 -p tcp -m tcp --dport 22 -j ACCEPT',
      ]),
      finds: [],
    },
    { title: 'rules that were not read', v4: null, v6: empty, finds: [], unknown: 1 },
  ],
};

/** A full table drops by itself: no limit says so. */
const hotdrop = '(drops the packet itself)';
/** Rules that accept certain sources and are asked for a packet. */
const askedMost = 64;

function run(subject: Subject): Answer {
  return eachFamily(fwRate03, subject, ({ family, ruleset }) => {
    const limits = [...meaningsOf(ruleset).values()].some(({ uses }) =>
      uses.some(({ name }) => ['limit', 'hashlimit', 'connlimit', 'recent'].includes(name)),
    );
    return limits ? subject.ask(family, (engine) => findingsOf(subject, engine)) : known([]);
  });
}

interface Hampered {
  readonly trusted: Located;
  readonly limiter: Located;
  readonly witness: Witness;
}

function findingsOf(subject: Subject, engine: Engine): readonly Finding[] {
  const { ruleset } = engine.firewall;
  const found: Hampered[] = [];
  let asked = 0;
  for (const table of ruleset.tables) {
    for (const rule of table.rules) {
      const meaning = meaningsOf(ruleset).get(rule);
      if (
        meaning?.effect.kind !== 'verdict' ||
        meaning.effect.verdict !== 'ACCEPT' ||
        !isTrusting(meaning.constraint, ruleset.family)
      )
        continue;
      if (templateOf(rule.chain) !== null || asked >= askedMost || !engine.liveness().isLive(table.name, rule.chain, rule.number))
        continue;
      asked += 1;
      const trusted = { family: ruleset.family, table: table.name, chain: rule.chain, rule: rule.number, line: rule.line };
      const one = hampered(subject, engine, trusted);
      if (one !== null) found.push(one);
    }
  }
  return [...Map.groupBy(found, ({ limiter }) => `${limiter.table} ${limiter.chain} ${limiter.rule}`).values()].map((alike) =>
    describe(subject, alike),
  );
}

function isTrusting(constraint: Constraint, family: 4 | 6): boolean {
  const parts = constraint.kind === 'all' ? constraint.of : [constraint];
  if (
    parts.some((part) => part.kind === 'number' && part.field === 'state' && !part.ranges.some(([lo, hi]) => lo <= 3 && hi >= 3))
  )
    return false;
  return parts.some((part) => {
    if (part.kind === 'member') return part.dimensions[0] === 'src';
    if (part.kind !== 'address' || part.field !== 'src') return false;
    return part.ranges.reduce((sum, [lo, hi]) => sum + hi - lo + 1n, 0n) <= 1n << BigInt(bitsOf(family) - 8);
  });
}

function hampered(subject: Subject, engine: Engine, trusted: Located): Hampered | null {
  const { diagram } = engine.space;
  for (const { hook, packets } of engine.liveness().hits(trusted.table, trusted.chain, Number(trusted.rule))) {
    const witness = shownBy(engine, hook, diagram.mask(packets, openings(subject, engine, hook)));
    if (witness === null) continue;
    const endings = endingsOf(witness.trace);
    const own = endings.find(
      ({ decidedBy }) =>
        decidedBy?.table === trusted.table && decidedBy.chain === trusted.chain && decidedBy.rule === trusted.rule,
    );
    const denied = endings.find(({ verdict, when, decidedBy }) => {
      if (own === undefined || !denying.includes(verdict) || decidedBy === null || decidedBy.rule === 'policy') return false;
      const differing = Object.keys(when).filter((match) => Object.hasOwn(own.when, match) && own.when[match] !== when[match]);
      // A ban list is no limit: who is banned is not trusted.
      return differing.length > 0 && differing.every((match) => isLimiter(match) && throttles(match) && !match.includes(hotdrop));
    });
    if (denied?.decidedBy != null) return { trusted, limiter: { ...denied.decidedBy, line: denied.line }, witness };
  }
  return null;
}

function describe({ host }: Subject, alike: readonly Hampered[]): Finding {
  const { trusted, limiter, witness } = alike[0] as Hampered;
  const { family } = trusted;
  const rule = ruleAt(host, trusted);
  const fact = host.rulesets[family];
  const text = rule !== null && fact.known ? ruleWords(ruleText(fact.value, rule)) : [];
  const tool = toolIn(trusted);
  const same = trusted.chain === limiter.chain && trusted.table === limiter.table;
  return {
    id: fwRate03.id,
    severity: 'medium',
    certainty: 'certain',
    title: `A limit comes before the rule that lets trusted sources in`,
    why: `${sayList(alike.map((one) => sayRef(host, one.trusted)))} lets ${formatAddress({ family, value: witness.packet.src })} in, but ${sayRef(host, limiter)} denies it before as soon as ${sayList(witness.trace.dependsOn.filter(isLimiter))} says that it comes too often.`.replace(
      /^./,
      (letter) => letter.toUpperCase(),
    ),
    family,
    at: alike.map((one) => one.trusted),
    causedBy: [limiter],
    witness,
    fix: `Let trusted sources in before the limit.${same && typeof limiter.rule === 'number' ? `\n${command`${tool} -I ${limiter.chain} ${limiter.rule} ${text}`}\n${command`${tool} -D ${trusted.chain} ${Number(trusted.rule) + 1}`}` : ''}`,
    refs: fwRate03.refs,
  };
}
