/** One packet in an Ethernet frame, with its checksums. */
export interface FrameOptions {
  readonly to: Uint8Array;
  readonly from: Uint8Array;
  readonly proto: 'tcp-syn' | 'udp';
  /** IPv4 addresses as numbers. */
  readonly src: number;
  readonly dst: number;
  readonly sport: number;
  readonly dport: number;
}

const bytesOf = { 'tcp-syn': 20, udp: 18 } as const;

export function frameOf({ to, from, proto, src, dst, sport, dport }: FrameOptions): Uint8Array {
  const length = bytesOf[proto];
  const frame = Buffer.alloc(14 + 20 + length);
  frame.set(to, 0);
  frame.set(from, 6);
  frame.writeUInt16BE(0x0800, 12);
  const ip = frame.subarray(14, 34);
  ip.set([0x45, 0, 0, 20 + length, 0, 0, 0, 0, 64, proto === 'udp' ? 17 : 6]);
  ip.writeUInt32BE(src, 12);
  ip.writeUInt32BE(dst, 16);
  ip.writeUInt16BE(sumOf(ip, 0), 10);
  const rest = frame.subarray(34);
  rest.writeUInt16BE(sport, 0);
  rest.writeUInt16BE(dport, 2);
  if (proto === 'udp') rest.writeUInt16BE(length, 4);
  else rest.set([0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 0x20, 0], 4);
  // The addresses, protocol and length count too (RFC 9293, 3.1; RFC 768).
  let pseudo = (proto === 'udp' ? 17 : 6) + length;
  for (let at = 12; at < 20; at += 2) pseudo += ip.readUInt16BE(at);
  rest.writeUInt16BE(sumOf(rest, pseudo), proto === 'udp' ? 6 : 16);
  return frame;
}

/** RFC 1071. */
function sumOf(bytes: Buffer, more: number): number {
  let sum = more;
  for (let at = 0; at < bytes.length; at += 2) sum += bytes.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
