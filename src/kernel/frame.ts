import type { Packet, PacketType } from '../model/packet/index.ts';

/** Both ends of the link that a frame crosses, as 48-bit numbers. */
export interface Ethernet {
  /** Overruled by the packet's own `mac`, when it says one. */
  readonly source: number | bigint;
  /** Overruled by the packet's own `pktType`, when that is broadcast or multicast. */
  readonly destination: number | bigint;
}

const ETHERNET = 14;
const ICMP = 1;
const TCP = 6;
const UDP = 17;
const DCCP = 33;
const GRE = 47;
const AH = 51;
const ICMPV6 = 58;
const SCTP = 132;
const MOBILITY = 135;
const UDPLITE = 136;
const FRAGMENT_HEADER = 44;

/**
 * The packet as bytes on an Ethernet link. `length` and `ttl` are honoured exactly: a longer packet is padded, a
 * shorter one is cut in the middle of its transport header, as the kernel would meet it. Checksums are right.
 *
 * `id` (32 bits) is written where the kernel leaves it alone, so that {@link identify} finds it again: its low bits in
 * the IPv4 identification or the IPv6 flow label, the whole of it in the transport (TCP sequence number, SCTP initiate
 * tag, first payload bytes of everything else).
 *
 * What a single packet cannot carry is not in it: connection state, marks and interfaces.
 *
 * @throws RangeError if `length` has no room for the IP header (20 and 40 bytes, 48 for an IPv6 fragment).
 */
export function frame(packet: Packet, ethernet: Ethernet, id: number): Uint8Array {
  const bytes = new Uint8Array(ETHERNET + packet.length);
  const view = new DataView(bytes.buffer);
  putMac(view, 0, groupMacs[packet.pktType ?? 'unicast'] ?? ethernet.destination);
  putMac(view, 6, packet.mac ?? ethernet.source);
  view.setUint16(12, packet.family === 4 ? 0x0800 : 0x86dd);
  putIp(packet, id >>> 0, bytes.subarray(ETHERNET));
  return bytes;
}

const groupMacs: Readonly<Partial<Record<PacketType, number>>> = { broadcast: 0xffff_ffff_ffff, multicast: 0x0100_5e00_0001 };

/** The packet's IP bytes without a link header, for a raw output socket. See {@link frame}. */
export function ipPacket(packet: Packet, id: number): Uint8Array {
  const bytes = new Uint8Array(packet.length);
  putIp(packet, id >>> 0, bytes);
  return bytes;
}

/**
 * The id that {@link frame} wrote, from the packet's IP bytes: all 32 bits where the transport still carries them,
 * else the low 16 (IPv4) or 20 (IPv6) that the IP header holds. `undefined` if this is no IP packet.
 */
export function identify(ip: Uint8Array): number | undefined {
  const view = new DataView(ip.buffer, ip.byteOffset, ip.byteLength);
  const version = ip.length === 0 ? 0 : view.getUint8(0) >>> 4;
  if (version === 4 && ip.length >= 20) {
    const later = (view.getUint16(6) & 0x1fff) !== 0;
    const at = (view.getUint8(0) & 15) * 4 + idOffset(view.getUint8(9), later);
    return at + 4 <= ip.length ? view.getUint32(at) : view.getUint16(4);
  }
  if (version === 6 && ip.length >= 40) {
    const fragmented = view.getUint8(6) === FRAGMENT_HEADER && ip.length >= 48;
    const proto = view.getUint8(fragmented ? 40 : 6);
    const later = fragmented && view.getUint16(42) >>> 3 !== 0;
    const at = (fragmented ? 48 : 40) + idOffset(proto, later);
    return at + 4 <= ip.length ? view.getUint32(at) : view.getUint32(0) & 0xfffff;
  }
  return undefined;
}

/** Where in the transport's bytes the id stands. */
function idOffset(proto: number, laterFragment: boolean): number {
  if (laterFragment) return 0;
  switch (proto) {
    case TCP:
    case GRE:
    case AH:
      return 4;
    // Not the echo identifier: NAT rewrites it. The payload stays.
    case ICMP:
    case ICMPV6:
    case UDP:
    case UDPLITE:
    case MOBILITY:
      return 8;
    case SCTP:
    case DCCP:
      return 16;
    default:
      return 0;
  }
}

function putIp(packet: Packet, id: number, ip: Uint8Array): void {
  const header = packet.family === 4 ? 20 : packet.fragment ? 48 : 40;
  if (packet.length < header || packet.length > 65535) {
    throw new RangeError(`no IPv${packet.family} packet is ${packet.length} bytes long`);
  }
  const view = new DataView(ip.buffer, ip.byteOffset, ip.byteLength);
  let pseudo: number;
  if (packet.family === 4) {
    ip[0] = 0x45;
    ip[1] = packet.tos ?? 0;
    view.setUint16(2, packet.length);
    view.setUint16(4, id & 0xffff);
    // A later fragment: offset 185 units of 8 bytes, the last one. A whole packet carries no DF, so that any MTU may pass it.
    view.setUint16(6, packet.fragment ? 185 : 0);
    ip[8] = packet.ttl;
    ip[9] = packet.proto;
    view.setUint32(12, Number(packet.src));
    view.setUint32(16, Number(packet.dst));
    view.setUint16(10, checksum(sum(ip, 0, 20, 0)));
    pseudo = sum(ip, 12, 20, 0);
  } else {
    view.setUint32(0, 0x60000000 | ((packet.tos ?? 0) << 20) | (id & 0xfffff));
    view.setUint16(4, packet.length - 40);
    ip[6] = packet.fragment ? FRAGMENT_HEADER : packet.proto;
    ip[7] = packet.ttl;
    putV6(view, 8, packet.src);
    putV6(view, 24, packet.dst);
    if (packet.fragment) {
      ip[40] = packet.proto;
      view.setUint16(42, 185 << 3);
      view.setUint32(44, id);
    }
    pseudo = sum(ip, 8, 40, 0);
  }
  const transport = buildTransport(packet, id, packet.length - header, pseudo);
  ip.set(transport.subarray(0, packet.length - header), header);
}

/** The transport's bytes, at least `length` of them; longer only where the header alone is. */
function buildTransport(packet: Packet, id: number, length: number, pseudo: number): Uint8Array {
  const { proto } = packet;
  const bytes = new Uint8Array(Math.max(length, 40));
  const view = new DataView(bytes.buffer);
  const at = idOffset(proto, packet.fragment);
  // Not zeros: a checksum that is computed over the wrong length should not pass by luck.
  for (let index = at + 4; index < bytes.length; index += 1) bytes[index] = index & 0xff;
  view.setUint32(at, id);
  if (packet.fragment) return bytes;
  const ports = (): void => {
    view.setUint16(0, packet.sport ?? 0);
    view.setUint16(2, packet.dport ?? 0);
  };
  const summed = (proto === ICMP ? 0 : pseudo + proto + length) >>> 0;
  const finish = (where: number): number => {
    view.setUint16(where, 0);
    return checksum(sum(bytes, 0, length, summed));
  };
  switch (proto) {
    case TCP:
      ports();
      view.setUint32(8, (packet.flags & 16) !== 0 ? 1 : 0);
      bytes[12] = 5 << 4;
      bytes[13] = packet.flags;
      view.setUint16(14, 64240);
      view.setUint16(18, (packet.flags & 32) !== 0 ? 1 : 0);
      view.setUint16(16, finish(16));
      break;
    case UDP:
    case UDPLITE:
      ports();
      // UDP's length; UDP-Lite's coverage, where 0 is the whole packet (RFC 3828 §3.1).
      view.setUint16(4, proto === UDP ? length : 0);
      // RFC 768: a computed zero is sent as all ones, since zero says "none".
      view.setUint16(6, finish(6) || 0xffff);
      break;
    case ICMP:
    case ICMPV6:
      bytes[0] = packet.icmpType ?? 0;
      bytes[1] = packet.icmpCode ?? 0;
      view.setUint32(4, id);
      view.setUint16(2, finish(2));
      break;
    case DCCP:
      // A Request: data offset 5 words, type 0 with 48-bit sequence numbers (RFC 4340 §5.1). The id is the service code.
      ports();
      view.setUint32(4, 5 << 24);
      view.setUint32(8, 1 << 24);
      view.setUint32(12, id);
      view.setUint16(6, finish(6));
      break;
    case SCTP:
      putSctp(view, bytes, id, length);
      ports();
      view.setUint32(8, crc32c(bytes, length), true);
      break;
    case GRE:
      view.setUint32(0, 0x0800);
      break;
    case AH:
      // No next header, 24 bytes long: a reader of IPv6 headers must find an end behind it.
      view.setUint32(0, (59 << 24) | (4 << 16));
      break;
    case MOBILITY:
      // A Binding Refresh Request, and no next header: the kernel's own match drops what says another (ip6t_mh.c).
      bytes.set([59, Math.max(0, (length >>> 3) - 1), 0, 0, 0, 0, 0, 0]);
      view.setUint16(4, finish(4));
      break;
    default:
      break;
  }
  return bytes;
}

/** One INIT chunk (RFC 9260 §3.3.2), which connection tracking takes for a new association; padding is a parameter of its own (RFC 4820). */
function putSctp(view: DataView, bytes: Uint8Array, id: number, length: number): void {
  bytes.fill(0, 4, 12);
  bytes[12] = 1;
  bytes[13] = 0;
  view.setUint16(14, Math.max(length - 12, 20));
  view.setUint32(20, 65536);
  view.setUint16(24, 1);
  view.setUint16(26, 1);
  view.setUint32(28, id);
  if (length >= 36) {
    view.setUint16(32, 0x8005);
    view.setUint16(34, length - 32);
  }
}

function putMac(view: DataView, at: number, mac: number | bigint): void {
  const value = Number(mac);
  view.setUint16(at, Math.floor(value / 0x100000000));
  view.setUint32(at + 2, value % 0x100000000);
}

function putV6(view: DataView, at: number, address: bigint): void {
  view.setBigUint64(at, address >> 64n);
  view.setBigUint64(at + 8, address & 0xffffffffffffffffn);
}

/** Ones'-complement partial sum of big-endian 16-bit words (RFC 1071); an odd last byte counts as the high half. */
function sum(bytes: Uint8Array, from: number, to: number, start: number): number {
  let total = start;
  for (let index = from; index < to; index += 1) total += (bytes[index] as number) << (((index - from) & 1) === 0 ? 8 : 0);
  return total;
}

function checksum(total: number): number {
  let folded = total;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x10000);
  return ~folded & 0xffff;
}

let crcTable: Uint32Array | undefined;

/** CRC-32C, reflected polynomial 0x82f63b78 (RFC 9260 appendix A). */
function crc32c(bytes: Uint8Array, length: number): number {
  crcTable ??= Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
    return crc;
  });
  let crc = 0xffffffff;
  for (let index = 0; index < length; index += 1) {
    crc = (crc >>> 8) ^ (crcTable[(crc ^ (bytes[index] as number)) & 0xff] as number);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
