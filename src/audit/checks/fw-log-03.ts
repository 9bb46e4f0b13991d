import { known } from '../../model/host/index.ts';
import { meaningsOf, ruleText } from '../../model/ruleset/index.ts';
import { deciders, deletions, denying, ruleAt, sayRef, toolOf } from '../blame.ts';
import { bundled, sayFew, sayNumbers } from '../bundle.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { atTarget, command, ruleWords } from '../command.ts';
import { type Dead, deadRules, isByTemplate, placeOfBlocker } from '../dead.ts';
import type { Engine } from '../engine.ts';
import { empty, filter, guide, hardened4, hardened6 } from '../examples.ts';
import { eachFamily } from '../families.ts';
import type { Finding, Located, Witness } from '../finding.ts';
import { logRulesOf } from '../logs.ts';
import { templateOf } from '../owners.ts';
import { openings, plainlyShown, shownBy } from '../packet-sets.ts';

/**
 * Two things: a LOG that earlier rules leave no packet for, and rules that deny first packets of connections before any LOG
 * has seen them, where others are logged. That nothing at all is logged is FW-LOG-01's. What denies on purpose without a word
 * (strays, limits, bans in sets and in chains of programs such as fail2ban) is left out.
 */
export const fwLog03: Check = {
  id: 'FW-LOG-03',
  title: 'rules that deny are preceded by a log, and every log is reached',
  severity: 'low',
  kinds: ['S'],
  refs: ['NIST 800-53 AU-2'],
  why: 'What is denied without a word nobody can find again, neither in an attack nor when something fails to work.',
  fix: 'Send what is denied to one chain that logs and drops.',
  run,
  examples: [
    { title: 'nothing at all', v4: empty, v6: empty, finds: [] },
    { title: 'the guide', v4: guide, finds: [] },
    { title: 'a hardened pair', v4: hardened4, v6: hardened6, finds: [] },
    { title: 'nothing is logged anywhere', v4: filter(['-A INPUT -p tcp -m tcp --dport 23 -j DROP']), finds: [] },
    {
      title: 'dropped before the log',
      v4: filter(['-A INPUT -p tcp -m tcp --dport 23 -j DROP', '-A INPUT -j LOG --log-prefix "denied: "']),
      finds: ['low 4'],
    },
    {
      title: 'a log behind the drop',
      v4: filter([
        '-A INPUT -p tcp -m tcp --dport 23 -j DROP',
        '-A INPUT -p tcp -m tcp --dport 23 -j LOG --log-prefix "telnet: "',
      ]),
      finds: ['low 4'],
    },
    {
      title: 'logged before',
      v4: filter([
        '-A INPUT -p tcp -m tcp --dport 23 -j LOG --log-prefix "telnet: "',
        '-A INPUT -p tcp -m tcp --dport 23 -j DROP',
      ]),
      finds: [],
    },
    {
      title: 'bans are silent on purpose',
      v4: filter(['-A INPUT -m set --match-set banned src -j DROP', '-A INPUT -j LOG --log-prefix "denied: "']),
      finds: [],
    },
    { title: 'rules that were not read', v4: null, v6: empty, finds: [], unknown: 1 },
  ],
};

/** Rules that are asked for a packet. */
const askedMost = 48;

function run(subject: Subject): Answer {
  return eachFamily(fwLog03, subject, ({ family, ruleset }) => {
    if (logRulesOf(ruleset).length === 0) return known([]);
    const dead = deadRules(subject, family);
    if (!dead.known) return dead;
    return subject.ask(family, (engine) => {
      const late = unreached(subject, engine, dead.value.explained);
      const blamed = new Set(late.flatMap(({ causedBy }) => causedBy.map(({ line }) => line)));
      return [...late, ...silent(subject, engine, blamed)];
    });
  });
}

type Covered = Extract<Dead, { kind: 'covered' }>;

function unreached(subject: Subject, engine: Engine, dead: readonly Dead[]): readonly Finding[] {
  const logs = dead
    .filter((one) => one.kind === 'covered')
    .filter((one) => one.rule.rule.effect.kind === 'log' && !isByTemplate(one) && !isBehindLastResort(engine, one));
  const byChain = [...Map.groupBy(logs, ({ at }) => `${at.table} ${at.chain}`).values()];
  return byChain
    .flatMap((alike) => bundled(alike, ({ blockers }) => blockers.map(({ rule }) => rule.rule).join()))
    .map((bundle) => {
      const first = bundle[0] as Covered;
      const at = bundle.map((one) => one.at);
      const causedBy = [
        ...new Map(bundle.flatMap(({ blockers }) => blockers.map((blocker) => [blocker.line, placeOfBlocker(blocker)]))).values(),
      ];
      return {
        id: fwLog03.id,
        severity: 'low',
        certainty: 'certain',
        title: `${sayNumbers(at.map(({ rule }) => Number(rule)))} of ${first.at.chain} ${bundle.length === 1 ? 'logs' : 'log'} nothing: no packet comes so far`,
        why: `${sayFew(
          causedBy.map((ref) => sayRef(subject.host, ref)),
          3,
        )} ${causedBy.length === 1 ? 'takes' : 'take'} every packet that ${sayRef(subject.host, first.at)} would report.`.replace(
          /^./,
          (letter) => letter.toUpperCase(),
        ),
        family: first.at.family,
        at,
        causedBy,
        witness: plainlyShown(subject, engine, first.packets),
        fix: `Put the log before the ${causedBy.length === 1 ? 'rule that decides' : 'rules that decide'}, or delete it.\n${deletions(at).join('\n')}`,
        refs: fwLog03.refs,
      };
    });
}

/** For all packets, behind a jump that decides about all: it is there just in case, as firewall programs write it. */
function isBehindLastResort({ firewall }: Engine, { rule, blockers }: Covered): boolean {
  const words = rule.rule.constraint;
  const forAll = words.kind === 'always' || words.kind === 'opaque';
  const meanings = meaningsOf(firewall.ruleset);
  return (
    forAll &&
    blockers.every(({ rule: ref }) => {
      const blocker = rule.chain.rules[Number(ref.rule) - 1];
      return blocker !== undefined && meanings.get(blocker)?.effect.kind === 'jump';
    })
  );
}

/** Rules that deny what begins a connection before any log has seen it. */
function silent(subject: Subject, engine: Engine, blamed: ReadonlySet<number | null>): readonly Finding[] {
  const { ruleset } = engine.firewall;
  const liveness = engine.liveness();
  const { diagram } = engine.space;
  const found: { readonly at: Located; readonly witness: Witness }[] = [];
  let asked = 0;
  for (const table of ruleset.tables) {
    if (table.name === 'nat') continue;
    for (const rule of table.rules) {
      const meaning = meaningsOf(ruleset).get(rule);
      if (meaning?.effect.kind !== 'verdict' || !denying.includes(meaning.effect.verdict)) continue;
      if (
        blamed.has(rule.line) ||
        templateOf(rule.chain) !== null ||
        isQuiet(ruleset.text.slice(rule.start, rule.end)) ||
        asked >= askedMost
      )
        continue;
      if (!liveness.isLive(table.name, rule.chain, rule.number)) continue;
      asked += 1;
      for (const { hook, packets } of liveness.hits(table.name, rule.chain, rule.number)) {
        const witness = shownBy(engine, hook, diagram.mask(packets, openings(subject, engine, hook)));
        if (witness === null || witness.trace.path.some(({ effect }) => effect === 'log')) continue;
        // Packets that come too fast may meet the rule when a limit has let others pass: only what is sure to be silent counts.
        const [by] = deciders([witness], denying);
        if (by?.chain !== rule.chain || by.rule !== rule.number) continue;
        found.push({
          at: { family: ruleset.family, table: table.name, chain: rule.chain, rule: rule.number, line: rule.line },
          witness,
        });
        break;
      }
    }
  }
  const [first] = found;
  if (first === undefined) return [];
  const at = found.map((one) => one.at);
  const { table, chain, rule } = first.at;
  const denies = ruleAt(subject.host, first.at);
  const [match] = atTarget(denies === null ? [] : ruleWords(ruleText(ruleset, denies)));
  return [
    {
      id: fwLog03.id,
      severity: 'low',
      certainty: first.witness.trace.verdict === 'DEPENDS' ? 'possible' : 'certain',
      title: `${found.length} ${found.length === 1 ? 'rule denies' : 'rules deny'} before any log`,
      why: `Other packets are logged, but ${sayFew(
        at.map((ref) => sayRef(subject.host, ref)),
        3,
      )} ${found.length === 1 ? 'leaves' : 'leave'} no trace of what ${found.length === 1 ? 'it denies' : 'they deny'}.`,
      family: ruleset.family,
      at,
      causedBy: [],
      witness: first.witness,
      fix: `Log before such a rule, with a limit for each source; or leave it if the silence is meant.\n${command`${toolOf(ruleset.family)} -t ${table} -I ${chain} ${rule} ${match}`} -m hashlimit --hashlimit-upto 10/minute --hashlimit-burst 20 --hashlimit-mode srcip --hashlimit-name log${ruleset.family} -j LOG --log-prefix "denied: "`,
      refs: fwLog03.refs,
    },
  ];
}

/** What is denied without a word on purpose: strays, bans, own and odd addresses, noise of neighbours. */
function isQuiet(text: string): boolean {
  return /INVALID|--match-set|-m (recent|connlimit|hashlimit|limit)\b|--tcp-flags|! --syn|addrtype|127\.0\.0\.0\/8|-m rpfilter|-m rt\b|--dport (137|138|139|445|67|68)\b/.test(
    text,
  );
}
