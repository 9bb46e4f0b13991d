import { ICMP, ICMPV6, type Ranges } from '../../model/net/index.ts';
import type { AddressField, BitField, NumberField, Packet, State, Tuple } from '../../model/packet/index.ts';
import { ctStatus, states } from '../../model/packet/index.ts';
import type { Station } from './hooks.ts';
import type { Possible } from './possible.ts';
import { beginUnsaid, type Unsaid } from './unsaid.ts';

/** A packet on its way: what rules have changed of it so far, and where it stands. */
export interface Passage {
  readonly packet: Packet;
  /** It came in over loopback, so connection tracking knew it before PREROUTING. */
  readonly loopback: boolean;
  /** The connection's first addresses, before any translation; `null` when the packet does not tell. */
  readonly original: Tuple | null;
  station: Station;
  in: string | null;
  out: string | null;
  ttl: number;
  length: Possible<number>;
  src: Possible<bigint>;
  sport: Possible<number> | null;
  dst: Possible<bigint>;
  dport: Possible<number> | null;
  /** What the packet need not say. */
  readonly unsaid: Unsaid;
  mark: number;
  connmark: number;
  /** As tracking says, or will say, of the packet. */
  state: State;
  /** A rule has exempted it from tracking. */
  exempt: boolean;
  /** A rule has said how to track it (CT): before tracking looks, the rule's template stands for its connection. */
  template: boolean;
  status: number;
  /** How often the packet's bytes were rewritten: answers of opaque matches hold only between two rewrites. */
  rewrites: number;
  /** The rule that left an address or a port open. */
  openedBy: string;
  /** The rule that may have made the packet longer. */
  lengthenedBy: string;
}

export function beginPassage(packet: Packet, loopback: boolean, first: Station): Passage {
  const own: Tuple = { src: packet.src, dst: packet.dst, sport: packet.sport, dport: packet.dport };
  // A reply carries its connection's addresses the other way round.
  const turned: Tuple = { src: packet.dst, dst: packet.src, sport: packet.dport, dport: packet.sport };
  return {
    packet,
    loopback,
    original: packet.original ?? (isRelatedError(packet) ? null : packet.direction === 'reply' ? turned : own),
    station: first,
    in: null,
    out: null,
    // A forwarded packet loses one on its way to FORWARD, where `packet.ttl` is seen.
    ttl: packet.hook === 'forward' ? Math.min(packet.ttl + 1, 255) : packet.ttl,
    length: packet.length,
    src: packet.src,
    sport: packet.sport,
    dst: packet.dst,
    dport: packet.dport,
    unsaid: beginUnsaid(packet),
    mark: packet.mark,
    connmark: packet.connmark,
    state: packet.state,
    exempt: false,
    template: false,
    status: packet.status,
    rewrites: 0,
    openedBy: '',
    lengthenedBy: '',
  };
}

/**
 * Puts the packet before a built-in chain. An interface is seen where the kernel's hook state names it: the arriving
 * one also in POSTROUTING since Linux 5.7 (ip_output passes skb->dev). A forwarded packet's TTL falls by one between
 * PREROUTING and FORWARD (ip_forward).
 */
export function enterStation(passage: Passage, station: Station): void {
  const { packet } = passage;
  if (station.chain === 'FORWARD' && passage.station.chain === 'PREROUTING') passage.ttl = hopsLeft(passage);
  passage.station = station;
  passage.in = packet.hook === 'output' ? null : packet.in;
  passage.out = station.chain === 'PREROUTING' || station.chain === 'INPUT' ? null : packet.out;
}

/** No packet comes to FORWARD with 255; that it is said to is believed, as long as no rule has written another. */
function hopsLeft({ packet, ttl, rewrites }: Passage): number {
  return ttl === 255 && packet.ttl === 255 && rewrites === 0 ? 255 : Math.max(0, ttl - 1);
}

/**
 * The state as a match sees it here. Before connection tracking there is no connection yet, which matches read as
 * INVALID, unless the packet was tracked on its way out over loopback or has been exempted by now.
 */
export function stateSeen(passage: Passage): State {
  if (passage.exempt) return 'UNTRACKED';
  if (hasTemplate(passage)) return 'NEW';
  return passage.station.tracked || passage.loopback ? passage.state : 'INVALID';
}

/** A template is a new, confirmed connection of protocol 0 between addresses of zeros (nf_conntrack_core.c, nf_ct_tmpl_alloc). */
export function hasTemplate({ template, station }: Passage): boolean {
  return template && !station.tracked;
}

/** Whether tracking knows the packet or has been told of it, so that what raw says of it comes too late (xt_CT.c, xt_ct_target). */
export function isSpokenFor({ station, loopback, state, exempt, template }: Passage): boolean {
  return station.tracked || (loopback && state !== 'INVALID') || exempt || template;
}

/** True where the packet belongs to a connection; marks and states of connections exist only then. */
export function hasConnection(passage: Passage): boolean {
  const state = stateSeen(passage);
  return state !== 'INVALID' && state !== 'UNTRACKED';
}

/** An ICMP error belongs to a connection with other addresses, ports and protocol than its own. */
function isRelatedError({ family, proto, state }: Packet): boolean {
  return state === 'RELATED' && proto === (family === 4 ? ICMP : ICMPV6);
}

/** `undefined` when nobody said it. */
export function addressOf(passage: Passage, field: AddressField): Possible<bigint> | undefined {
  switch (field) {
    case 'src':
      return passage.src;
    case 'dst':
      return passage.dst;
    case 'origSrc':
      return hasTemplate(passage) ? 0n : passage.original?.src;
    case 'origDst':
      return hasTemplate(passage) ? 0n : passage.original?.dst;
  }
}

/** `null` when the packet does not have the field; `undefined` when it has it but nobody said its value. */
export function numberOf(passage: Passage, field: NumberField): Possible<number> | null | undefined {
  const { packet } = passage;
  switch (field) {
    case 'proto':
      return packet.proto;
    case 'origProto':
      if (hasTemplate(passage)) return 0;
      return isRelatedError(packet) ? undefined : packet.proto;
    case 'sport':
      return passage.sport;
    case 'dport':
      return passage.dport;
    case 'icmpType':
      return packet.icmpType;
    case 'icmpCode':
      return packet.icmpCode;
    case 'state':
      return states.indexOf(stateSeen(passage));
    case 'length':
      return passage.length;
    case 'ttl':
      return passage.ttl;
    case 'fragment':
      return packet.fragment ? 1 : 0;
    case 'mac':
    case 'tos':
    case 'pktType':
    case 'uid':
    case 'gid':
    case 'weekday':
    case 'monthday':
    case 'second':
    case 'date':
      return passage.unsaid[field];
    case 'origSport':
      if (hasTemplate(passage)) return 0;
      return passage.original === null ? undefined : passage.original.sport;
    case 'origDport':
      if (hasTemplate(passage)) return 0;
      return passage.original === null ? undefined : passage.original.dport;
    case 'direction':
      return packet.direction === 'original' || hasTemplate(passage) ? 0 : 1;
  }
}

export function bitsOf(passage: Passage, field: BitField): number {
  switch (field) {
    case 'flags':
      return passage.packet.flags;
    case 'mark':
      return passage.mark;
    case 'connmark':
      if (hasTemplate(passage)) return 0;
      return hasConnection(passage) ? passage.connmark : 0;
    case 'status':
      if (hasTemplate(passage)) return ctStatus.CONFIRMED;
      return hasConnection(passage) ? passage.status : 0;
  }
}

/**
 * Whether the packet walks through nat tables: only a connection's first packet does, nat remembers the rest
 * (net/netfilter/nf_nat_core.c, nf_nat_inet_fn). A related ICMP error is translated without rules, and a loopback
 * packet has had both its translations on the way out. (Connections exist only where a match or a translation asks for
 * them; without any, no packet meets nat, and nothing is in nat that could matter.)
 */
export function meetsNat(passage: Passage): boolean {
  const { packet, state } = passage;
  if (passage.loopback || passage.exempt) return false;
  return state === 'NEW' || (state === 'RELATED' && !isRelatedError(packet));
}

/** Notes that nat gave the connection another source or destination. */
export function translate(
  passage: Passage,
  end: 'src' | 'dst',
  to: { readonly address: Possible<bigint>; readonly port: Possible<number> | null; readonly id: boolean },
  by: string,
): void {
  const [address, port] = end === 'src' ? [passage.src, passage.sport] : [passage.dst, passage.dport];
  // A connection whose addresses stay as they are does not count as translated (nf_nat_core.c, nf_nat_setup_info).
  if (to.address === address && to.port === port && !to.id) return;
  if (end === 'src') {
    passage.src = to.address;
    passage.sport = to.port;
  } else {
    passage.dst = to.address;
    passage.dport = to.port;
  }
  passage.status |= end === 'src' ? ctStatus.SNAT : ctStatus.DNAT;
  passage.rewrites += 1;
  passage.openedBy = by;
}

export function asRanges<T extends number | bigint>(value: Possible<T>): Ranges<T> {
  return typeof value === 'object' ? value : [[value, value]];
}
