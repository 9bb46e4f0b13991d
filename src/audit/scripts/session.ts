import { linkTowards } from '../../analysis/answers/index.ts';
import { type Host, type Known, known, type TrackedConnection } from '../../model/host/index.ts';
import { type Address, type Family, formatAddress, TCP } from '../../model/net/index.ts';
import { type Packet, tcpFlags } from '../../model/packet/index.ts';
import type { Ruleset } from '../../model/ruleset/index.ts';
import { accepted } from '../measure.ts';
import { continuing, opening, replyTo } from '../probes.ts';
import { subjectOf } from '../subject.ts';
import { loopbackOf, ownAddresses, sshPorts } from '../surroundings.ts';
import { vocabularyOf } from '../vocabulary.ts';

/** A connection over which somebody manages the host, which has to outlive the script. */
export interface ManagementSession {
  readonly peer: Address;
  readonly peerPort: number;
  readonly local: Address;
  readonly localPort: number;
  /** The link that leads to the peer. */
  readonly link: string;
  /** What of it no fact tells, and is taken as likely. */
  readonly guessed: readonly ('link' | 'local')[];
  /** Connection tracking knows it when the script begins; `null` when that is not known. */
  readonly tracked: boolean | null;
  /** False for a peer that nobody named and nothing shows: it stands for whoever may log in. */
  readonly actual: boolean;
}

/** What is said of a session that is to be watched; what is left out is found in the host's facts. */
export interface AskedPeer {
  readonly peer: Address;
  readonly peerPort?: number;
  readonly local?: Address;
  readonly localPort?: number;
}

export interface Watched {
  readonly watched: readonly ManagementSession[];
  /** So many more are there. */
  readonly left: number;
}

/** So many sessions are followed; of one peer to one port a single one. */
const mostSessions = 32;
const unsaidPort = 40_000;

/** What connection tracking knows at the beginning; `null` when that was not read. */
export type Tracked = readonly TrackedConnection[] | null;

/** Sessions of the peer that was named, or else all that the host shows. */
export function sessionsOf(host: Host, asked: AskedPeer | null, tracked: Tracked): Known<Watched> {
  if (asked === null) {
    const { sessions } = host;
    if (!sessions.known) return sessions;
    const found = new Map(
      sessions.value.map((one) => [`${formatAddress(one.peer)} ${formatAddress(one.local)} ${one.localPort}`, one]),
    );
    const watched = [...found.values()].slice(0, mostSessions).map((one) => settled(host, one, true, tracked));
    return known({ watched, left: found.size - watched.length });
  }
  const sessions = host.sessions.known ? host.sessions.value : [];
  const same = sessions.filter(({ peer, peerPort, localPort }) => {
    const isPeer = peer.family === asked.peer.family && peer.value === asked.peer.value;
    return isPeer && [peerPort, undefined].includes(asked.peerPort) && [localPort, undefined].includes(asked.localPort);
  });
  const [found] = same;
  return known({ watched: [settled(host, { ...found, ...asked }, true, tracked)], left: 0 });
}

/**
 * Somebody who may log in by the rules given, where nobody is known to be logged in: a stranger, or an address that the rules
 * name. Where they let in nobody, the stranger. `null` where it is known that nobody takes SSH, unless the host stands for others.
 */
export function standIn(host: Host, family: Family, elsewhere: boolean): ManagementSession | null {
  const ruleset = host.rulesets[family];
  if (!ruleset.known || (!elsewhere && !takesSsh(host, family))) return null;
  const subject = subjectOf(host);
  const { sources } = vocabularyOf(host, ruleset.value);
  const candidates = sources.slice(0, 64).map(({ value }) => settled(host, { peer: { family, value } }, false, null));
  return candidates.find((one) => accepted(subject, freshPackets(one)[0]).kind !== 'no') ?? candidates[0] ?? null;
}

function takesSsh(host: Host, family: Family): boolean {
  if (!host.listeners.known) return true;
  const ports = sshPorts(host, family);
  return host.listeners.value.some(
    ({ proto, port, families }) => proto === 'tcp' && ports.includes(port) && families.includes(family),
  );
}

function settled(host: Host, said: AskedPeer, actual: boolean, tracked: Tracked): ManagementSession {
  const { peer, peerPort = unsaidPort } = said;
  const towards = linkTowards(host, peer);
  const ruleset = host.rulesets[peer.family];
  const own = ownAddresses(host, peer.family, towards.link, ruleset.known ? vocabularyOf(host, ruleset.value) : null);
  const [first = 0n] = own.addresses;
  const inner = towards.link === loopbackOf(host) ? peer : null;
  const { local = inner ?? { family: peer.family, value: first }, localPort = sshPorts(host, peer.family)[0] ?? 22 } = said;
  return {
    peer,
    peerPort,
    local,
    localPort,
    link: towards.link,
    guessed: [
      ...(towards.sure ? [] : (['link'] as const)),
      ...(said.local === undefined && inner === null && own.standIn ? (['local'] as const) : []),
    ],
    tracked: isTracked(host, tracked, { peer, peerPort, local, localPort }),
    actual,
  };
}

type Ends = Pick<ManagementSession, 'peer' | 'peerPort' | 'local' | 'localPort'>;

/** Whether tracking knows the session, whichever side it saw first; `null` when that cannot be told. */
function isTracked({ conntrack }: Host, tracked: Tracked, { peer, peerPort, local, localPort }: Ends): boolean | null {
  // Where it knows no connection at all it does not know this one.
  if (conntrack.known && (conntrack.value === null || conntrack.value.count === 0)) return false;
  if (tracked === null || peerPort === unsaidPort) return null;
  const [here, there] = [`${local.value} ${localPort}`, `${peer.value} ${peerPort}`];
  return tracked.some(({ family, proto, original: { src, sport, dst, dport } }) => {
    const [from, to] = [`${src} ${sport}`, `${dst} ${dport}`];
    return family === peer.family && proto === TCP && ((from === there && to === here) || (from === here && to === there));
  });
}

/** Whether what was guessed of the session makes no difference: none of these rulesets asks for it. */
export function isSettled(host: Host, { guessed, peer, link }: ManagementSession, rulesets: readonly Ruleset[]): boolean {
  if (guessed.length === 0) return true;
  return rulesets
    .filter(({ family }) => family === peer.family)
    .every((ruleset) => {
      const { interfaces, destinations, sources } = vocabularyOf(host, ruleset);
      const loopback = loopbackOf(host);
      const namesLinks = interfaces.some(({ name, prefix }) => name !== loopback || prefix || link === loopback);
      // Answers have the own address as their source.
      const namesOwn = destinations.length > 1 || sources.length > 1;
      return !(guessed.includes('link') && namesLinks) && !(guessed.includes('local') && namesOwn);
    });
}

/** A new connection of the peer, and its answer. */
export function freshPackets(session: ManagementSession): readonly [syn: Packet, answer: Packet] {
  const syn = firstPacket(session);
  return [syn, answered(syn, tcpFlags.SYN | tcpFlags.ACK)];
}

/** Packets in the middle of the connection, by what connection tracking makes of them. */
export interface RunningPackets {
  /** It knows the connection. */
  readonly known: readonly [inward: Packet, outward: Packet];
  /** It does not. Whoever speaks first then opens the connection anew (nf_conntrack_tcp_loose). */
  readonly anew: readonly [
    peerFirst: readonly [inward: Packet, outward: Packet],
    hostFirst: readonly [outward: Packet, inward: Packet],
  ];
}

export function runningPackets(session: ManagementSession): RunningPackets {
  const syn = firstPacket(session);
  const inward: Packet = { ...syn, flags: tcpFlags.ACK };
  const outward: Packet = { ...turned(inward), state: 'NEW', direction: 'original', original: null, status: 0 };
  const back = { ...replyTo(outward), flags: tcpFlags.ACK };
  return {
    known: [continuing(syn), { ...answered(syn, tcpFlags.ACK), status: continuing(syn).status }],
    anew: [
      [inward, answered(inward, tcpFlags.ACK)],
      [outward, back],
    ],
  };
}

function firstPacket({ peer, peerPort, local, localPort, link }: ManagementSession): Packet {
  const ends = { src: peer.value, dst: local.value, sport: peerPort, dport: localPort };
  return opening({ family: peer.family, hook: 'input', in: link, proto: TCP, ...ends });
}

function answered(first: Packet, flags: number): Packet {
  return { ...turned(first), flags };
}

/** The host's own packet back, ESTABLISHED. */
function turned(first: Packet): Packet {
  return { ...replyTo({ ...first, out: first.in }), hook: 'output', in: null, out: first.in };
}

/** `198.51.100.7 (port 51234)`, or who may log in. */
export function saySession({ peer, peerPort, actual }: ManagementSession): string {
  if (!actual) return `whoever is logged in by SSH, such as ${formatAddress(peer)}`;
  return peerPort === unsaidPort ? formatAddress(peer) : `${formatAddress(peer)} port ${peerPort}`;
}
