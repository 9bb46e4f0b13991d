import type { Family } from '../../model/net/index.ts';
import { deciders, denying, sayList, sayRef, toolOf } from '../blame.ts';
import type { Check, Subject } from '../check.ts';
import { empty, filter, guide, hardened4, hardened6 } from '../examples.ts';
import { anyone, atDoors, capital, type Door, exposed, isByRule, type Said, shown } from '../exposure/index.ts';
import { denied } from '../measure.ts';
import { icmpOf, opening, sayPacket } from '../probes.ts';
import { vocabularyOf } from '../vocabulary.ts';

/**
 * Echo requests from strangers: denied to everybody, or let in without a limit by a rule. A policy that accepts them is told by the
 * default-deny checks. Some addresses that get an answer are enough.
 */
export const fwIcmp03: Check = {
  id: 'FW-ICMP-03',
  title: 'pings are answered, a few a second',
  severity: 'low',
  kinds: ['S'],
  refs: ['CIS Debian 12 v1.1.0 3.3.4', 'NIST 800-41r1 4.1.4'],
  why: 'Without any answer nobody can tell a dead host from a firewall; with all of them a flood of pings is answered by a flood.',
  fix: 'Accept echo-request with a limit of a few a second.',
  run: (subject) => atDoors(subject, fwIcmp03.id, (family, doors) => familyAnswer(subject, family, doors)),
  examples: [
    { title: 'the guide drops them', v4: guide, v6: hardened6, finds: ['low 4'] },
    { title: 'a hardened pair', v4: hardened4, v6: hardened6, finds: [] },
    {
      title: 'without a limit',
      v4: filter(['-A INPUT -p icmp -m icmp --icmp-type 8 -j ACCEPT']),
      v6: hardened6,
      finds: ['low 4'],
    },
    {
      title: 'from the monitoring alone',
      v4: filter(['-A INPUT -s 203.0.113.7/32 -p icmp -m icmp --icmp-type 8 -j ACCEPT']),
      v6: hardened6,
      finds: [],
    },
    { title: 'nothing at all: the policy accepts them', v4: empty, v6: empty, finds: [] },
    { title: 'rules that were not read', v4: null, v6: hardened6, finds: [], unknown: 1 },
  ],
};

function familyAnswer(subject: Subject, family: Family, doors: readonly Door[]): Said {
  const known = doors.filter(({ unread }) => unread === null);
  const proto = icmpOf(family);
  const tool = toolOf(family);
  const match = family === 4 ? '-p icmp --icmp-type echo-request' : '-p ipv6-icmp --icmpv6-type echo-request';
  for (const door of known) {
    const sight = door.other(proto);
    if (sight.share(null, 'steady') < anyone[family]) continue;
    const seen = shown(subject, sight.packet('steady', null));
    if ((seen.kind !== 'yes' && seen.kind !== 'maybe') || !isByRule(seen.witness.trace.decidedBy)) continue;
    return [
      exposed(subject, {
        check: fwIcmp03,
        family,
        severity: 'low',
        title: `Pings are answered without a limit over IPv${family}`,
        shown: seen,
        sure: door.sure,
        meaning: ['A flood of them is answered by a flood.'],
        fix: `Drop what is more than a few a second from one source.\n${tool} -I INPUT 1 ${match} -m hashlimit --hashlimit-above 5/sec --hashlimit-burst 10 --hashlimit-mode srcip --hashlimit-name ping${family} -j DROP`,
      }),
    ];
  }
  const [door] = known;
  if (door === undefined || known.some((one) => one.other(proto).reaching(null, 'possible').length > 0)) return [];
  const fact = subject.host.rulesets[family];
  if (!fact.known) return { unknown: fact };
  const src = vocabularyOf(subject.host, fact.value).sources[0]?.value ?? 1n;
  const held = denied(subject, opening({ family, hook: 'input', in: door.link, src, dst: door.own[0] ?? 0n, proto }));
  if (held.kind === 'unknown') return { unknown: held };
  const [witness] = held.witnesses;
  if (held.kind === 'no' || witness === undefined) return [];
  const at = deciders([witness], denying);
  return [
    {
      id: fwIcmp03.id,
      severity: 'low',
      certainty: held.kind === 'yes' && door.sure ? 'certain' : 'possible',
      title: `Nobody’s pings are answered over IPv${family}`,
      why: `${capital(sayPacket(witness.packet))} is dropped by ${sayList(at.map((ref) => sayRef(subject.host, ref)))}, and so is everybody’s: whoever looks for a fault cannot tell the host from a dead one.`,
      family,
      at,
      causedBy: [],
      witness,
      fix: `Accept a few a second.\n${tool} -I INPUT 1 ${match} -m limit --limit 5/sec -j ACCEPT`,
      refs: fwIcmp03.refs,
    },
  ];
}
