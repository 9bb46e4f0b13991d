import { type Family, networks, type Ranges } from '../model/net/index.ts';
import { tcpFlags } from '../model/packet/index.ts';

/** What a policy is read beside: what of the host it must leave alone. */
export interface Situation {
  /** Links of others who forward (Docker, Kubernetes, libvirt), as iptables writes them: what goes over them is theirs. */
  readonly foreignLinks: readonly string[];
  /** Addresses that are no bogons here: connected networks, and who manages the host now. */
  readonly spared: Readonly<Record<Family, Ranges<bigint>>>;
  /** Somebody else sends packets for the host's own addresses on to others (DNAT), besides Docker. */
  readonly sendsOn: boolean;
}

/**
 * Messages that are let in and out whatever the rules say. IPv4: unreachable (with "fragmentation needed"), time exceeded, parameter
 * problem, ping (RFC 1191, RFC 1812). IPv6: the same, neighbour and router discovery, multicast listeners (RFC 4890 §4.4).
 */
export const icmpTypes: Readonly<Record<Family, readonly number[]>> = {
  4: [3, 8, 11, 12],
  6: [1, 2, 3, 4, 128, 130, 131, 132, 133, 134, 135, 136, 141, 142, 143, 148, 149, 151, 152, 153],
};

/** DHCPv6 clients speak from and to link-local addresses (RFC 8415 §13). */
export const dhcpv6: Ranges<bigint> = networks('fe80::/10');

const { FIN, SYN, RST, ACK, URG } = tcpFlags;

/**
 * Masks and values of flags that no TCP sends and scans do: those that connection tracking calls invalid
 * (nf_conntrack_proto_tcp.c, tcp_valid_flags), which leaves PSH out of account.
 */
export const oddCombinations: readonly { readonly mask: number; readonly value: number }[] = [
  { mask: FIN | SYN | RST | ACK, value: 0 },
  { mask: SYN | FIN, value: SYN | FIN },
  { mask: SYN | RST, value: SYN | RST },
  { mask: FIN | RST, value: FIN | RST },
  { mask: ACK | FIN, value: FIN },
  { mask: SYN | ACK | URG, value: URG },
];

export function isOddCombination(flags: number): boolean {
  return oddCombinations.some(({ mask, value }) => (flags & mask) === value);
}
