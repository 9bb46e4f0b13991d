import { deletions, sayRef } from '../blame.ts';
import { bundled, sayFew, sayNumbers } from '../bundle.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { type Dead, type DeadRules, deadRules, isByTemplate, locatedDead, placeOfBlocker } from '../dead.ts';
import type { Engine } from '../engine.ts';
import { filter, guide, guideTwice, hardened4, hardened6, inverted } from '../examples.ts';
import { eachFamily } from '../families.ts';
import type { Finding, Located, Severity } from '../finding.ts';
import { plainlyShown } from '../packet-sets.ts';
import { sayPacket } from '../probes.ts';
import { waiting } from '../waiting.ts';

/**
 * A rule is dead when earlier rules leave no packet for it, whatever limits and other open matches answer: what stands behind a
 * limit is not dead. Each is blamed on the fewest earlier rules of its chain that together take all its packets.
 *
 * High where a packet that begins a connection ends as the rule would not have it; medium on the way out, which lets nobody
 * in; low where only strays do, where the rule would count, mark or translate, or where a program's template put it there; info
 * for the last rule of all behind a chain that decides about everything, as firewall programs write it.
 * A dead rule that would do just what its blockers do is FW-ANOM-02's, unless it is the exception to a dead rule beside it:
 * then both were meant. Dead LOG rules are FW-LOG-03's, rules without a caller FW-ANOM-05's, those that match nothing at
 * all FW-ANOM-04's.
 */
export const fwAnom01: Check = {
  id: 'FW-ANOM-01',
  title: 'no rule is made void by earlier ones',
  severity: 'high',
  kinds: ['S'],
  refs: ['Al-Shaer & Hamed, shadowing', 'NIST 800-41r1 5.5', 'PCI-DSS 4.0 1.2.7'],
  why: 'A rule that no packet reaches looks like protection and is none.',
  fix: 'Put the narrower rule first, or delete the one that is never asked.',
  run,
  examples: [
    {
      title: 'the guide: the limit, its count, the exception and the rest stand behind the rule that accepts',
      v4: guide,
      finds: ['low 4', 'high 4', 'low 4', 'high 4'],
    },
    {
      title: 'the guide without its first rule',
      v4: guide.replace('-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n', ''),
      finds: [],
    },
    {
      title: 'the guide twice: what repeats word for word is said elsewhere',
      v4: guideTwice,
      finds: ['low 4', 'high 4', 'low 4', 'high 4', 'low 4', 'high 4'],
    },
    { title: 'a hardened pair', v4: hardened4, v6: hardened6, finds: [] },
    { title: 'two half-space accepts void what follows', v4: inverted, finds: ['low 4', 'low 4', 'low 4', 'high 4'] },
    {
      title: 'an accept behind a drop of its network',
      v4: filter(['-A INPUT -s 10.0.0.0/8 -j DROP', '-A INPUT -s 10.1.2.3/32 -p tcp -m tcp --dport 443 -j ACCEPT']),
      finds: ['high 4'],
    },
    {
      title: 'several rules together',
      v4: filter([
        '-A INPUT -p tcp -m tcp --dport 0:1023 -j ACCEPT',
        '-A INPUT -p tcp -m tcp --dport 1024:65535 -j ACCEPT',
        '-A INPUT -p tcp -m tcp --dport 1000:1050 -j DROP',
      ]),
      finds: ['high 4'],
    },
    {
      title: 'a limit covers nothing',
      v4: filter(['-A INPUT -p tcp -m limit --limit 10/sec -j ACCEPT', '-A INPUT -p tcp -m tcp --dport 3306 -j DROP']),
      finds: [],
    },
    {
      title: 'other flags are other packets',
      v4: filter([
        '-A INPUT -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j ACCEPT',
        '-A INPUT -p tcp -m tcp --tcp-flags SYN,ACK SYN,ACK -j DROP',
        '-A INPUT -p tcp -m tcp --tcp-flags FIN,SYN FIN,SYN -j DROP',
      ]),
      finds: [],
    },
    {
      title: 'a negation leaves something',
      v4: filter(['-A INPUT ! -s 192.0.2.0/24 -p tcp -m tcp --dport 22 -j DROP', '-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT']),
      finds: [],
    },
    {
      title: 'a negation and what it leaves out',
      v4: filter([
        '-A INPUT ! -s 192.0.2.0/24 -p tcp -m tcp --dport 22 -j ACCEPT',
        '-A INPUT -s 192.0.2.0/24 -p tcp -m tcp --dport 22 -j ACCEPT',
        '-A INPUT -p tcp -m tcp --dport 22 -j DROP',
      ]),
      finds: ['high 4'],
    },
    {
      title: 'the last rule behind a chain that decides about everything',
      v4: filter([':zone - [0:0]', '-A INPUT -j zone', '-A INPUT -j REJECT', '-A zone -p tcp -j ACCEPT', '-A zone -j DROP']),
      finds: ['info 4'],
    },
    {
      title: 'strays only',
      v4: filter([
        '-A INPUT -p tcp -m tcp --tcp-flags FIN,ACK FIN,ACK -j ACCEPT',
        '-A INPUT -p tcp -m tcp --tcp-flags FIN,SYN,ACK FIN,ACK -j DROP',
      ]),
      finds: ['low 4'],
    },
    {
      title: 'on the way out',
      v4: filter(['-A OUTPUT -p tcp -j ACCEPT', '-A OUTPUT -p tcp -m tcp --dport 25 -j DROP']),
      finds: ['medium 4'],
    },
    {
      title: 'what a chain is not called for',
      v4: filter([
        ':web - [0:0]',
        '-A INPUT -p tcp -m tcp --dport 80 -j web',
        '-A web -p tcp -m tcp --dport 443 -j ACCEPT',
        '-A web -s 192.0.2.0/24 -j ACCEPT',
      ]),
      finds: ['low 4'],
    },
    {
      title: 'rules behind what DOCKER-USER returns',
      v4: filter([
        ':DOCKER-USER - [0:0]',
        '-A FORWARD -j DOCKER-USER',
        '-A DOCKER-USER -j RETURN',
        '-A DOCKER-USER -i eth0 -p tcp -m tcp --dport 5432 -j DROP',
        '-A FORWARD -j ACCEPT',
      ]),
      finds: ['high 4'],
    },
    {
      title: 'many rules with one cause',
      v4: filter([
        '-A INPUT -p tcp -j ACCEPT',
        ...Array.from({ length: 40 }, (_, port) => `-A INPUT -p tcp -m tcp --dport ${3000 + port} -j DROP`),
      ]),
      finds: ['high 4'],
    },
    {
      title: 'more rules than are explained',
      v4: filter([
        '-A INPUT -p tcp -j ACCEPT',
        ...Array.from({ length: 400 }, (_, port) => `-A INPUT -p tcp -m tcp --dport ${3000 + port} -j DROP`),
      ]),
      finds: ['high 4', 'low 4'],
    },
    { title: 'rules that were not read', v4: null, v6: hardened6, finds: [], unknown: 1 },
  ],
};

function run(subject: Subject): Answer {
  return eachFamily(fwAnom01, subject, ({ family }) => {
    const dead = deadRules(subject, family);
    if (!dead.known) return dead;
    return subject.ask(family, (engine) => findingsOf(subject, engine, dead.value));
  });
}

type Covered = Extract<Dead, { kind: 'covered' }>;

function findingsOf(subject: Subject, engine: Engine, { explained, left }: DeadRules): readonly Finding[] {
  const covered = explained.filter((dead) => dead.kind === 'covered').filter(({ rule }) => rule.rule.effect.kind !== 'log');
  const meant = new Set(covered.filter(({ loss }) => loss === 'opposite').map(causeOf));
  const told = covered.filter((dead) => isVoid(dead) || meant.has(causeOf(dead)));
  const elsewhere = explained
    .filter((dead) => dead.kind === 'elsewhere')
    .filter((dead) => !isByTemplate(dead) && dead.rule.rule.effect.kind !== 'log');
  const bySeverity = [...Map.groupBy(told, (dead) => `${dead.at.table} ${dead.at.chain} ${severityOf(dead)}`).values()];
  return [
    ...bySeverity.flatMap((alike) => bundled(alike, causeOf)).map((bundle) => describe(subject, engine, bundle)),
    ...[...Map.groupBy(elsewhere, ({ at }) => `${at.table} ${at.chain}`).values()].flatMap((alike) =>
      waiting(subject, engine, alike, fwAnom01),
    ),
    ...rest(subject, engine, left),
  ].sort((a, b) => (a.at[0]?.line ?? 0) - (b.at[0]?.line ?? 0));
}

/** Something is lost by it that was not put there by a program just in case. */
function isVoid(dead: Covered): boolean {
  return dead.loss === 'opposite' || (dead.loss !== 'same' && !isByTemplate(dead));
}

function causeOf({ at, blockers }: Covered): string {
  return `${at.table} ${at.chain} ${blockers.map(({ rule }) => rule.rule).join()}`;
}

function severityOf(dead: Covered): Severity {
  if (dead.loss === 'design') return 'info';
  if (dead.loss !== 'opposite' || isByTemplate(dead)) return 'low';
  return dead.packets.every(({ hook }) => hook === 'output') ? 'medium' : 'high';
}

function describe(subject: Subject, engine: Engine, bundle: readonly Covered[]): Finding {
  const { host } = subject;
  const first = bundle[0] as Covered;
  const at = bundle.map((dead) => dead.at);
  const causedBy = distinct(bundle.flatMap(({ blockers }) => blockers.map(placeOfBlocker)));
  const witness = plainlyShown(subject, engine, first.packets);
  const chain = chainName(first.at);
  const causes = sayFew(
    causedBy.map((ref) => sayRef(host, ref)),
    3,
  );
  const verb = causedBy.length === 1 ? 'takes' : 'together take';
  const shown =
    witness === null ? '' : ` ${upper(sayPacket(witness.packet))} ${endOf(witness.trace.verdict)}; the rule is not asked.`;
  return {
    id: fwAnom01.id,
    severity: severityOf(first),
    certainty: 'certain',
    title: `${sayNumbers(at.map(({ rule }) => Number(rule)))} of ${chain} ${bundle.length === 1 ? 'is' : 'are'} never reached: ${sayNumbers(causedBy.map(({ rule }) => Number(rule))).replace(/^R/, 'r')} ${causedBy.length === 1 ? 'comes' : 'come'} first`,
    why: `${upper(causes)} ${verb} every packet of ${bundle.length === 1 ? '' : 'theirs, such as '}${sayRef(host, first.at)}.${shown}${meaningOf(first)}`,
    family: first.at.family,
    at,
    causedBy,
    witness,
    fix: `${first.loss === 'opposite' ? 'If it says what you want, narrow what comes first, after making sure that your own way in stays open. Else delete it' : 'Delete it'}: as it stands nothing changes without it.\n${deletions(at).join('\n')}`,
    refs: fwAnom01.refs,
  };
}

function meaningOf({ loss, rule }: Covered): string {
  if (loss === 'opposite')
    return rule.rule.effect.kind === 'verdict' && rule.rule.effect.verdict === 'ACCEPT'
      ? ' What it was to let in stays out.'
      : ' It protects nothing.';
  if (loss === 'design') return ' It is there for what that chain forgets, and it forgets nothing.';
  return '';
}

/** Dead rules of which nobody asked why. */
function rest(subject: Subject, engine: Engine, left: readonly DeadRules['left'][number][]): readonly Finding[] {
  const [first] = left;
  if (first === undefined) return [];
  const at = left.slice(0, 32).map((dead) => locatedDead(engine, dead));
  const { table, chain, rule } = first;
  const witness = plainlyShown(subject, engine, engine.liveness().candidates(table.name, chain.name, rule.rule.number));
  return [
    {
      id: fwAnom01.id,
      severity: 'low',
      certainty: 'certain',
      title: `${left.length} more rules are never reached`,
      why: `For example ${sayRef(subject.host, at[0] as Located)}. Which earlier rules are to blame was not asked of so many; mend those that are explained first.`,
      family: engine.firewall.ruleset.family,
      at,
      causedBy: [],
      witness,
      fix: 'Mend the dead rules that are explained, and audit again.',
      refs: fwAnom01.refs,
    },
  ];
}

function distinct(refs: readonly Located[]): readonly Located[] {
  return [...new Map(refs.map((ref) => [`${ref.table} ${ref.chain} ${ref.rule}`, ref])).values()];
}

function chainName({ table, chain }: Located): string {
  return `${table === 'filter' ? '' : `${table} `}${chain}`;
}

function endOf(verdict: string): string {
  switch (verdict) {
    case 'ACCEPT':
      return 'is let in before';
    case 'DROP':
    case 'REJECT':
      return 'is denied before';
    default:
      return 'has its way decided before';
  }
}

function upper(text: string): string {
  return text.replace(/^./, (letter) => letter.toUpperCase());
}
