import type { Family } from '../net/index.ts';

/** The way a packet takes through the host. `input` and `forward` begin at PREROUTING, `output` at OUTPUT. */
export type Hook = 'input' | 'forward' | 'output';

/**
 * Connection-tracking states, numbered in the order of the kernel's `enum ip_conntrack_info`
 * folded over direction (include/uapi/linux/netfilter/nf_conntrack_common.h). A packet has exactly one.
 */
export const states = ['INVALID', 'ESTABLISHED', 'RELATED', 'NEW', 'UNTRACKED'] as const;
export type State = (typeof states)[number];

/** TCP flag bits as in the header (RFC 9293 §3.1). */
export const tcpFlags = { FIN: 1, SYN: 2, RST: 4, PSH: 8, ACK: 16, URG: 32 } as const;
export type TcpFlag = keyof typeof tcpFlags;

/** `--ctstatus` bits (nf_conntrack_common.h, enum ip_conntrack_status). SNAT and DNAT are those of `--ctstate`. */
export const ctStatus = { EXPECTED: 1, SEEN_REPLY: 2, ASSURED: 4, CONFIRMED: 8, SNAT: 16, DNAT: 32 } as const;

/** How the link layer addressed a packet, numbered as PACKET_HOST and so on (include/uapi/linux/if_packet.h). */
export const packetTypes = ['unicast', 'broadcast', 'multicast'] as const;
export type PacketType = (typeof packetTypes)[number];

/** `(uid_t)-1`, which no user has: stands for sockets that are the kernel's own (net/netfilter/xt_owner.c: no file). */
export const kernelUid = 0xffff_ffff;

/** The first packet's addresses of a tracked connection, before any translation. */
export interface Tuple {
  readonly src: bigint;
  readonly dst: bigint;
  readonly sport: number | null;
  readonly dport: number | null;
}

/**
 * One concrete packet as it stands at the beginning of its way. A field that the packet's protocol does not have
 * is `null`; a field that was not said and has no default (`mac`) is `null` too and then undecidable.
 */
export interface Packet {
  readonly family: Family;
  readonly hook: Hook;
  /** Arriving interface; `null` on output. */
  readonly in: string | null;
  /** Leaving interface; `null` on input. */
  readonly out: string | null;
  readonly src: bigint;
  readonly dst: bigint;
  /** IP protocol number; for IPv6 that of the upper-layer header. */
  readonly proto: number;
  readonly sport: number | null;
  readonly dport: number | null;
  readonly icmpType: number | null;
  readonly icmpCode: number | null;
  /** Bits of {@link tcpFlags}; 0 when the packet is not TCP. */
  readonly flags: number;
  readonly state: State;
  /** Bits of {@link ctStatus}. */
  readonly status: number;
  readonly direction: 'original' | 'reply';
  /** The connection's original tuple; `null` when it is the packet's own. */
  readonly original: Tuple | null;
  readonly mark: number;
  readonly connmark: number;
  /** Bytes of the whole IP packet, as `-m length` counts. */
  readonly length: number;
  /** TTL or hop limit, as seen at the hook. */
  readonly ttl: number;
  /** A second or later fragment, which has no ports. */
  readonly fragment: boolean;
  /** Source MAC as a 48-bit number. */
  readonly mac: number | null;
  /** TOS byte or traffic class. Like all that follows, it is left out where nobody said it. */
  readonly tos?: number;
  /** What the host sends is unicast to it, whatever the address. */
  readonly pktType?: PacketType;
  /** The user whose socket sends it, or {@link kernelUid}; `null`: no socket, as of all that arrives. */
  readonly uid?: number | null;
  readonly gid?: number | null;
}
