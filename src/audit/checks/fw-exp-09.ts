import type { Family, Ranges } from '../../model/net/index.ts';
import { toolOf } from '../blame.ts';
import type { Check, Subject } from '../check.ts';
import type { Engine } from '../engine.ts';
import { filter, guide, hardened4, hardened6, inverted, oneLink } from '../examples.ts';
import {
  assumptions,
  atDoors,
  type Door,
  exposed,
  isByRule,
  isOpenToAll,
  ported,
  portsIn,
  type Said,
  sayFew,
  sayRanges,
  shown,
  sightFor,
  unreadDoor,
} from '../exposure/index.ts';
import type { Unread } from '../unread.ts';

/** As many as passive FTP or a range of media servers may take. */
const most = 1024;

/**
 * Runs of more than 1024 ports that anyone reaches by rules; what else is open in them does not count. Where everything is open
 * FW-EXP-01 says so, and where a policy does it FW-BASE-01 and FW-V6-01.
 */
export const fwExp09: Check = {
  id: 'FW-EXP-09',
  title: 'rules open ports one by one, not by the thousand',
  severity: 'high',
  kinds: ['S'],
  refs: ['Wool 2004, any service inbound'],
  why: 'Among thousands of ports some program always listens: databases, debuggers, whatever a user starts tomorrow.',
  fix: 'Name the ports of the services that are wanted; answers to own connections come in by their state, not by their ports.',
  run: (subject) => atDoors(subject, fwExp09.id, (family, doors, engine) => familyAnswer(subject, family, doors, engine)),
  examples: [
    {
      title: 'high ports for answers, without their state',
      v4: filter(['-A INPUT -p tcp -m tcp --dport 1024:65535 -j ACCEPT']),
      v6: hardened6,
      finds: ['high 4'],
    },
    {
      title: 'the same for packets without SYN alone',
      v4: filter(['-A INPUT -p tcp -m tcp --dport 1024:65535 ! --tcp-flags FIN,SYN,RST,ACK SYN -j ACCEPT']),
      v6: hardened6,
      finds: [],
    },
    { title: 'all of UDP', v4: filter(['-A INPUT -p udp -j ACCEPT']), v6: hardened6, finds: ['high 4'] },
    {
      title: 'piece by piece',
      v4: filter(
        Array.from({ length: 8 }, (_, n) => `-A INPUT -p tcp -m tcp --dport ${8000 + 250 * n}:${8249 + 250 * n} -j ACCEPT`),
      ),
      v6: hardened6,
      finds: ['high 4'],
    },
    { title: 'ports for mosh', v4: filter(['-A INPUT -p udp -m udp --dport 60000:61000 -j ACCEPT']), v6: hardened6, finds: [] },
    {
      title: 'for one network alone',
      v4: filter(['-A INPUT -s 203.0.113.0/24 -p tcp -m tcp --dport 1024:65535 -j ACCEPT']),
      v6: hardened6,
      finds: [],
    },
    { title: 'everything', v4: inverted, v6: hardened6, finds: [] },
    { title: 'a policy', v4: filter([], { INPUT: 'ACCEPT' }), v6: hardened6, finds: [] },
    { title: 'the guide', v4: guide, v6: hardened6, finds: [] },
    { title: 'a hardened pair', v4: hardened4, v6: hardened6, facts: oneLink, finds: [] },
    { title: 'rules that were not read', v4: null, v6: hardened6, finds: [], unknown: 1 },
  ],
};

function familyAnswer(subject: Subject, family: Family, doors: readonly Door[], engine: Engine): Said {
  let missing: Unread | null = null;
  for (const mode of ['certain', 'possible'] as const) {
    for (const door of doors) {
      if (isOpenToAll(subject, engine, door, mode)) continue;
      const runs = ported.flatMap(([proto]) => {
        const ports: Ranges<number> = sightFor({ door, proto })
          .openPorts(mode)
          .filter(([lo, hi]) => hi - lo >= most);
        if (ports.length === 0) return [];
        const [first = [0, 0] as const] = [...ports].sort(([lo, hi], [from, to]) => to - from - (hi - lo));
        const seen = shown(subject, sightFor({ door, proto }).packet(mode, [first]));
        return [{ proto, ports, seen }];
      });
      for (const { seen } of runs) {
        if (seen.kind === 'unknown') missing ??= seen;
        if (seen.kind !== 'yes' && seen.kind !== 'maybe') continue;
        if (!isByRule(seen.witness.trace.decidedBy)) continue;
        const unread = unreadDoor(door, 'thousands of ports are accepted from anyone');
        if (unread !== null) {
          missing ??= unread;
          continue;
        }
        const byRule = runs.filter(
          ({ seen: other }) => (other.kind === 'yes' || other.kind === 'maybe') && isByRule(other.witness.trace.decidedBy),
        );
        return [
          exposed(subject, {
            check: fwExp09,
            family,
            severity: 'high',
            title: `Thousands of ports are accepted from anyone over IPv${family}: ${sayFew(byRule.flatMap(({ proto, ports }) => sayRanges(ports, proto)))}`,
            shown: seen,
            sure: door.sure,
            meaning: [
              `${byRule.reduce((sum, { ports }) => sum + portsIn(ports), 0).toLocaleString('en')} ports are open, whatever listens there now or later.`,
              ...assumptions(door),
            ],
            fix: `Name the ports of the services that are wanted instead. If the rule is there for answers to own connections, let those in by their state and delete it.\n${toolOf(family)} -I INPUT 1 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
          }),
        ];
      }
    }
  }
  return missing === null ? [] : { unknown: missing };
}
