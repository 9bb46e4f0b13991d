import { ipPacket } from '../../src/kernel/packets.ts';
import { ctStatus, type Packet } from '../../src/model/packet/index.ts';
import { places, within } from './edges.ts';
import { peerMac } from './lab.ts';
import type { Random } from './random.ts';
import { type Flow, flowPacket } from './traffic.ts';

/** Type and code of what routers and hosts say of packets that did not arrive (RFC 792, RFC 4443). */
const errors = {
  4: [
    [3, 0],
    [3, 1],
    [3, 3],
    [3, 13],
    [11, 0],
    [12, 0],
  ],
  6: [
    [1, 0],
    [1, 3],
    [1, 4],
    [3, 0],
    [4, 1],
  ],
} as const;

/**
 * The flow's packet was not delivered: an ICMP error, RELATED to the connection that it quotes. Of a forwarded flow it is
 * the client's packet, and the error comes from beyond; else it is the firewall's own answer, and the error goes the
 * connection's way.
 */
export function unreachable(random: Random, flow: Flow): Packet {
  const { family, tuple, way } = flow;
  const forwarded = way === 'forward';
  const net = (forwarded ? places[family].beyond : places[family].from)[0];
  if (net === undefined) throw new Error('there is no place beyond');
  const [icmpType, icmpCode] = random.pick<readonly [number, number]>(errors[family]);
  const link = forwarded ? 'lan0' : 'eth0';
  return {
    ...flowPacket(flow, forwarded),
    hook: way,
    in: link,
    out: forwarded ? 'eth0' : null,
    mac: peerMac(link),
    src: within(random, net),
    dst: forwarded ? tuple.src : tuple.dst,
    proto: family === 4 ? 1 : 58,
    sport: null,
    dport: null,
    icmpType,
    icmpCode,
    state: 'RELATED',
    status: ctStatus.SEEN_REPLY | ctStatus.CONFIRMED,
    direction: forwarded ? 'reply' : 'original',
    original: tuple,
    connmark: flow.connmark,
    // Headers, and of the packet quoted the header and 8 bytes (RFC 792); IPv6 quotes more, and may (RFC 4443 §2.4).
    length: family === 4 ? 20 + 8 + 28 : 40 + 8 + 60,
  };
}

/** The error as it arrives; where it is forwarded, one hop before the firewall takes its own off. */
export function unreachableBytes(error: Packet, flow: Flow, id: number): Uint8Array {
  const bytes = ipPacket({ ...error, ttl: error.ttl + (error.hook === 'forward' ? 1 : 0) }, id);
  const header = error.family === 4 ? 20 : 40;
  const quoted = ipPacket({ ...flowPacket(flow, flow.way === 'input'), length: 60 }, id).subarray(0, bytes.length - header - 8);
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
