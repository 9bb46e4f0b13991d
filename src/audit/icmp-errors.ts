import { type Family, TCP } from '../model/net/index.ts';
import { ctStatus, type Packet } from '../model/packet/index.ts';
import { icmpOf } from './probes.ts';

/** A connection that is there, by its first packet: what an error can be about. */
export type Connection = Pick<Packet, 'src' | 'dst' | 'sport' | 'dport'>;

/**
 * An ICMP error about a packet of a connection, as conntrack shows it: RELATED, with that connection's tuple
 * (net/netfilter/nf_conntrack_proto_icmp.c, nf_conntrack_inet_error).
 */
export function errorAbout(
  way: Pick<Packet, 'family' | 'hook' | 'in' | 'out'>,
  from: bigint,
  to: bigint,
  type: number,
  code: number,
  { src, dst, sport, dport }: Connection,
): Packet {
  return {
    ...way,
    src: from,
    dst: to,
    proto: icmpOf(way.family),
    sport: null,
    dport: null,
    icmpType: type,
    icmpCode: code,
    flags: 0,
    state: 'RELATED',
    status: ctStatus.SEEN_REPLY | ctStatus.CONFIRMED | ctStatus.ASSURED,
    // It answers to the one who opened the connection.
    direction: to === src ? 'reply' : 'original',
    original: { src, dst, sport, dport },
    mark: 0,
    connmark: 0,
    length: 96,
    ttl: 64,
    fragment: false,
    mac: null,
  };
}

/** A TCP packet of a connection in mid-stream, towards the way's own end. */
export function midStream(way: Pick<Packet, 'family' | 'hook' | 'in' | 'out'>, from: bigint, to: bigint): Packet {
  return {
    ...errorAbout(way, from, to, 0, 0, { src: to, dst: from, sport: 40_000, dport: 443 }),
    proto: TCP,
    sport: 443,
    dport: 40_000,
    icmpType: null,
    icmpCode: null,
    flags: 16,
    state: 'ESTABLISHED',
  };
}

/** Neighbour and router discovery: never tracked (nf_conntrack_proto_icmpv6.c), always with 255 hops left (RFC 4861). */
export function discovery(way: Pick<Packet, 'hook' | 'in' | 'out'>, src: bigint, dst: bigint, type: number): Packet {
  const family: Family = 6;
  return {
    ...errorAbout({ ...way, family }, src, dst, type, 0, { src, dst, sport: null, dport: null }),
    state: 'UNTRACKED',
    status: 0,
    direction: 'original',
    original: null,
    length: 72,
    ttl: 255,
  };
}
