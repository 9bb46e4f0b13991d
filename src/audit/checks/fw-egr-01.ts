import type { Family } from '../../model/net/index.ts';
import { allowing, deciders, deletions, toolOf } from '../blame.ts';
import type { Check, Subject } from '../check.ts';
import type { Engine } from '../engine.ts';
import { empty, filter, guide, hardened4, hardened6 } from '../examples.ts';
import { exitsOf, exposed, isOpenToAll, ofFamilies, type Said, shown, unlessUnseen, unnamedOf } from '../exposure/index.ts';
import { groundwork } from '../groundwork.ts';
import type { Unread } from '../unread.ts';

/**
 * At least half of the world can be reached at nearly all ports of TCP and UDP and by a protocol that no rule names, by rules or by
 * policy. FW-BASE-03 looks at the policy alone, for CIS; this at what leaves. A profile may weigh it otherwise: many servers are run so.
 */
export const fwEgr01: Check = {
  id: 'FW-EGR-01',
  title: 'the host may not send everything to everyone',
  severity: 'medium',
  kinds: ['S'],
  refs: ['PCI-DSS 4.0 1.3.2', 'NIST 800-41r1 4', 'Wool 2004, any destination outbound'],
  why: 'Whoever got in sends data home and fetches tools by the way that nobody watches.',
  fix: 'Name what the host must reach (names, time, updates, mail) and deny the rest.',
  run: (subject) =>
    ofFamilies(subject, fwEgr01.id, (family) =>
      unlessUnseen(subject, family, 'output', (engine) => familyAnswer(subject, family, engine)),
    ),
  examples: [
    { title: 'the guide', v4: guide, v6: hardened6, finds: ['medium 4'] },
    { title: 'nothing at all', v4: empty, v6: empty, finds: ['medium 4', 'medium 6'] },
    { title: 'a hardened pair', v4: hardened4, v6: hardened6, finds: [] },
    {
      title: 'a policy that denies behind a rule that accepts',
      v4: filter(['-A OUTPUT -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT'], { OUTPUT: 'DROP' }),
      v6: hardened6,
      finds: ['medium 4'],
    },
    {
      title: 'web alone',
      v4: filter(['-A OUTPUT -p tcp -m tcp --dport 443 -j ACCEPT'], { OUTPUT: 'DROP' }),
      v6: hardened6,
      finds: [],
    },
    { title: 'rules that were not read', v4: null, v6: hardened6, finds: [], unknown: 1 },
  ],
};

function familyAnswer(subject: Subject, family: Family, engine: Engine): Said {
  const { port, proto } = unnamedOf(subject, engine);
  let missing: Unread | null = null;
  for (const exit of exitsOf(subject, engine)) {
    if (exit.named || !isOpenToAll(subject, engine, exit, 'certain')) continue;
    const seen = shown(subject, exit.udp.packet('certain', [[port, port]]));
    if (seen.kind === 'unknown') missing ??= seen;
    if (seen.kind !== 'yes' && seen.kind !== 'maybe') continue;
    // Each protocol may have a rule of its own.
    const others = [exit.tcp.packet('certain', [[port, port]]), exit.other(proto).packet('certain', null)].map((packet) =>
      shown(subject, packet),
    );
    const witnesses = [seen, ...others].flatMap((one) => (one.kind === 'yes' || one.kind === 'maybe' ? [one.witness] : []));
    const open = deciders(witnesses, allowing);
    const before = groundwork(subject, seen.witness.packet, open);
    return [
      exposed(subject, {
        check: fwEgr01,
        family,
        severity: 'medium',
        title: `The host may send everything to everyone over IPv${family}`,
        shown: seen,
        sure: exit.sure,
        meaning: ['So may every program that runs on it, whoever started it.', exit.said],
        fix: `Name what the host must reach, then deny the rest. First accept loopback, replies, DNS, time and updates.\n${[...before, ...deletions(open), `${toolOf(family)} -P OUTPUT DROP`].join('\n')}`,
      }),
    ];
  }
  return missing === null ? [] : { unknown: missing };
}
