import { absent, type Batch, eventKinds } from './batch.ts';

/** What the kernel tells of a packet beside its bytes. */
export interface PacketMeta {
  /** Epoch milliseconds. */
  readonly at: number;
  /** Numbers of the batch's names. */
  readonly prefix: number;
  readonly in: number;
  readonly out: number;
  readonly mark: number;
}

const TCP = 6;
const ICMP = 1;
const ICMPV6 = 58;
const AH = 51;
const FRAGMENT = 44;

/**
 * Reads a packet from its IP header on (RFC 791, RFC 8200), as far as the kernel copied it, into the row at `batch.length`, all columns but those
 * of its text; it does not add to the length. `false` if not even the addresses are there. Fields beyond the copy are absent.
 */
export function parsePacketInto(payload: Uint8Array, meta: PacketMeta, batch: Batch): boolean {
  const { length } = payload;
  const version = length === 0 ? 0 : (payload[0] as number) >>> 4;
  const row = batch.length;
  if (version === 4 && length >= 20) {
    const header = ((payload[0] as number) & 15) * 4;
    // No header is shorter; the kernel drops such packets before any rule.
    if (header < 20) return false;
    batch.family[row] = 4;
    batch.src.fill(0, 4 * row, 4 * row + 3);
    batch.dst.fill(0, 4 * row, 4 * row + 3);
    batch.src[4 * row + 3] = word(payload, 12);
    batch.dst[4 * row + 3] = word(payload, 16);
    batch.size[row] = half(payload, 2);
    batch.ttl[row] = payload[8] as number;
    const isLater = (half(payload, 6) & 0x1fff) !== 0;
    transport(payload, batch, payload[9] as number, isLater ? length : header, ICMP);
  } else if (version === 6 && length >= 40) {
    batch.family[row] = 6;
    for (let index = 0; index < 4; index += 1) {
      batch.src[4 * row + index] = word(payload, 8 + 4 * index);
      batch.dst[4 * row + index] = word(payload, 24 + 4 * index);
    }
    batch.size[row] = half(payload, 4) + 40;
    batch.ttl[row] = payload[7] as number;
    behindExtensions(payload, batch);
  } else return false;
  batch.kind[row] = eventKinds.packet;
  batch.at[row] = meta.at;
  batch.prefix[row] = meta.prefix;
  batch.in[row] = meta.in;
  batch.out[row] = meta.out;
  batch.mark[row] = meta.mark;
  return true;
}

/** Passes over extension headers; each is at least 8 bytes, so the walk ends with the packet. */
function behindExtensions(payload: Uint8Array, batch: Batch): void {
  const { length } = payload;
  let proto = payload[6] as number;
  let at = 40;
  while (isExtension(proto)) {
    if (at + 8 > length) {
      proto = absent;
      at = length;
      break;
    }
    const next = payload[at] as number;
    // A later fragment.
    const isLater = proto === FRAGMENT && half(payload, at + 2) >>> 3 !== 0;
    if (isLater) at = length;
    else
      at += proto === FRAGMENT ? 8 : proto === AH ? ((payload[at + 1] as number) + 2) * 4 : ((payload[at + 1] as number) + 1) * 8;
    proto = next;
    if (isLater) break;
  }
  transport(payload, batch, proto, at, ICMPV6);
}

/** Hop-by-hop, routing, fragment, authentication, destination and mobility options (RFC 8200 §4). */
function isExtension(proto: number): boolean {
  return (
    proto === 0 ||
    proto === 43 ||
    proto === FRAGMENT ||
    proto === AH ||
    proto === 60 ||
    proto === 135 ||
    proto === 139 ||
    proto === 140
  );
}

/** What stands at `at`, where nothing is left of a later fragment. */
function transport(payload: Uint8Array, batch: Batch, proto: number, at: number, icmp: number): void {
  const row = batch.length;
  const left = payload.length - at;
  // net/netfilter/xt_multiport.c
  const hasPorts = (proto === TCP || proto === 17 || proto === 33 || proto === 132 || proto === 136) && left >= 4;
  const isIcmp = proto === icmp && left >= 2;
  batch.proto[row] = proto;
  batch.sport[row] = hasPorts ? half(payload, at) : absent;
  batch.dport[row] = hasPorts ? half(payload, at + 2) : absent;
  batch.icmpType[row] = isIcmp ? (payload[at] as number) : absent;
  batch.icmpCode[row] = isIcmp ? (payload[at + 1] as number) : absent;
  batch.flags[row] = proto === TCP && left >= 14 ? (payload[at + 13] as number) & 63 : absent;
}

function half(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

function word(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  );
}
