import { ipPacket } from '../../src/kernel/packets.ts';
import { ctStatus, type Packet } from '../../src/model/packet/index.ts';
import { places, within } from './edges.ts';
import { peerMac } from './lab.ts';
import type { Random } from './random.ts';
import { type Flow, flowPacket } from './traffic.ts';

/** A router beyond the firewall cannot deliver the flow's packet: an ICMP error, RELATED to the connection that it quotes. */
export function unreachable(random: Random, flow: Flow): Packet {
  const { family, tuple } = flow;
  const [net] = places[family].beyond;
  if (net === undefined) throw new Error('there is no place beyond');
  return {
    ...flowPacket(flow, true),
    hook: 'forward',
    in: 'lan0',
    out: 'eth0',
    mac: peerMac('lan0'),
    src: within(random, net),
    dst: tuple.src,
    proto: family === 4 ? 1 : 58,
    sport: null,
    dport: null,
    icmpType: family === 4 ? 3 : 1,
    icmpCode: family === 4 ? 1 : 3,
    state: 'RELATED',
    status: ctStatus.SEEN_REPLY | ctStatus.CONFIRMED,
    direction: 'reply',
    original: tuple,
    // Headers, and of the packet quoted the header and 8 bytes (RFC 792); IPv6 quotes more, and may (RFC 4443 §2.4).
    length: family === 4 ? 20 + 8 + 28 : 40 + 8 + 60,
  };
}

/** The error as it arrives, one hop before the firewall takes its own off. */
export function unreachableBytes(error: Packet, flow: Flow, id: number): Uint8Array {
  const bytes = ipPacket({ ...error, ttl: error.ttl + 1 }, id);
  const header = error.family === 4 ? 20 : 40;
  const quoted = ipPacket({ ...flowPacket(flow, false), length: 60 }, id).subarray(0, bytes.length - header - 8);
  bytes.set(quoted, header + 8);
  bytes.set([0, 0, 0, 0, 0, 0], header + 2);
  const pseudo =
    error.family === 4 ? new Uint8Array() : Uint8Array.of(...bytes.subarray(8, 40), 0, 0, 0, bytes.length - header, 0, 0, 0, 58);
  const sum = checksum(Uint8Array.of(...pseudo, ...bytes.subarray(header)));
  bytes.set([sum >> 8, sum & 255], header + 2);
  return bytes;
}

/** RFC 1071, over an even number of bytes. */
function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let index = 0; index < bytes.length; index += 2) sum += ((bytes[index] ?? 0) << 8) | (bytes[index + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
