import { type Family, formatAddress, formatProtocol, ICMP, ICMPV6, TCP, UDP } from '../model/net/index.ts';
import { ctStatus, type Hook, type Packet, tcpFlags } from '../model/packet/index.ts';

/** What a probe says of itself; the rest is what a first packet of an ordinary connection has. */
export interface Aim {
  readonly family: Family;
  readonly hook: Hook;
  readonly in?: string | null;
  readonly out?: string | null;
  readonly src: bigint;
  readonly dst: bigint;
  readonly proto: number;
  readonly sport?: number;
  readonly dport?: number;
}

export const clientPort = 40000;

/** The first packet of a connection: NEW, SYN, echo-request, 60 bytes, TTL 64. */
export function opening(aim: Aim): Packet {
  const hasPorts = aim.proto === TCP || aim.proto === UDP;
  const isIcmp = aim.proto === icmpOf(aim.family);
  return {
    family: aim.family,
    hook: aim.hook,
    in: aim.in ?? null,
    out: aim.out ?? null,
    src: aim.src,
    dst: aim.dst,
    proto: aim.proto,
    sport: hasPorts ? (aim.sport ?? clientPort) : null,
    dport: hasPorts ? (aim.dport ?? 0) : null,
    icmpType: isIcmp ? (aim.family === 4 ? 8 : 128) : null,
    icmpCode: isIcmp ? 0 : null,
    flags: aim.proto === TCP ? tcpFlags.SYN : 0,
    state: 'NEW',
    status: 0,
    direction: 'original',
    original: null,
    mark: 0,
    connmark: 0,
    length: 60,
    ttl: 64,
    fragment: false,
    mac: null,
  };
}

/** A packet of the same connection in the same direction, once the other side has answered. */
export function continuing(first: Packet): Packet {
  return {
    ...first,
    flags: first.proto === TCP ? tcpFlags.ACK : 0,
    state: 'ESTABLISHED',
    status: ctStatus.SEEN_REPLY | ctStatus.CONFIRMED | (first.proto === TCP ? ctStatus.ASSURED : 0),
  };
}

/** The first answer to an outgoing packet, as it arrives. */
export function replyTo(first: Packet): Packet {
  return {
    ...first,
    hook: 'input',
    in: first.out,
    out: null,
    src: first.dst,
    dst: first.src,
    sport: first.dport,
    dport: first.sport,
    icmpType: first.icmpType === null ? null : first.family === 4 ? 0 : 129,
    flags: first.proto === TCP ? tcpFlags.SYN | tcpFlags.ACK : 0,
    state: 'ESTABLISHED',
    status: ctStatus.SEEN_REPLY | ctStatus.CONFIRMED,
    direction: 'reply',
    original: { src: first.src, dst: first.dst, sport: first.sport, dport: first.dport },
  };
}

export function icmpOf(family: Family): number {
  return family === 4 ? ICMP : ICMPV6;
}

/** `a new TCP connection from 203.0.113.9 to 198.51.100.10 port 3306 on eth0`. */
export function sayPacket(packet: Packet): string {
  const text = (value: bigint): string => formatAddress({ family: packet.family, value });
  const reply = packet.direction === 'reply';
  const protocol = sayProtocol(packet.proto);
  const what =
    packet.proto === TCP && packet.state === 'NEW'
      ? 'a new TCP connection'
      : packet.icmpType === 8 || packet.icmpType === 128
        ? 'a ping'
        : reply
          ? packet.proto === icmpOf(packet.family)
            ? 'the answer to a ping'
            : `the ${protocol} answer`
          : packet.proto === TCP || packet.state === 'ESTABLISHED'
            ? `a ${protocol} packet of a running connection`
            : `a packet of ${protocol}`;
  const port = (number: number | null): string => (number === null ? '' : ` port ${number}`);
  const ends = reply
    ? `from ${text(packet.src)}${port(packet.sport)} to ${text(packet.dst)}`
    : `from ${text(packet.src)} to ${text(packet.dst)}${port(packet.dport)}`;
  if (packet.hook === 'forward') return `${what} ${ends}, in by ${packet.in} and out by ${packet.out},`;
  return `${what} ${ends} on ${packet.hook === 'output' ? packet.out : packet.in}`;
}

export function sayProtocol(proto: number): string {
  const name = formatProtocol(proto);
  if (proto === ICMPV6) return 'ICMPv6';
  return /^\d+$/.test(name) ? `IP protocol ${name}` : name.toUpperCase();
}
