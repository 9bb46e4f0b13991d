import { ICMP, ICMPV6 } from '../../model/net/index.ts';
import { type AddressField, type NumberField, type Packet, packetTypes, type Tuple } from '../../model/packet/index.ts';
import type { FieldName, Layout } from './layout.ts';

/** What a packet does not say. */
export const unsaid = 2;

/** Reads a packet's bits one at a time, and of its fields only those that are asked for. */
export interface PacketBits {
  /** From now on bits are this packet's. */
  read(packet: Packet): void;
  /** The bit at a level: 0, 1 or {@link unsaid}. */
  at(level: number): number;
}

export function createPacketBits(layout: Layout): PacketBits {
  const readers: ((packet: Packet) => number)[] = [];
  /** By level: the reader of its field, and the bit of the field's code. */
  const readerOf = new Uint8Array(layout.firstVariable).fill(noReader);
  const shiftOf = new Uint8Array(layout.firstVariable);
  for (const field of layout.fields) {
    const { level, width } = layout.axis(field);
    const reader = width === 0 ? null : readerFor(layout, field);
    if (reader === null) continue;
    for (let depth = 0; depth < width; depth += 1) {
      readerOf[level + depth] = readers.length;
      shiftOf[level + depth] = width - depth - 1;
    }
    readers.push(reader);
  }
  for (const field of ['mark', 'connmark'] as const) {
    for (const bit of layout.markBits) {
      readerOf[layout.markLevel(field, bit)] = readers.length;
      shiftOf[layout.markLevel(field, bit)] = bit;
    }
    readers.push((packet) => packet[field]);
  }
  const codes = new Float64Array(readers.length);
  const known = new Int32Array(readers.length);
  let turn = 0;
  let current: Packet | null = null;
  return {
    read(packet) {
      current = packet;
      turn = (turn + 1) | 0;
    },
    at(level) {
      if (level >= readerOf.length) return unsaid;
      const reader = readerOf[level] as number;
      if (reader === noReader) return unsaid;
      if (known[reader] !== turn) {
        codes[reader] = (readers[reader] as (packet: Packet) => number)(current as Packet);
        known[reader] = turn;
      }
      const code = codes[reader] as number;
      if (code < 0) return unsaid;
      return (code >>> (shiftOf[level] as number)) & 1;
    },
  };
}

/** A packet's bits, by level. */
export function bitsOfPacket(packet: Packet, layout: Layout, into: Uint8Array): void {
  let bits = made.get(layout);
  if (bits === undefined) {
    bits = createPacketBits(layout);
    made.set(layout, bits);
  }
  bits.read(packet);
  for (let level = 0; level < into.length; level += 1) into[level] = bits.at(level);
}

const made = new WeakMap<Layout, PacketBits>();
const noReader = 255;

/** The code of a packet's field, -1 where it does not say; `null` for what no packet says of itself. */
function readerFor(layout: Layout, field: FieldName): ((packet: Packet) => number) | null {
  switch (field) {
    case 'state':
      return ({ state }) => stateNumbers[state];
    case 'in':
    case 'out':
      return (packet) => layout.interfaces.codeOf(packet[field] ?? '');
    case 'fragment':
      return ({ fragment }) => (fragment ? 1 : 0);
    case 'src':
    case 'dst': {
      const codeOf = addressCoder(layout, field);
      return (packet) => codeOf(packet[field]);
    }
    case 'proto':
    case 'sport':
    case 'dport':
    case 'icmpType':
    case 'icmpCode':
    case 'length':
    case 'ttl':
      return (packet) => layout.numberCode(field satisfies NumberField, packet[field]);
    case 'mac':
      return ({ mac }) => (mac === null ? -1 : layout.numberCode('mac', mac));
    case 'tos':
      return ({ tos }) => (tos === undefined ? -1 : layout.numberCode('tos', tos));
    case 'pktType':
      return ({ hook, pktType }) =>
        hook === 'output'
          ? layout.numberCode('pktType', 0)
          : pktType === undefined
            ? -1
            : layout.numberCode('pktType', packetTypes.indexOf(pktType));
    case 'uid':
    case 'gid':
      return (packet) => {
        const value = packet.hook === 'output' ? packet[field] : null;
        return value === undefined ? -1 : layout.numberCode(field, value);
      };
    case 'flags':
    case 'status':
      return (packet) => packet[field];
    case 'direction':
      return ({ direction }) => (direction === 'reply' ? 1 : 0);
    case 'origProto':
      return (packet) => (isError(packet) ? -1 : layout.numberCode('origProto', packet.proto));
    case 'origSrc':
    case 'origDst': {
      const codeOf = addressCoder(layout, field);
      return ofTuple((tuple) => codeOf(field === 'origSrc' ? tuple.src : tuple.dst));
    }
    case 'origSport':
    case 'origDport':
      return ofTuple((tuple) => layout.numberCode(field, field === 'origSport' ? tuple.sport : tuple.dport));
    default:
      return null;
  }
}

function ofTuple(codeOf: (tuple: Tuple) => number): (packet: Packet) => number {
  return (packet) => {
    if (packet.original !== null) return codeOf(packet.original);
    if (isError(packet)) return -1;
    const { src, dst, sport, dport } = packet;
    return codeOf(packet.direction === 'reply' ? { src: dst, dst: src, sport: dport, dport: sport } : { src, dst, sport, dport });
  };
}

/** An ICMP error belongs to a connection with other addresses than its own. */
function isError({ state, proto, family }: Packet): boolean {
  return state === 'RELATED' && proto === (family === 4 ? ICMP : ICMPV6);
}

/** IPv4's addresses are looked up as plain numbers, which is quicker. */
function addressCoder(layout: Layout, field: AddressField): (value: bigint) => number {
  if (layout.family === 6) return (value) => layout.addressCode(field, value);
  const { size } = layout.axis(field);
  const starts = Float64Array.from({ length: size }, (_, code) => Number(layout.addressesOf(field, code)[0]));
  return (value) => {
    const wanted = Number(value);
    let lo = 0;
    let hi = size - 1;
    while (lo < hi) {
      const middle = (lo + hi + 1) >> 1;
      if ((starts[middle] as number) <= wanted) lo = middle;
      else hi = middle - 1;
    }
    return lo;
  };
}

const stateNumbers = { INVALID: 0, ESTABLISHED: 1, RELATED: 2, NEW: 3, UNTRACKED: 4 } as const;
