import type { Packet } from '../model/packet/index.ts';
import { firstState } from './first-state.ts';

/** Statements of nft that make packets what they say they are when their way begins, for one chain each. */
export interface Arrivals {
  readonly incoming: readonly string[];
  readonly outgoing: readonly string[];
}

/**
 * What others than iptables would have done to a packet before its rules see it, and no wire carries: a mark on what comes in,
 * and that it is not tracked. Packets are told by their ends, so that all of one connection get the same.
 */
export function arrivalsOf(packets: readonly Packet[]): Arrivals {
  const incoming = new Set<string>();
  const outgoing = new Set<string>();
  for (const packet of packets) {
    const own = packet.hook === 'output' ? outgoing : incoming;
    if (packet.state === 'UNTRACKED' && firstState(packet) !== 'UNTRACKED') own.add(`${ends(packet)} notrack`);
    // What goes out is marked by the socket that sends it.
    if (packet.mark !== 0 && packet.hook !== 'output') own.add(`${ends(packet)} meta mark set ${packet.mark}`);
  }
  return { incoming: [...incoming], outgoing: [...outgoing] };
}

/** By its bytes: nft takes numbers for them. */
function ends({ family, src, dst, proto, sport, dport, icmpType, fragment }: Packet): string {
  const [nfproto, from, to] = family === 4 ? ['ipv4', '96,32', '128,32'] : ['ipv6', '64,128', '192,128'];
  const parts = [
    `meta nfproto ${nfproto} @nh,${from} 0x${src.toString(16)} @nh,${to} 0x${dst.toString(16)} meta l4proto ${proto}`,
  ];
  if (sport !== null && dport !== null && !fragment) parts.push(`th sport ${sport} th dport ${dport}`);
  if (icmpType !== null && !fragment) parts.push(`@th,0,8 ${icmpType}`);
  return parts.join(' ');
}
