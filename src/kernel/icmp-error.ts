import type { Packet, Tuple } from '../model/packet/index.ts';
import { ipPacket } from './frame.ts';
import { turned } from './turned.ts';

/**
 * ICMP errors, which are RELATED to the connection of the packet that they quote (net/netfilter/nf_conntrack_proto_icmp.c,
 * icmpv6.c). Types by protocol: unreachable, source quench, time exceeded, parameter problem; of IPv6 also too big.
 */
const types: Readonly<Record<number, ReadonlySet<number>>> = { 1: new Set([3, 4, 11, 12]), 58: new Set([1, 2, 3, 4]) };

const TCP = 6;

/** True if a connection can be opened for it: `state` RELATED, and an error. Redirects are left out: they would be obeyed. */
export const isRelatedError = ({ state, proto, icmpType, fragment }: Packet): boolean =>
  state === 'RELATED' && !fragment && icmpType !== null && types[proto]?.has(icmpType) === true;

/** True if these IP bytes are an error; what they carry behind their header is another packet's. */
export function isErrorOnWire(ip: Uint8Array): boolean {
  const [at, proto] = (ip[0] ?? 0) >>> 4 === 4 ? [((ip[0] ?? 0) & 15) * 4, ip[9]] : [40, ip[6]];
  return types[proto ?? 0]?.has(ip[at] ?? -1) === true;
}

/** Bytes of the whole error below which nothing can be told from it: both headers, and of what is quoted its header and 8 bytes. */
export const shortestError = ({ family }: Packet): number => (family === 4 ? 20 + 8 + 20 + 8 : 40 + 8 + 40 + 8);

/**
 * The first packet of the connection that an error is about, on the error's own way or, if the error goes the way of the answers, on
 * the way back: `direction` says it, and `original` its ends. Left out, these are the error's own. What has ports is taken for TCP.
 */
export function aboutOf(error: Packet): Packet {
  const way = error.direction === 'original' ? error : turned(error);
  const { src, dst, sport, dport } = error.original ?? ownEnds(way);
  const ports = sport !== null && dport !== null;
  const ends = ports
    ? { proto: TCP, sport, dport, icmpType: null, icmpCode: null }
    : { ...echo(error), sport: null, dport: null };
  return { ...way, ...ends, src, dst, fragment: false, flags: 0, length: error.family === 4 ? 60 : 80, ttl: 64, mark: 0 };
}

/** With ports that other packets seldom have, and two of them: the way back is another connection. */
const ownEnds = ({ src, dst }: Packet): Tuple => ({ src, dst, sport: 1, dport: 7 });

const echo = ({ family }: Packet): Pick<Packet, 'proto' | 'icmpType' | 'icmpCode'> =>
  family === 4 ? { proto: 1, icmpType: 8, icmpCode: 0 } : { proto: 58, icmpType: 128, icmpCode: 0 };

/** Puts the packet that was not delivered, with this id, into the bytes of the error, which goes against its direction. */
export function quote(ip: Uint8Array, error: Packet, id: number): void {
  const header = error.family === 4 ? 20 : 40;
  const about = aboutOf(error);
  const lost = error.direction === 'original' ? turned(about) : about;
  const bytes = ipPacket({ ...lost, length: Math.max(60, ip.length - header - 8) }, id);
  ip.set(bytes.subarray(0, ip.length - header - 8), header + 8);
  ip.fill(0, header + 2, header + 8);
  const view = new DataView(ip.buffer, ip.byteOffset, ip.byteLength);
  // The next link's MTU, where the error says one (RFC 1191, RFC 4443 §3.2): the least that all have.
  if (error.family === 4 ? error.icmpType === 3 && error.icmpCode === 4 : error.icmpType === 2) view.setUint16(header + 6, 1280);
  const pseudo =
    error.family === 4 ? [] : [...ip.subarray(8, 40), 0, 0, (ip.length - header) >> 8, (ip.length - header) & 255, 0, 0, 0, 58];
  view.setUint16(header + 2, checksum([...pseudo, ...ip.subarray(header)]));
}

/** RFC 1071. */
function checksum(bytes: readonly number[]): number {
  let sum = 0;
  for (const [index, byte] of bytes.entries()) sum += byte << ((index & 1) === 0 ? 8 : 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
