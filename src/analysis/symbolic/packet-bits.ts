import type { Packet } from '../../model/packet/index.ts';
import type { Layout } from './layout.ts';

/** A packet's bits, by level; 2 where the packet does not say. */
export function bitsOfPacket(packet: Packet, layout: Layout, into: Uint8Array): void {
  const put = (field: Parameters<Layout['axis']>[0], code: number): void => {
    const { level, width } = layout.axis(field);
    for (let depth = 0; depth < width; depth += 1) into[level + depth] = (code >> (width - depth - 1)) & 1;
  };
  const free = (field: Parameters<Layout['axis']>[0]): void => {
    const { level, width } = layout.axis(field);
    for (let depth = 0; depth < width; depth += 1) into[level + depth] = 2;
  };
  into.fill(2);
  put('state', stateNumbers[packet.state]);
  put('in', packet.in === null ? 0 : layout.interfaces.codeOf(packet.in));
  put('out', packet.out === null ? 0 : layout.interfaces.codeOf(packet.out));
  put('fragment', packet.fragment ? 1 : 0);
  put('src', layout.addressCode('src', packet.src));
  put('dst', layout.addressCode('dst', packet.dst));
  put('proto', layout.numberCode('proto', packet.proto));
  put('sport', layout.numberCode('sport', packet.sport));
  put('dport', layout.numberCode('dport', packet.dport));
  put('icmpType', layout.numberCode('icmpType', packet.icmpType));
  put('icmpCode', layout.numberCode('icmpCode', packet.icmpCode));
  put('flags', packet.flags);
  if (packet.mac === null) free('mac');
  else put('mac', layout.numberCode('mac', packet.mac));
  put('length', layout.numberCode('length', packet.length));
  put('ttl', layout.numberCode('ttl', packet.ttl));
  put('status', packet.status);
  put('direction', packet.direction === 'reply' ? 1 : 0);
  const icmp = packet.proto === (packet.family === 4 ? 1 : 58);
  const errs = packet.state === 'RELATED' && icmp;
  const reply = packet.direction === 'reply';
  const original = packet.original ?? {
    src: reply ? packet.dst : packet.src,
    dst: reply ? packet.src : packet.dst,
    sport: reply ? packet.dport : packet.sport,
    dport: reply ? packet.sport : packet.dport,
  };
  // An ICMP error belongs to a connection with other addresses than its own.
  if (!errs) put('origProto', layout.numberCode('origProto', packet.proto));
  if (!errs || packet.original !== null) {
    put('origSrc', layout.addressCode('origSrc', original.src));
    put('origDst', layout.addressCode('origDst', original.dst));
    put('origSport', layout.numberCode('origSport', original.sport));
    put('origDport', layout.numberCode('origDport', original.dport));
  }
  for (const bit of layout.markBits) {
    into[layout.markLevel('mark', bit)] = (packet.mark >>> bit) & 1;
    into[layout.markLevel('connmark', bit)] = (packet.connmark >>> bit) & 1;
  }
}

const stateNumbers = { INVALID: 0, ESTABLISHED: 1, RELATED: 2, NEW: 3, UNTRACKED: 4 } as const;
