import { type Family, type Ranges, ranges, TCP } from '../../model/net/index.ts';
import { allowing, deciders, deletions, toolOf } from '../blame.ts';
import type { Check, Subject } from '../check.ts';
import type { Engine } from '../engine.ts';
import { filter, guide, hardened4, hardened6 } from '../examples.ts';
import {
  assumptions,
  atDoors,
  type Door,
  exposed,
  ported,
  portsIn,
  type Said,
  sayFew,
  sayRanges,
  shown,
  sightFor,
  sightOf,
  unreadDoor,
} from '../exposure/index.ts';
import type { Located } from '../finding.ts';
import type { Unread } from '../unread.ts';
import { vocabularyOf } from '../vocabulary.ts';

/** Source ports tried: one of each range that rules name. */
const tried = 16;
/** DHCP's answers, one port from another, are no door. */
const few = 16;

/**
 * New connections from a source port that rules name reach ports that the same connection from an ordinary source port does not:
 * more than 16 of them, from anyone. The sender chooses his source port.
 */
export const fwExp10: Check = {
  id: 'FW-EXP-10',
  title: 'no new connection is accepted for its source port',
  severity: 'high',
  kinds: ['S'],
  refs: ['Wool 2004, implicit DNS', 'NIST 800-41r1 4.1.3'],
  why: 'A rule for "answers from port 53" lets in whoever sends from port 53. It is one option of any port scanner.',
  fix: 'Accept answers by the state of their connection, and delete the rules for source ports.',
  run: (subject) => atDoors(subject, fwExp10.id, (family, doors, engine) => familyAnswer(subject, family, doors, engine)),
  examples: [
    {
      title: 'answers of name servers, without their state',
      v4: filter(['-A INPUT -p udp -m udp --sport 53 -j ACCEPT']),
      v6: hardened6,
      finds: ['high 4'],
    },
    {
      title: 'FTP data to high ports',
      v4: filter(['-A INPUT -p tcp -m tcp --sport 20 --dport 1024:65535 -j ACCEPT']),
      v6: hardened6,
      finds: ['high 4'],
    },
    {
      title: 'with their state',
      v4: filter(['-A INPUT -p udp -m udp --sport 53 -m conntrack --ctstate ESTABLISHED -j ACCEPT']),
      v6: hardened6,
      finds: [],
    },
    {
      title: 'answers of web servers without SYN',
      v4: filter(['-A INPUT -p tcp -m tcp --sport 443 ! --tcp-flags FIN,SYN,RST,ACK SYN -j ACCEPT']),
      v6: hardened6,
      finds: [],
    },
    { title: 'DHCP', v4: filter(['-A INPUT -p udp -m udp --sport 67 --dport 68 -j ACCEPT']), v6: hardened6, finds: [] },
    {
      title: 'answers of the own name server alone',
      v4: filter(['-A INPUT -s 9.9.9.9/32 -p udp -m udp --sport 53 -j ACCEPT']),
      v6: hardened6,
      finds: [],
    },
    { title: 'the guide', v4: guide, v6: hardened6, finds: [] },
    { title: 'a hardened pair', v4: hardened4, v6: hardened6, finds: [] },
    { title: 'rules that were not read', v4: null, v6: hardened6, finds: [], unknown: 1 },
  ],
};

function familyAnswer(subject: Subject, family: Family, doors: readonly Door[], engine: Engine): Said {
  const { namedSourcePorts } = vocabularyOf(subject.host, engine.firewall.ruleset);
  let missing: Unread | null = null;
  for (const mode of ['certain', 'possible'] as const) {
    for (const door of doors) {
      for (const [proto, number] of ported) {
        const plain = sightFor({ door, proto });
        const ordinary = plain.openPorts(mode);
        for (const sport of namedSourcePorts.slice(0, tried)) {
          const sight = sightOf(engine, { ...plain.course, sport }, number);
          const extra = outside(sight.openPorts(mode), ordinary);
          if (portsIn(extra) <= few) continue;
          const unread = unreadDoor(door, `new connections from source port ${sport} are accepted`);
          const seen = unread === null ? shown(subject, sight.packet(mode, extra)) : { kind: 'unknown' as const, ...unread };
          if (seen.kind === 'unknown') missing ??= seen;
          if (seen.kind !== 'yes' && seen.kind !== 'maybe') continue;
          return [
            exposed(subject, {
              check: fwExp10,
              family,
              severity: 'high',
              title: `Whoever sends from source port ${sport} reaches ${portsIn(extra).toLocaleString('en')} ${proto.toUpperCase()} ports over IPv${family}`,
              shown: seen,
              sure: door.sure,
              meaning: [
                `It comes from port ${sport}; from port 40000 the same is denied. The sender chooses it, so ${sayFew(sayRanges(extra, proto))} are open to all who know.`,
                ...assumptions(door),
              ],
              fix: `Accept answers by the state of their connection, then delete the rule for the source port.\n${[
                `${toolOf(family)} -I INPUT 1 -p ${number === TCP ? 'tcp' : 'udp'} -m conntrack --ctstate ESTABLISHED -j ACCEPT`,
                ...deletions(deciders([seen.witness], allowing).map(pushedBack)),
              ].join('\n')}`,
            }),
          ];
        }
      }
    }
  }
  return missing === null ? [] : { unknown: missing };
}

/** The rule's number once another stands in front of INPUT. */
function pushedBack(ref: Located): Located {
  return ref.chain === 'INPUT' && ref.rule !== 'policy' ? { ...ref, rule: ref.rule + 1 } : ref;
}

function outside(left: Ranges<number>, right: Ranges<number>): Ranges<number> {
  return ranges(
    ...right.reduce<Ranges<number>>(
      (rest, [from, to]) =>
        rest.flatMap(([lo, hi]) => {
          if (to < lo || hi < from) return [[lo, hi] as const];
          return [[lo, Math.min(hi, from - 1)] as const, [Math.max(lo, to + 1), hi] as const].filter(([a, b]) => a <= b);
        }),
      left,
    ),
  );
}
