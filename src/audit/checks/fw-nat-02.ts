import type { Family } from '../../model/net/index.ts';
import { meaningsOf, type Rule } from '../../model/ruleset/index.ts';
import { ruleAt, sayRef, toolOf } from '../blame.ts';
import type { Check, Subject } from '../check.ts';
import { command, shellWord } from '../command.ts';
import type { Engine } from '../engine.ts';
import { filter, hardened4, hardened6, natRouter, natRules } from '../examples.ts';
import {
  exposed,
  inwardRoads,
  isRuntime,
  ofFamilies,
  publishedOf,
  type Said,
  type Shown,
  shown,
  unlessUnseen,
} from '../exposure/index.ts';
import type { Located } from '../finding.ts';
import { forwarding } from '../surroundings.ts';
import type { Unread } from '../unread.ts';

/**
 * A rule of nat that gives another source to packets of strangers that go in: by a link towards strangers, out by an inner one.
 * Behind it all of them look like the host itself. What runtimes of containers write for themselves is left alone; SNAT for one
 * port on purpose (a reverse path that needs it) counts too, since logs and limits behind it are as blind.
 */
export const fwNat02: Check = {
  id: 'FW-NAT-02',
  title: 'strangers that come in keep their source address',
  severity: 'medium',
  kinds: ['S'],
  refs: ['PCI-DSS 4.0 1.4.5'],
  why: 'MASQUERADE without a leaving link or a source hides who comes: logs, limits and bans behind the host see its own address alone.',
  fix: 'Bind it: -s YOUR-NETWORK -o OUTER-LINK.',
  run: (subject) =>
    ofFamilies(subject, fwNat02.id, (family) =>
      unlessUnseen(subject, family, 'forward', (engine) => familyAnswer(subject, family, engine)),
    ),
  examples: [
    {
      title: 'everything is masqueraded',
      v4: natRules(['-A POSTROUTING -j MASQUERADE'], ['-A FORWARD -d 10.0.0.5/32 -p tcp -m tcp --dport 443 -j ACCEPT']),
      v6: hardened6,
      facts: natRouter,
      finds: ['medium 4'],
    },
    {
      title: 'what leaves by the outer link',
      v4: natRules(['-A POSTROUTING -o eth0 -j MASQUERADE'], ['-A FORWARD -d 10.0.0.5/32 -p tcp -m tcp --dport 443 -j ACCEPT']),
      v6: hardened6,
      facts: natRouter,
      finds: [],
    },
    {
      title: 'what the own network sends',
      v4: natRules(
        ['-A POSTROUTING -s 10.0.0.0/24 -j MASQUERADE'],
        ['-A FORWARD -d 10.0.0.5/32 -p tcp -m tcp --dport 443 -j ACCEPT'],
      ),
      v6: hardened6,
      facts: natRouter,
      finds: [],
    },
    {
      title: 'everything is masqueraded, and no stranger comes in',
      v4: natRules(['-A POSTROUTING -j MASQUERADE'], ['-A FORWARD -i eth1 -j ACCEPT']),
      v6: hardened6,
      facts: natRouter,
      finds: [],
    },
    { title: 'a hardened pair', v4: hardened4, v6: hardened6, finds: [] },
    { title: 'rules that were not read', v4: null, v6: filter([]), finds: [], unknown: 1 },
  ],
};

function familyAnswer(subject: Subject, family: Family, engine: Engine): Said {
  const { ruleset } = engine.firewall;
  const forwards = forwarding(subject.host, family).on;
  const nat = ruleset.tables.find(({ name }) => name === 'nat');
  const meanings = meaningsOf(ruleset);
  const hides = nat?.rules.some((rule) => {
    const effect = meanings.get(rule)?.effect;
    return effect?.kind === 'translate' && effect.end === 'src' && !isRuntime(rule.chain);
  });
  if (forwards === false || hides !== true) return [];
  let missing: Unread | null = null;
  for (const { seen, road } of comingIn(subject, engine)) {
    if (seen.kind === 'unknown') missing ??= seen;
    if (seen.kind !== 'yes' && seen.kind !== 'maybe') continue;
    const step = seen.witness.trace.path.find(
      ({ table, effect, chain }) => table === 'nat' && effect === 'snat' && !isRuntime(chain),
    );
    const rule = step === undefined ? null : ruleAt(subject.host, step);
    if (step === undefined || rule === null) continue;
    const ref: Located = { family, table: 'nat', chain: step.chain, rule: step.rule, line: step.line };
    const finding = exposed(subject, {
      check: fwNat02,
      family,
      severity: 'medium',
      title: `Packets of strangers get the host’s own source address on their way in (IPv${family})`,
      shown: seen,
      sure: road.sure && forwards === true,
      meaning: [
        `${sayRef(subject.host, ref).replace(/^rule/, 'Rule')} gives it another source: logs, limits and bans behind the host see that alone.`,
        forwards === true ? '' : 'Whether the host forwards at all is not known.',
      ],
      fix: `Bind the rule to the network that needs it (-s) and to the link that it leaves by (-o ${shellWord(road.in)}).${isBare(engine, rule) ? `\n${command`${toolOf(family)} -t nat -R ${rule.chain} ${rule.number} -o ${road.in} -j MASQUERADE`}` : ''}`,
    });
    return [{ ...finding, at: [ref], causedBy: finding.at }];
  }
  return missing === null ? [] : { unknown: missing };
}

/** So many services of a way are followed one by one. */
const mostServices = 16;

/** Packets of strangers that are let in: as they are, and led on by nat. */
function* comingIn(
  subject: Subject,
  engine: Engine,
): Generator<{ readonly seen: Shown; readonly road: { readonly in: string; readonly sure: boolean } }> {
  for (const road of inwardRoads(subject, engine)) {
    for (const sight of [road.tcp, road.udp])
      for (const ports of sight.openPorts('certain').slice(0, mostServices))
        yield { seen: shown(subject, sight.packet('certain', [ports])), road };
  }
  for (const { shown: seen, door } of publishedOf(subject, engine)) yield { seen, road: { in: door.link, sure: door.sure } };
}

/** `-j MASQUERADE` and nothing else, so that it can be written anew. */
function isBare({ firewall }: Engine, rule: Rule): boolean {
  const meaning = meaningsOf(firewall.ruleset).get(rule);
  return meaning?.constraint.kind === 'always' && meaning.effect.kind === 'translate' && meaning.effect.to.kind === 'own';
}
