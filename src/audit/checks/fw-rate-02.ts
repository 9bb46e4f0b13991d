import { none } from '../../analysis/space/index.ts';
import { known } from '../../model/host/index.ts';
import { contains, formatAddress, type Ranges } from '../../model/net/index.ts';
import type { Constraint, Packet } from '../../model/packet/index.ts';
import { meaningsOf } from '../../model/ruleset/index.ts';
import { denying, sayList, sayRef } from '../blame.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { command, toolIn } from '../command.ts';
import type { Engine } from '../engine.ts';
import { empty, filter, guide, hardened4, hardened6 } from '../examples.ts';
import { eachFamily } from '../families.ts';
import type { Finding, Witness } from '../finding.ts';
import { endingIn, openings, shownBy, whatever } from '../packet-sets.ts';
import { type RecentUse, recentUsesOf } from '../recent-uses.ts';
import { fromOutside } from '../strays.ts';
import { sshPorts } from '../surroundings.ts';

/**
 * A rule that denies sources which `recent` has written down, where the first packet of a connection is enough to be written
 * down: nobody has to receive an answer for that, so a stranger can write down any address he likes, the administrator's too.
 * `--rttl` makes it harder; a rule before it that accepts certain sources keeps those safe, and counts as an answer.
 */
export const fwRate02: Check = {
  id: 'FW-RATE-02',
  title: 'no stranger can get somebody else banned by forged packets',
  severity: 'medium',
  kinds: ['S'],
  refs: ['NIST 800-53 SC-5'],
  why: 'Six forged packets with the administrator’s address lock the administrator out.',
  fix: 'Accept your own sources before the list is asked, or count with hashlimit, which forgets by itself.',
  run,
  examples: [
    { title: 'nothing at all', v4: empty, v6: empty, finds: [] },
    { title: 'the guide never asks its list', v4: guide, finds: [] },
    {
      title: 'the guide without its first rule',
      v4: guide.replace('-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n', ''),
      finds: ['medium 4'],
    },
    { title: 'a hardened pair', v4: hardened4, v6: hardened6, finds: [] },
    {
      title: 'the administrator is accepted before',
      v4: limited('-A INPUT -s 192.0.2.7/32 -p tcp -m tcp --dport 22 -j ACCEPT'),
      finds: [],
    },
    { title: 'nobody is', v4: limited(), finds: ['medium 4'] },
    { title: 'another port is', v4: limited('-A INPUT -s 192.0.2.7/32 -p tcp -m tcp --dport 80 -j ACCEPT'), finds: ['medium 4'] },
    { title: 'with --rttl', v4: limited().replace('--hitcount 4', '--hitcount 4 --rttl'), finds: [] },
    {
      title: 'a list that only other programs write',
      v4: filter([
        '-A INPUT -p tcp -m recent --update --seconds 60 --name banned --rsource -j DROP',
        '-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT',
      ]),
      finds: [],
    },
    { title: 'rules that were not read', v4: null, v6: empty, finds: [], unknown: 1 },
  ],
};

function limited(...first: readonly string[]): string {
  return filter([
    ...first,
    '-A INPUT -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW -m recent --update --seconds 60 --hitcount 4 --name ssh --mask 255.255.255.255 --rsource -j DROP',
    '-A INPUT -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW -m recent --set --name ssh --mask 255.255.255.255 --rsource -j ACCEPT',
  ]);
}

function run(subject: Subject): Answer {
  return eachFamily(
    fwRate02,
    subject,
    ({ ruleset, family }) =>
      // Without the word there is nothing to ask the engine.
      ruleset.text.includes('-m recent') ? subject.ask(family, (engine) => findingsOf(subject, engine)) : known([]),
    ['input'],
  );
}

interface Ban {
  readonly use: RecentUse;
  readonly writers: readonly RecentUse[];
  readonly witness: Witness;
}

function findingsOf(subject: Subject, engine: Engine): readonly Finding[] {
  const uses = recentUsesOf(engine);
  const bans: Ban[] = [];
  for (const use of uses) {
    if ((use.command !== 'update' && use.command !== 'rcheck') || use.rttl || use.byDestination) continue;
    const setters = uses.filter(({ command, name, byDestination }) => command === 'set' && name === use.name && !byDestination);
    const writers = setters.filter((setter) => isWritten(subject, engine, setter));
    if (writers.length === 0) continue;
    const witness = firstPacket(subject, engine, use);
    if (witness === null || !isBanned(witness, use) || isExempt(subject, engine, witness.packet)) continue;
    bans.push({ use, writers, witness });
  }
  return [...Map.groupBy(bans, ({ use }) => `${use.name} ${use.at.chain}`).values()].map((alike) => describe(subject, alike));
}

/** Whether a stranger's first packet makes the rule write its source down, whatever becomes of the packet. */
function isWritten(subject: Subject, engine: Engine, { at }: RecentUse): boolean {
  const { diagram } = engine.space;
  const strange = diagram.mask(openings(subject, engine, 'input'), fromOutside(subject, engine));
  const hits = engine.liveness().hits(at.table, at.chain, Number(at.rule));
  return hits.some(({ hook, packets }) => hook === 'input' && diagram.mask(whatever(engine, packets), strange) !== none);
}

/** A stranger's first packet that the rule is asked about, and that may be let in. */
function firstPacket(subject: Subject, engine: Engine, { at }: RecentUse): Witness | null {
  const { diagram } = engine.space;
  const strange = diagram.mask(openings(subject, engine, 'input'), fromOutside(subject, engine));
  const fresh = whatever(engine, endingIn(engine, 'input', strange, ['ACCEPT']));
  for (const { hook, packets } of engine.liveness().hits(at.table, at.chain, Number(at.rule))) {
    if (hook !== 'input') continue;
    const witness = shownBy(engine, hook, diagram.mask(whatever(engine, packets), fresh));
    if (witness !== null) return witness;
  }
  return null;
}

/** The list's answer alone makes it denied. */
function isBanned({ trace }: Witness, { command, name }: RecentUse): boolean {
  return trace.outcomes.some(
    ({ verdict, when }) =>
      denying.includes(verdict) &&
      Object.entries(when).some(
        ([match, holds]) =>
          holds && match.includes('-m recent') && match.includes(`--${command}`) && match.includes(`--name ${name} `.trim()),
      ),
  );
}

/** Some narrow source is accepted for the same service before the list is asked. */
function isExempt(subject: Subject, { firewall }: Engine, packet: Packet): boolean {
  for (const { constraint, effect } of meaningsOf(firewall.ruleset).values()) {
    if (effect.kind !== 'verdict' || effect.verdict !== 'ACCEPT') continue;
    const source = sourceOf(constraint);
    if (source === null || contains(source, packet.src)) continue;
    const [[first] = [0n]] = source;
    if (subject.evaluator.trace({ ...packet, src: first })?.verdict === 'ACCEPT') return true;
  }
  return false;
}

function sourceOf(constraint: Constraint): Ranges<bigint> | null {
  const parts = constraint.kind === 'all' ? constraint.of : [constraint];
  const found = parts.find((part) => part.kind === 'address' && part.field === 'src');
  return found?.kind === 'address' ? found.ranges : null;
}

function describe({ host }: Subject, bans: readonly Ban[]): Finding {
  const { use, writers, witness } = bans[0] as Ban;
  const { family } = use.at;
  const { packet } = witness;
  const port = packet.dport === null ? '' : ` to port ${packet.dport}`;
  const isSsh = packet.dport !== null && sshPorts(host, family).includes(packet.dport);
  return {
    id: fwRate02.id,
    severity: 'medium',
    certainty: 'possible',
    title: `Forged packets get others banned${port === '' ? '' : ` from port ${packet.dport}`}`,
    why: `${sayList(writers.map(({ at }) => sayRef(host, at)))} ${writers.length === 1 ? 'writes' : 'write'} the source of a first packet down, which anybody can forge, and ${sayRef(host, use.at)} denies that source${use.seconds === null ? '' : ` for ${use.seconds} seconds`}. With ${use.hitcount === 1 ? 'a packet' : `${use.hitcount} packets`}${port} in the name of ${formatAddress({ family, value: packet.src })}, or of ${isSsh ? 'the administrator' : 'a customer'}, a stranger locks that address out${use.command === 'update' ? ', and each further attempt renews the ban' : ''}.`.replace(
      /^./,
      (letter) => letter.toUpperCase(),
    ),
    family,
    at: bans.map((ban) => ban.use.at),
    causedBy: writers.map(({ at }) => at),
    witness,
    fix: `Accept sources that must get in before the list is asked, with ADDRESS for yours.\n${command`${toolIn(use.at)} -I ${use.at.chain} ${firstOf([...bans.map((ban) => ban.use), ...writers])}`} -s ADDRESS -p tcp --dport ${packet.dport ?? 22} -j ACCEPT`,
    refs: fwRate02.refs,
  };
}

function firstOf(uses: readonly RecentUse[]): number {
  const [{ at }] = uses as [RecentUse];
  return Math.min(...uses.filter((use) => use.at.chain === at.chain).map((use) => Number(use.at.rule)));
}
