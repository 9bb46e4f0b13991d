import type { Packet } from '../model/packet/index.ts';
import { frame, ipPacket } from './frame.ts';
import { isRelatedError, quote, shortestError } from './icmp-error.ts';
import { macOf } from './stage.ts';
import type { Shot } from './wire.ts';

/** Bytes of the packet, and from where it is sent so that its way begins at its hook. */
export function shotOf(packet: Packet, links: readonly string[], id: number): Shot {
  const shot = plainShot(packet, links, id);
  if (isRelatedError(packet) && packet.length >= shortestError(packet))
    quote(shot.by === 'output' ? shot.bytes : shot.bytes.subarray(ethernetBytes), packet, id);
  return shot;
}

const ethernetBytes = 14;

function plainShot(packet: Packet, links: readonly string[], id: number): Shot {
  const { family, mark, hook } = packet;
  if (hook === 'output') return { by: 'output', family, mark, bytes: ipPacket(packet, id), ...ownerOf(packet) };
  // The `ttl` of a forwarded packet is that of FORWARD, where the host has taken one off.
  const sent = hook === 'forward' ? { ...packet, ttl: Math.min(packet.ttl + 1, 255) } : packet;
  if (packet.in === 'lo') {
    const shot: Shot = { by: 'lo', family, mark, bytes: frame(sent, { source: 0, destination: 0 }, id) };
    return packet.pktType === 'broadcast' ? { ...shot, impossible: 'loopback knows no broadcast frames' } : shot;
  }
  const index = packet.in === null ? 0 : links.indexOf(packet.in);
  const ethernet = { source: macOf(Math.max(index, 0), true), destination: macOf(Math.max(index, 0), false) };
  return { by: index, family, mark, bytes: frame(sent, ethernet, id) };
}

/** What a packet says that a socket of the kernel's own sends (model/packet, kernelUid). */
const kernelUid = 0xffff_ffff;

function ownerOf({ uid, gid }: Packet): Pick<Shot, 'owner' | 'impossible'> {
  if (uid === undefined && gid === undefined) return {};
  if (uid === null || gid === null || uid === kernelUid) return { impossible: 'only a program’s socket can send it here' };
  return { owner: { uid: uid ?? 0, gid: gid ?? 0 } };
}
