import type { Address } from '../../model/net/index.ts';
import type { LoggedPacket } from './event.ts';
import { readable } from './readable.ts';

/** What the kernel tells of a packet beside its bytes. */
export interface NflogMeta {
  /** Epoch milliseconds. */
  readonly at: number;
  /** The rule's prefix, one character per byte. */
  readonly prefix: string;
  readonly in: string | null;
  readonly out: string | null;
  readonly mark: number;
}

const TCP = 6;
const ICMP = 1;
const ICMPV6 = 58;
const AH = 51;
/** Protocols whose header begins with two ports (net/netfilter/xt_multiport.c). */
const withPorts: ReadonlySet<number> = new Set([TCP, 17, 33, 132, 136]);
/** Hop-by-hop, routing, destination and mobility options: 8 bytes and so many times 8 more (RFC 8200 §4). */
const extensions: ReadonlySet<number> = new Set([0, 43, 60, 135, 139, 140]);
const FRAGMENT = 44;

/** Where a packet's transport begins. `proto` is `null` when the bytes end before it can be told. */
interface Transport {
  readonly proto: number | null;
  readonly at: number;
  /** A later fragment holds no transport header. */
  readonly later: boolean;
}

/**
 * Reads a packet from its IP header on (RFC 791, RFC 8200), as far as the kernel copied it; `null` if not even the
 * addresses are there. Fields beyond the copy are `null`.
 */
export function parseNflogPacket(payload: Uint8Array, meta: NflogMeta): LoggedPacket | null {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const version = payload.length === 0 ? 0 : view.getUint8(0) >>> 4;
  if (version === 4 && payload.length >= 20) {
    const transport: Transport = {
      proto: view.getUint8(9),
      at: (view.getUint8(0) & 15) * 4,
      later: (view.getUint16(6) & 0x1fff) !== 0,
    };
    const src: Address = { family: 4, value: BigInt(view.getUint32(12)) };
    const dst: Address = { family: 4, value: BigInt(view.getUint32(16)) };
    // A header shorter than 20 bytes is no header; the kernel drops such packets before any rule.
    return transport.at < 20 ? null : event(view, meta, src, dst, view.getUint16(2), view.getUint8(8), transport);
  }
  if (version === 6 && payload.length >= 40) {
    const src: Address = { family: 6, value: wide(view, 8) };
    const dst: Address = { family: 6, value: wide(view, 24) };
    return event(view, meta, src, dst, view.getUint16(4) + 40, view.getUint8(7), transport6(view));
  }
  return null;
}

/** Passes over extension headers; each is at least 8 bytes, so the walk ends with the packet. */
function transport6(view: DataView): Transport {
  let proto = view.getUint8(6);
  let at = 40;
  for (;;) {
    if (!extensions.has(proto) && proto !== FRAGMENT && proto !== AH) return { proto, at, later: false };
    if (at + 8 > view.byteLength) return { proto: null, at, later: false };
    const next = view.getUint8(at);
    if (proto === FRAGMENT && view.getUint16(at + 2) >>> 3 !== 0) return { proto: next, at: at + 8, later: true };
    at += proto === FRAGMENT ? 8 : proto === AH ? (view.getUint8(at + 1) + 2) * 4 : (view.getUint8(at + 1) + 1) * 8;
    proto = next;
  }
}

function event(
  view: DataView,
  meta: NflogMeta,
  src: Address,
  dst: Address,
  length: number,
  ttl: number,
  transport: Transport,
): LoggedPacket {
  const { proto, at } = transport;
  const has = (bytes: number): boolean => !transport.later && at + bytes <= view.byteLength;
  const ported = proto !== null && withPorts.has(proto) && has(4);
  const isIcmp = ((proto === ICMP && src.family === 4) || (proto === ICMPV6 && src.family === 6)) && has(2);
  return {
    at: meta.at,
    prefix: readable(latin1(meta.prefix)).trimEnd(),
    in: meta.in,
    out: meta.out,
    src,
    dst,
    proto,
    sport: ported ? view.getUint16(at) : null,
    dport: ported ? view.getUint16(at + 2) : null,
    icmpType: isIcmp ? view.getUint8(at) : null,
    icmpCode: isIcmp ? view.getUint8(at + 1) : null,
    flags: proto === TCP && has(14) ? view.getUint8(at + 13) & 63 : null,
    length,
    ttl,
    mark: meta.mark,
  };
}

function wide(view: DataView, at: number): bigint {
  return (view.getBigUint64(at) << 64n) | view.getBigUint64(at + 8);
}

function latin1(text: string): Uint8Array {
  return Uint8Array.from({ length: text.length }, (_, index) => text.charCodeAt(index) & 0xff);
}
