import { TCP } from '../../model/net/index.ts';
import { type Effect, tcpFlags } from '../../model/packet/index.ts';
import { asRanges, type Passage } from './passage.ts';
import type { Surroundings } from './surroundings.ts';

/**
 * Whether it is certain that no socket takes what TPROXY hands over: a SYN of a new connection goes to a listening one only,
 * and none listens there. Other packets may belong to a socket that has its peer already, which no fact tells
 * (net/netfilter/nf_tproxy_ipv4.c, nf_tproxy_get_sock_v4).
 */
export function cannotTake(effect: Extract<Effect, { kind: 'deliver' }>, passage: Passage, { listeners }: Surroundings): boolean {
  const { packet, dport } = passage;
  const opens = packet.proto === TCP && (packet.flags & (tcpFlags.SYN | tcpFlags.ACK | tcpFlags.RST)) === tcpFlags.SYN;
  if (listeners === null || !opens || packet.state !== 'NEW' || dport === null) return false;
  const ports = asRanges(effect.port === 0 ? dport : effect.port);
  return !listeners.some(
    ({ proto, port, families }) =>
      proto === 'tcp' && families.includes(packet.family) && ports.some(([lo, hi]) => lo <= port && port <= hi),
  );
}
