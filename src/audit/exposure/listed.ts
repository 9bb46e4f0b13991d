import { type Family, formatAddress, TCP } from '../../model/net/index.ts';
import { toolOf } from '../blame.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { command } from '../command.ts';
import type { Severity } from '../finding.ts';
import { sshPorts } from '../surroundings.ts';
import type { Unread } from '../unread.ts';
import type { Door } from './doors.ts';
import {
  assumptions,
  exposed,
  isMeant,
  listenersAt,
  type OpenPort,
  openPort,
  type Shown,
  sayFew,
  sayPort,
  sayProcess,
  shown,
  sightFor,
  unreadDoor,
} from './exposed.ts';
import { atDoors, type Said } from './families.ts';
import type { NamedPort } from './ports.ts';

/** What a check says of ports that should not be open to the world. */
export interface Listed {
  readonly check: Check;
  ports(family: Family): readonly NamedPort[];
  readonly severity: Severity;
  /** Where a limit stands before every one of them. */
  readonly limited: Severity;
  /** `Databases and administration interfaces`. */
  readonly what: string;
  readonly meaning: string;
  readonly advice: string;
  /** Acceptance alone is no fault, somebody must answer: without knowledge of listeners it is possible. */
  readonly needsListener: boolean;
}

interface Found extends OpenPort {
  readonly name: string;
  readonly process: string | null;
}

/**
 * Whether anyone reaches ports of a list. With knowledge of listeners those count at which somebody waits; without it those
 * that some rule means, not ones that an accept of thousands of ports includes: that is told by others.
 */
export function listedPorts(subject: Subject, listed: Listed): Answer {
  return atDoors(subject, listed.check.id, (family, doors) => familyAnswer(subject, family, doors, listed));
}

function familyAnswer(subject: Subject, family: Family, doors: readonly Door[], listed: Listed): Said {
  const found = listed.ports(family).flatMap(({ proto, port, name }): readonly Found[] => {
    const open = openPort(family, doors, proto === TCP ? 'tcp' : 'udp', port);
    if (open === null) return [];
    const heard = listenersAt(subject, family, open);
    if (heard === null ? !isMeant(open) : heard.length === 0) return [];
    return [{ ...open, name, process: sayProcess(heard) }];
  });
  let missing: Unread | null = null;
  for (const one of [...found].sort((a, b) => rank(a) - rank(b))) {
    const name = sayPort(one.proto, one.port, one.name);
    const unread = unreadDoor(one.door, `${name} is accepted from anyone`);
    const seen: Shown =
      unread === null ? shown(subject, sightFor(one).packet(one.mode, [[one.port, one.port]])) : { kind: 'unknown', ...unread };
    if (seen.kind === 'unknown') missing ??= seen;
    if (seen.kind !== 'yes' && seen.kind !== 'maybe') continue;
    const unlimited = found.some((other) => other.unlimited);
    const names = found.map((other) => sayPort(other.proto, other.port, other.process ?? other.name));
    const known = subject.host.listeners.known;
    return [
      exposed(subject, {
        check: listed.check,
        family,
        severity: unlimited ? listed.severity : listed.limited,
        title: `${listed.what} can be reached by anyone over IPv${family}: ${sayFew(names)}`,
        shown: seen,
        sure: one.door.sure && (known || !listed.needsListener),
        meaning: [
          listed.meaning,
          unlimited ? '' : 'A limit slows down who tries, and keeps nobody out.',
          known ? '' : 'Whether something listens there is not known.',
          ...assumptions(one.door),
        ],
        fix: `${listed.advice}${rules(subject, family, one.door, found)}`,
      }),
    ];
  }
  return missing === null ? [] : { unknown: missing };
}

function rank({ mode, door, unlimited }: Found): number {
  return (door.unread !== null ? 8 : 0) + (mode === 'certain' ? 0 : 4) + (door.sure ? 0 : 2) + (unlimited ? 0 : 1);
}

/** As many ports as one rule takes (xt_multiport.h, XT_MULTI_PORTS). */
const mostPorts = 15;

/**
 * Rules that shut the ports to new connections, where that locks nobody out: SSH only where it is known from where it is managed,
 * and those addresses are let in before.
 */
function rules({ host }: Subject, family: Family, door: Door, found: readonly Found[]): string {
  const tool = toolOf(family);
  const ssh = new Set(sshPorts(host, family));
  const link = host.links.known && host.links.value.some(({ name }) => name === door.link) ? command`-i ${door.link}` : '! -i lo';
  const peers = host.sessions.known
    ? [...new Set(host.sessions.value.filter(({ peer }) => peer.family === family).map(({ peer }) => peer.value))]
    : [];
  const shut = (proto: 'tcp' | 'udp', ports: readonly number[]): readonly string[] => {
    const lines: string[] = [];
    for (let at = 0; at < ports.length; at += mostPorts) {
      const some = ports.slice(at, at + mostPorts);
      lines.push(
        `${tool} -I INPUT 1 ${link} -p ${proto} -m multiport --dports ${some.join()} -m conntrack --ctstate NEW -j DROP`,
      );
    }
    return lines;
  };
  const portsOf = (proto: 'tcp' | 'udp', managed: boolean): readonly number[] =>
    found.filter((one) => one.proto === proto && (proto === 'tcp' && ssh.has(one.port)) === managed).map(({ port }) => port);
  const lines = [...shut('tcp', portsOf('tcp', false)), ...shut('udp', portsOf('udp', false))];
  const managed = portsOf('tcp', true);
  if (managed.length > 0 && peers.length > 0 && peers.length <= mostPorts) {
    lines.push(
      ...shut('tcp', managed),
      ...peers.map(
        (value) => `${tool} -I INPUT 1 -s ${sayPeer(family, value)} -p tcp -m multiport --dports ${managed.join()} -j ACCEPT`,
      ),
    );
  }
  if (lines.length === 0) return '';
  const sessions = managed.length > 0 && peers.length > 0 ? ' SSH stays open for those who are connected now.' : '';
  return ` These rules shut it to all new connections that come by ${door.link}; accept before them whom you know.${sessions}\n${lines.join('\n')}`;
}

function sayPeer(family: Family, value: bigint): string {
  return formatAddress({ family, value });
}
