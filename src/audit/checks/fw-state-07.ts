import { known } from '../../model/host/index.ts';
import { UDP } from '../../model/net/index.ts';
import { meaningsOf, type Rule, type Ruleset, readRule } from '../../model/ruleset/index.ts';
import { allowing, deciders, deletions, denying, sayList, sayRef } from '../blame.ts';
import { sayFew } from '../bundle.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { empty, filter, guide, hardened4, hardened6 } from '../examples.ts';
import { eachFamily, type FamilyRules } from '../families.ts';
import type { Finding, Located } from '../finding.ts';
import { opening } from '../probes.ts';
import { outsideOf, ownAddresses } from '../surroundings.ts';
import { unnamedLink, vocabularyOf } from '../vocabulary.ts';

/**
 * Connection tracking puts fragments together before any rule sees them: `-f` then never matches. Without it a later fragment has
 * no ports, and what becomes of it is decided by rules that were written for something else.
 */
export const fwState07: Check = {
  id: 'FW-STATE-07',
  title: 'fragments are put together, or rules are written for them',
  severity: 'info',
  kinds: ['S'],
  refs: ['RFC 1858', 'RFC 3128'],
  why: 'Later fragments carry no ports: rules for ports say nothing about them.',
  fix: 'Use connection tracking, which puts fragments together, or decide about fragments by a rule of their own.',
  run,
  examples: [
    { title: 'nothing at all', v4: empty, v6: empty, finds: [] },
    { title: 'the guide tracks connections', v4: guide, finds: [] },
    { title: 'a hardened pair', v4: hardened4, v6: hardened6, finds: [] },
    { title: 'ports without tracking', v4: filter(['-A INPUT -p udp -m udp --dport 53 -j ACCEPT']), finds: ['info 4'] },
    {
      title: 'fragments without tracking, decided about',
      v4: filter(['-A INPUT -f -j DROP', '-A INPUT -p udp -m udp --dport 53 -j ACCEPT']),
      finds: [],
    },
    {
      title: 'a rule for fragments beside tracking',
      v4: filter(['-A INPUT -f -j DROP', '-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT']),
      finds: ['info 4'],
    },
    { title: 'rules that were not read', v4: null, v6: empty, finds: [], unknown: 1 },
  ],
};

function run(subject: Subject): Answer {
  return eachFamily(fwState07, subject, (rules) => known(ask(subject, rules)), ['input']);
}

function ask(subject: Subject, rules: FamilyRules): readonly Finding[] {
  const { family, ruleset } = rules;
  const ofFragments: Located[] = [];
  for (const table of ruleset.tables) {
    for (const rule of table.rules)
      if (isForFragments(ruleset, rule))
        ofFragments.push({ family, table: table.name, chain: rule.chain, rule: rule.number, line: rule.line });
  }
  if (tracks(ruleset)) return ofFragments.length === 0 ? [] : [needless(subject, ofFragments)];
  return ofFragments.length > 0 ? [] : undecided(subject, rules);
}

/** `-f` alone; `! -f` leaves all that comes. */
function isForFragments(ruleset: Ruleset, rule: Rule): boolean {
  if (!/ -f\b| -m frag\b/.test(ruleset.text.slice(rule.start, rule.end))) return false;
  const { conditions, matches } = readRule(ruleset, rule);
  return conditions.some(({ kind, inverted }) => kind === 'fragment' && !inverted) || matches.some(({ name }) => name === 'frag');
}

/** Matches and targets that bring tracking in (nf_ct_netns_get), and nat, which needs it. */
const tracking = new Set([
  'conntrack',
  'state',
  'connmark',
  'connbytes',
  'connlimit',
  'connlabel',
  'helper',
  'cluster',
  'CONNMARK',
  'CONNSECMARK',
  'CT',
  'NOTRACK',
  'SYNPROXY',
]);

function tracks(ruleset: Ruleset): boolean {
  if (ruleset.tables.some(({ name, rules }) => name === 'nat' && rules.length > 0)) return true;
  return [...meaningsOf(ruleset).values()].some(({ uses }) => uses.some(({ name }) => tracking.has(name)));
}

function needless({ host }: Subject, at: readonly Located[]): Finding {
  const first = at[0] as Located;
  return {
    id: fwState07.id,
    severity: 'info',
    certainty: 'certain',
    title: 'Rules for fragments never match beside connection tracking',
    why: `Fragments are put together before ${sayFew(
      at.map((ref) => sayRef(host, ref)),
      2,
    )} could see them, since other rules use connection tracking.`,
    family: first.family,
    at,
    causedBy: [],
    witness: null,
    fix: `Delete ${at.length === 1 ? 'it' : 'them, the last first'}: nothing changes.\n${deletions(at).join('\n')}`,
    refs: fwState07.refs,
  };
}

function undecided(subject: Subject, { family, ruleset }: FamilyRules): readonly Finding[] {
  const { host } = subject;
  const byPort = [...meaningsOf(ruleset)].filter(
    ([rule]) => rule.chain === 'INPUT' && / --(dport|dports) /.test(ruleset.text.slice(rule.start, rule.end)),
  );
  if (byPort.length === 0) return [];
  const vocabulary = vocabularyOf(host, ruleset);
  const link = outsideOf(host, family).links[0] ?? unnamedLink(vocabulary);
  const [dst = 0n] = ownAddresses(host, family, link, vocabulary).addresses;
  const src = vocabulary.sources[0]?.value ?? 1n;
  const packet = {
    ...opening({ family, hook: 'input', in: link, src, dst, proto: UDP }),
    sport: null,
    dport: null,
    fragment: true,
  };
  const trace = subject.evaluator.trace(packet);
  if (trace === null) return [];
  const witness = { packet, trace };
  const at = deciders([witness], [...allowing, ...denying]);
  return [
    {
      id: fwState07.id,
      severity: 'info',
      certainty: 'possible',
      title: `IPv${family} fragments meet rules for ports that they do not have`,
      why: `No rule uses connection tracking, so nothing here puts fragments together. A later fragment is decided by ${sayList(at.map((ref) => sayRef(host, ref)))}, whatever port the packet was for.`,
      family,
      at,
      causedBy: [],
      witness,
      fix: fwState07.fix,
      refs: fwState07.refs,
    },
  ];
}
