import { known } from '../../model/host/index.ts';
import { type Constraint, states } from '../../model/packet/index.ts';
import { meaningsOf, ruleText } from '../../model/ruleset/index.ts';
import { sayRef, toolOf } from '../blame.ts';
import { sayFew } from '../bundle.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { atTarget, command, ruleWords } from '../command.ts';
import { empty, filter, guide, hardened4, hardened6 } from '../examples.ts';
import { eachText } from '../families.ts';
import type { Located } from '../finding.ts';
import { isShipped } from '../owners.ts';

/**
 * Rules of filter that let new connections in should say by a comment who needs them, and since when. The loopback, answers and ICMP
 * explain themselves; programs know why they wrote what stands in their chains.
 */
export const fwStyle02: Check = {
  id: 'FW-STYLE-02',
  title: 'every rule that opens something says why',
  severity: 'low',
  kinds: ['Y'],
  refs: ['PCI-DSS 4.0 1.2.5', 'PCI-DSS 4.0 1.2.7', 'NIST 800-41r1 5.5'],
  why: 'A rule of which nobody knows whose it is stays for ever.',
  fix: 'Write -m comment --comment "who, why, until when".',
  run,
  examples: [
    { title: 'nothing at all', v4: empty, v6: empty, finds: [] },
    { title: 'the guide', v4: guide, finds: ['low 4'] },
    { title: 'a hardened pair', v4: hardened4, v6: hardened6, finds: [] },
    {
      title: 'as it should be',
      v4: filter([
        '-A INPUT -i lo -j ACCEPT',
        '-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
        '-A INPUT -p tcp -m tcp --dport 80 -m comment --comment "web, OPS-12" -j ACCEPT',
        '-A INPUT -p icmp -j ACCEPT',
      ]),
      finds: [],
    },
    { title: 'rules that were not read', v4: null, v6: empty, finds: [], unknown: 1 },
  ],
};

function run(subject: Subject): Answer {
  return eachText(fwStyle02, subject, ({ family, ruleset }) => {
    const opening = ruleset.tables
      .filter(({ name }) => name === 'filter')
      .flatMap((table) => table.rules.map((rule) => ({ table, rule })))
      .filter(({ rule }) => {
        const meaning = meaningsOf(ruleset).get(rule);
        return (
          meaning?.effect.kind === 'verdict' &&
          meaning.effect.verdict === 'ACCEPT' &&
          rule.chain !== 'OUTPUT' &&
          !isShipped(rule.chain) &&
          !isPlain(meaning.constraint)
        );
      });
    const silent = opening.filter(({ rule }) => (meaningsOf(ruleset).get(rule)?.comment ?? '').trim() === '');
    const [first] = silent;
    if (first === undefined) return known([]);
    const at: readonly Located[] = silent.map(({ table, rule }) => ({
      family,
      table: table.name,
      chain: rule.chain,
      rule: rule.number,
      line: rule.line,
    }));
    const [match, target] = atTarget(ruleWords(ruleText(ruleset, first.rule)));
    return known([
      {
        id: fwStyle02.id,
        severity: 'low',
        certainty: 'certain',
        title: `${silent.length} of ${opening.length} IPv${family} rules that open something do not say why`,
        why: `There is no comment on ${sayFew(
          at.map((ref) => sayRef(subject.host, ref)),
          3,
        )}.`,
        family,
        at: at.slice(0, 64),
        causedBy: [],
        witness: null,
        fix: `Say who needs it, for example:\n${command`${toolOf(family)} -R ${first.rule.chain} ${first.rule.number} ${match}`} -m comment --comment "who, why, until when" ${command`${target}`}`,
        refs: fwStyle02.refs,
      },
    ]);
  });
}

/** The loopback, answers, and messages that everybody needs. */
function isPlain(constraint: Constraint): boolean {
  const parts = constraint.kind === 'all' ? constraint.of : [constraint];
  const fresh = states.indexOf('NEW');
  return parts.some((part) => {
    if (part.kind === 'interface') return part.name === 'lo';
    if (part.kind !== 'number') return false;
    if (part.field === 'state') return !part.ranges.some(([lo, hi]) => lo <= fresh && fresh <= hi);
    return (
      part.field === 'icmpType' ||
      (part.field === 'proto' && part.ranges.every(([lo, hi]) => lo === hi && (lo === 1 || lo === 58)))
    );
  });
}
