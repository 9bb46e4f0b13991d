import { usualPacket } from '../../analysis/answers/usual-packet.ts';
import { none, unionOf } from '../../analysis/space/index.ts';
import type { Family } from '../../model/net/index.ts';
import { states } from '../../model/packet/index.ts';
import type { Rule } from '../../model/ruleset/index.ts';
import { sayRef, toolOf } from '../blame.ts';
import type { Check, Subject } from '../check.ts';
import type { Engine } from '../engine.ts';
import { filter, hardened4, hardened6, natRouter, natRules } from '../examples.ts';
import { exposed, inwardRoads, isRuntime, ofFamilies, type Said, shown, strangers, unlessUnseen } from '../exposure/index.ts';
import { meaningsOf } from '../meaning.ts';
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
  if (forwards === false) return [];
  const meanings = meaningsOf(ruleset);
  const nat = ruleset.tables.find(({ name }) => name === 'nat');
  const hiding = (nat?.rules ?? []).filter((rule) => {
    const effect = meanings.get(rule)?.effect;
    return effect?.kind === 'translate' && effect.end === 'src' && !isRuntime(rule.chain);
  });
  let missing: Unread | null = null;
  for (const rule of hiding) {
    const said = hides(subject, family, engine, rule, forwards === true);
    if (said === null) continue;
    if ('unknown' in said) missing ??= said.unknown;
    else return said;
  }
  return missing === null ? [] : { unknown: missing };
}

function hides(subject: Subject, family: Family, engine: Engine, rule: Rule, forwards: boolean): Said | null {
  const { space, firewall } = engine;
  const { diagram, layout } = space;
  const { matching } = firewall;
  const hits = engine
    .liveness()
    .hits('nat', rule.chain, rule.number)
    .filter(({ hook }) => hook === 'forward')
    .reduce((set, { packets }) => diagram.first(set, packets), none);
  if (hits === none) return null;
  const isNew = layout.numberCodes('state', [[states.indexOf('NEW'), states.indexOf('NEW')]]);
  for (const road of inwardRoads(subject, engine)) {
    const one = (field: 'in' | 'out', name: string): number => {
      const code = layout.interfaces.codeOf(name);
      return matching.fieldSet(field, Int32Array.of(code, code));
    };
    const far = unionOf(strangers[family].map(([lo, hi]) => [layout.addressCode('src', lo), layout.addressCode('src', hi)]));
    const set = [
      one('in', road.in),
      one('out', road.out),
      matching.fieldSet('src', far),
      matching.fieldSet('state', isNew),
      firewall.possible('forward'),
    ].reduce((rest, part) => diagram.mask(part, rest), hits);
    if (set === none) continue;
    const { packet } = usualPacket(diagram, layout, 'forward', firewall.surroundings, set);
    const seen = shown(subject, { ...packet, in: road.in, out: road.out });
    if (seen.kind === 'unknown') return { unknown: seen };
    if (seen.kind === 'no') continue;
    const ref = { family, table: 'nat', chain: rule.chain, rule: rule.number, line: rule.line };
    const finding = exposed(subject, {
      check: fwNat02,
      family,
      severity: 'medium',
      title: `Packets of strangers get the host’s own source address on their way in (IPv${family})`,
      shown: seen,
      sure: road.sure && forwards,
      meaning: [
        `${sayRef(subject.host, ref).replace(/^rule/, 'Rule')} gives it another source: logs, limits and bans behind the host see that alone.`,
        forwards ? '' : 'Whether the host forwards at all is not known.',
      ],
      fix: `Bind the rule to the network that needs it (-s) and to the link that it leaves by (-o ${road.in}).${isBare(engine, rule) ? `\n${toolOf(family)} -t nat -R ${rule.chain} ${rule.number} -o ${road.in} -j MASQUERADE` : ''}`,
    });
    return [{ ...finding, at: [ref], causedBy: finding.at }];
  }
  return null;
}

/** `-j MASQUERADE` and nothing else, so that it can be written anew. */
function isBare({ firewall }: Engine, rule: Rule): boolean {
  const meaning = meaningsOf(firewall.ruleset).get(rule);
  return meaning?.constraint.kind === 'always' && meaning.effect.kind === 'translate' && meaning.effect.to.kind === 'own';
}
