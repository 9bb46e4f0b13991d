import { none } from '../../analysis/space/index.ts';
import { known } from '../../model/host/index.ts';
import { allOf, type Constraint, type Effect, states } from '../../model/packet/index.ts';
import { meaningsOf } from '../../model/ruleset/index.ts';
import { allowing, deletions, denying, sayList, sayRef } from '../blame.ts';
import type { Answer, Check, Subject } from '../check.ts';
import type { Engine } from '../engine.ts';
import { empty, filter, hardened4, hardened6 } from '../examples.ts';
import { eachFamily } from '../families.ts';
import type { Finding, Located, Witness } from '../finding.ts';
import { endingIn, inState, meeting, overLinks, shownBy } from '../packet-sets.ts';

/**
 * Rules of raw may switch tracking off for packets, which are UNTRACKED from then on. A later rule that asks such packets, and no
 * others, for another state never matches; but within the host, where all is tracked on the way out. High where its packets then end as it would not have it, low where they end alike.
 */
export const fwState05: Check = {
  id: 'FW-STATE-05',
  title: 'no rule asks packets for a state that raw keeps from being tracked',
  severity: 'high',
  kinds: ['S'],
  refs: [],
  why: 'A packet without tracking is neither NEW nor ESTABLISHED: a rule that asks for these does nothing.',
  fix: 'Ask for UNTRACKED, or for no state at all; or track the packets.',
  run,
  examples: [
    { title: 'nothing at all', v4: empty, v6: empty, finds: [] },
    { title: 'a hardened pair', v4: hardened4, v6: hardened6, finds: [] },
    {
      title: 'name queries are not tracked, and only NEW ones accepted',
      v4: untracking('-A INPUT -p udp -m udp --dport 53 -m conntrack --ctstate NEW -j ACCEPT'),
      finds: ['high 4'],
    },
    { title: 'accepted without tracking', v4: untracking('-A INPUT -p udp -m udp --dport 53 -j ACCEPT'), finds: [] },
    {
      title: 'accepted as untracked',
      v4: untracking('-A INPUT -p udp -m udp --dport 53 -m conntrack --ctstate NEW,UNTRACKED -j ACCEPT'),
      finds: [],
    },
    { title: 'others are tracked', v4: untracking('-A INPUT -p udp -m conntrack --ctstate NEW -j ACCEPT'), finds: [] },
    {
      title: 'accepted by another rule all the same',
      v4: untracking(
        '-A INPUT -p udp -m udp --dport 53 -m conntrack --ctstate NEW -j ACCEPT\n-A INPUT -p udp -m udp --dport 53 -j ACCEPT',
      ),
      finds: ['low 4'],
    },
    { title: 'rules that were not read', v4: null, v6: empty, finds: [], unknown: 1 },
  ],
};

function untracking(rules: string): string {
  return `*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A PREROUTING -p udp -m udp --dport 53 -j CT --notrack\nCOMMIT\n${filter(rules.split('\n'))}`;
}

/** Rules that are looked at in one family. */
const lookedAt = 200;

function run(subject: Subject): Answer {
  return eachFamily(fwState05, subject, ({ family, ruleset }) => {
    const causes: Located[] = [];
    for (const table of ruleset.tables) {
      for (const rule of table.rules) {
        if (meaningsOf(ruleset).get(rule)?.effect.kind === 'untrack')
          causes.push({ family, table: table.name, chain: rule.chain, rule: rule.number, line: rule.line });
      }
    }
    if (causes.length === 0) return known([]);
    return subject.ask(family, (engine) => findingsOf(subject, engine, causes));
  });
}

function findingsOf(subject: Subject, engine: Engine, causes: readonly Located[]): readonly Finding[] {
  const { ruleset } = engine.firewall;
  const findings: Finding[] = [];
  let looked = 0;
  for (const table of ruleset.tables) {
    for (const rule of table.rules) {
      const meaning = meaningsOf(ruleset).get(rule);
      const rest = meaning === undefined ? null : withoutState(meaning.constraint);
      if (meaning === undefined || rest === null || looked >= lookedAt) continue;
      looked += 1;
      const shown = onlyUntracked(subject, engine, { table: table.name, chain: rule.chain, rest, effect: meaning.effect });
      if (shown === null) continue;
      const at: Located = { family: ruleset.family, table: table.name, chain: rule.chain, rule: rule.number, line: rule.line };
      findings.push(
        describe(
          subject,
          at,
          causes.filter((cause) => meets(shown.witness, cause)),
          shown,
        ),
      );
    }
  }
  return findings;
}

interface Shown {
  readonly witness: Witness;
  /** It ends as the rule would not have it. */
  readonly opposite: boolean;
}

/** A packet that the rule is for, if all that come over links are untracked by then; within the host all are tracked. */
function onlyUntracked(
  subject: Subject,
  engine: Engine,
  of: { readonly table: string; readonly chain: string; readonly rest: Constraint; readonly effect: Effect },
): Shown | null {
  const { diagram, changes } = engine.space;
  const code = states.indexOf('UNTRACKED');
  const untracked = meeting(engine, { kind: 'number', field: 'state', ranges: [[code, code]] });
  const matched = meeting(engine, of.rest);
  let shown: Shown | null = null;
  for (const { hook, packets, change } of engine.liveness().visits(of.table, of.chain)) {
    const mine = diagram.mask(diagram.mask(packets, overLinks(subject, engine, hook)), changes.before(matched, change));
    if (mine === none) continue;
    if (diagram.without(mine, changes.before(untracked, change)) !== none) return null;
    const wrong = of.effect.kind !== 'verdict' ? null : allowing.includes(of.effect.verdict) ? denying : allowing;
    const opposed = wrong === null ? none : endingIn(engine, hook, diagram.mask(mine, inState(engine, 'NEW')), wrong);
    const witness = shownBy(engine, hook, opposed === none ? mine : opposed);
    if (witness !== null && (shown === null || (opposed !== none && !shown.opposite)))
      shown = { witness, opposite: opposed !== none };
  }
  return shown;
}

function meets(witness: Witness, { table, chain, rule }: Located): boolean {
  return witness.trace.path.some((step) => step.table === table && step.chain === chain && step.rule === rule);
}

/** What a rule asks besides the state; `null` if it asks for none, or takes untracked packets. */
function withoutState(constraint: Constraint): Constraint | null {
  const parts = constraint.kind === 'all' ? constraint.of : [constraint];
  const state = parts.filter((part) => part.kind === 'number' && part.field === 'state');
  const untracked = states.indexOf('UNTRACKED');
  const takes = state.every(
    (part) => part.kind === 'number' && part.ranges.some(([lo, hi]) => lo <= untracked && untracked <= hi),
  );
  return state.length === 0 || takes ? null : allOf(...parts.filter((part) => !state.includes(part)));
}

function describe({ host }: Subject, at: Located, causedBy: readonly Located[], { witness, opposite }: Shown): Finding {
  const causes = sayList(causedBy.map((ref) => sayRef(host, ref)));
  const end =
    witness.trace.verdict === 'ACCEPT' ? 'is accepted' : witness.trace.verdict === 'DEPENDS' ? 'may go either way' : 'is denied';
  return {
    id: fwState05.id,
    severity: opposite ? 'high' : 'low',
    certainty: 'certain',
    title: `Rule ${at.rule} of ${at.chain} asks for a state that its packets never have`,
    why: `${causes === '' ? 'A rule of raw' : causes} keeps the packets of ${sayRef(host, at)} from being tracked, so that they are UNTRACKED there and it never matches. Such a packet ${end}.`.replace(
      /^./,
      (letter) => letter.toUpperCase(),
    ),
    family: at.family,
    at: [at],
    causedBy,
    witness,
    fix: opposite
      ? 'Let the rule ask for UNTRACKED (or for no state), or track the packets.'
      : `Delete it: another rule does what it would.\n${deletions([at]).join('\n')}`,
    refs: fwState05.refs,
  };
}
