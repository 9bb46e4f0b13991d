import { known } from '../../model/host/index.ts';
import { TCP, UDP } from '../../model/net/index.ts';
import { meaningsOf, readRule, ruleText } from '../../model/ruleset/index.ts';
import { denying, endingsOf, ruleAt, sayRef } from '../blame.ts';
import { bundled } from '../bundle.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { command, ruleWords, toolIn, withoutMatch } from '../command.ts';
import type { Engine } from '../engine.ts';
import { empty, filter, guide, hardened4, hardened6 } from '../examples.ts';
import { eachFamily } from '../families.ts';
import type { Finding, Located, Witness } from '../finding.ts';
import { templateOf } from '../owners.ts';
import { openings, shownBy } from '../packet-sets.ts';
import { fromOutside } from '../strays.ts';

/**
 * `-m limit` counts all senders together. Where it accepts new TCP or UDP connections of strangers, one of them can use it up, and
 * nobody else gets in. Where what it does not accept is accepted by another rule, it limits nothing. Pings are left out: for
 * them one limit for all is usual and does no harm.
 */
export const fwRate06: Check = {
  id: 'FW-RATE-06',
  title: 'limits count each source by itself, and limit something',
  severity: 'medium',
  kinds: ['S'],
  refs: ['NIST 800-53 SC-5'],
  why: 'With one limit for all, one attacker uses up what everybody needs.',
  fix: 'Count by source with hashlimit, and deny what is above the limit.',
  run,
  examples: [
    { title: 'nothing at all', v4: empty, v6: empty, finds: [] },
    { title: 'the guide limits only its log', v4: guide, finds: [] },
    { title: 'a hardened pair limits pings', v4: hardened4, v6: hardened6, finds: [] },
    {
      title: 'one limit for all who come to SSH',
      v4: filter(['-A INPUT -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW -m limit --limit 3/min -j ACCEPT']),
      finds: ['medium 4'],
    },
    {
      title: 'a limit that the next rule makes up for',
      v4: filter([
        '-A INPUT -p tcp -m tcp --dport 443 -m limit --limit 25/min -j ACCEPT',
        '-A INPUT -p tcp -m tcp --dport 443 -j ACCEPT',
      ]),
      finds: ['medium 4'],
    },
    {
      title: 'by source',
      v4: filter([
        '-A INPUT -p tcp -m tcp --dport 22 -m hashlimit --hashlimit-upto 3/min --hashlimit-mode srcip --hashlimit-name ssh -j ACCEPT',
      ]),
      finds: [],
    },
    {
      title: 'for one source',
      v4: filter(['-A INPUT -s 192.0.2.7/32 -p tcp -m tcp --dport 22 -m limit --limit 3/min -j ACCEPT']),
      finds: [],
    },
    { title: 'rules that were not read', v4: null, v6: empty, finds: [], unknown: 1 },
  ],
};

function run(subject: Subject): Answer {
  return eachFamily(
    fwRate06,
    subject,
    ({ family, ruleset }) => {
      if (!ruleset.text.includes('-m limit')) return known([]);
      return subject.ask(family, (engine) => findingsOf(subject, engine));
    },
    ['input'],
  );
}

interface Limit {
  readonly at: Located;
  readonly witness: Witness;
  /** What is above the limit is accepted all the same. */
  readonly vain: boolean;
}

function findingsOf(subject: Subject, engine: Engine): readonly Finding[] {
  const { ruleset } = engine.firewall;
  const found: Limit[] = [];
  for (const table of ruleset.tables) {
    for (const rule of table.rules) {
      const effect = meaningsOf(ruleset).get(rule)?.effect;
      if (effect?.kind !== 'verdict' || effect.verdict !== 'ACCEPT' || templateOf(rule.chain) !== null) continue;
      const { matches, conditions } = readRule(ruleset, rule);
      if (!matches.some(({ name }) => name === 'limit')) continue;
      // One limit for one source is a limit for that source.
      if (conditions.some(({ kind, inverted }) => kind === 'src' && !inverted)) continue;
      if (!engine.liveness().isLive(table.name, rule.chain, rule.number)) continue;
      const at = { family: ruleset.family, table: table.name, chain: rule.chain, rule: rule.number, line: rule.line };
      const limit = limitAt(subject, engine, at);
      if (limit !== null) found.push(limit);
    }
  }
  return bundled(found, ({ vain }) => String(vain)).map((bundle) => describe(subject, bundle));
}

function limitAt(subject: Subject, engine: Engine, at: Located): Limit | null {
  const { diagram } = engine.space;
  for (const { hook, packets } of engine.liveness().hits(at.table, at.chain, Number(at.rule))) {
    if (hook !== 'input') continue;
    const fresh = diagram.mask(diagram.mask(packets, openings(subject, engine, hook)), fromOutside(subject, engine));
    const witness = shownBy(engine, hook, fresh);
    if (witness === null || (witness.packet.proto !== TCP && witness.packet.proto !== UDP)) continue;
    const vain = !endingsOf(witness.trace).some(({ verdict }) => denying.includes(verdict));
    return { at, witness, vain };
  }
  return null;
}

function describe({ host }: Subject, limits: readonly Limit[]): Finding {
  const { at, witness, vain } = limits[0] as Limit;
  const { family } = at;
  const rule = ruleAt(host, at);
  const fact = host.rulesets[family];
  const words = rule !== null && fact.known ? ruleWords(ruleText(fact.value, rule)) : [];
  const limit = withoutMatch(words, 'limit', ['--limit', '--limit-burst']);
  const [rate, burst] = [limit?.values.get('--limit') ?? '3/hour', limit?.values.get('--limit-burst') ?? 5];
  const perSource =
    limit === null
      ? command`${words}`
      : command`${limit.before} -m hashlimit --hashlimit-upto ${rate} --hashlimit-burst ${burst} --hashlimit-mode srcip --hashlimit-name ${`in${family}-${at.rule}`} ${limit.after}`.trimStart();
  return {
    id: fwRate06.id,
    severity: 'medium',
    certainty: vain && witness.trace.verdict === 'ACCEPT' ? 'certain' : 'possible',
    title: vain
      ? `A limit limits nothing: what is above it is accepted too${limits.length > 1 ? ` (${limits.length} rules)` : ''}`
      : `One limit for all senders guards port ${witness.packet.dport}${limits.length > 1 ? ` and others (${limits.length} rules)` : ''}`,
    why: (vain
      ? `${sayRef(host, at)} accepts so many packets, and a later rule or the policy accepts the rest.`
      : `${sayRef(host, at)} counts all who come together: a stranger who uses the limit up keeps everybody else out.`
    ).replace(/^./, (letter) => letter.toUpperCase()),
    family,
    at: limits.map((limit) => limit.at),
    causedBy: [],
    witness,
    fix: vain
      ? 'Deny what is above the limit right behind it, after making sure that running connections are accepted before; or leave the limit out.'
      : `Count each source by itself.\n${command`${toolIn(at)} -R ${at.chain} ${at.rule}`} ${perSource}`,
    refs: fwRate06.refs,
  };
}
