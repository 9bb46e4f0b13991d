import type { Packet, State } from '../model/packet/index.ts';

const [ICMP, TCP, ICMPV6] = [1, 6, 58];
const [SYN, PSH, ACK, URG] = [2, 8, 16, 32];

/**
 * What connection tracking makes of a packet that belongs to no connection yet (net/netfilter/nf_conntrack_proto_tcp.c,
 * _icmp.c, _icmpv6.c, with nf_conntrack_tcp_loose as it comes).
 */
export function firstState({ family, proto, icmpType, flags }: Packet): State {
  if (proto === TCP) {
    // PSH does not count. A SYN or an ACK opens a connection, each with or without URG.
    const plain = flags & ~(PSH | URG);
    return plain === SYN || plain === ACK ? 'NEW' : 'INVALID';
  }
  const type = icmpType ?? -1;
  if (family === 4 && proto === ICMP) return [8, 13, 15, 17].includes(type) ? 'NEW' : 'INVALID';
  if (family === 6 && proto === ICMPV6) {
    if ((type >= 130 && type <= 136) || type === 143) return 'UNTRACKED';
    return type === 128 || type === 139 ? 'NEW' : 'INVALID';
  }
  return 'NEW';
}
