/**
 * An IP packet cut into so many fragments of about equal length (RFC 791 §3.2; RFC 8200 §4.5). One is the packet as it is.
 */
export function pieces(ip: Uint8Array, count: number, id: number): readonly Uint8Array[] {
  if (count <= 1) return [ip];
  const six = (ip[0] ?? 0) >>> 4 === 6;
  const header = six ? 40 : 20;
  const payload = ip.subarray(header);
  // Every piece but the last holds a multiple of eight bytes.
  const each = Math.max(8, Math.ceil(payload.length / count / 8) * 8);
  const made: Uint8Array[] = [];
  for (let at = 0; at < payload.length; at += each) {
    const more = at + each < payload.length;
    made.push((six ? piece6 : piece4)(ip.subarray(0, header), payload.subarray(at, at + each), at / 8, more, id));
  }
  return made;
}

function piece4(header: Uint8Array, part: Uint8Array, offset: number, more: boolean): Uint8Array {
  const bytes = new Uint8Array(header.length + part.length);
  bytes.set(header);
  bytes.set(part, header.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(2, bytes.length);
  view.setUint16(6, offset | (more ? 0x2000 : 0));
  view.setUint16(10, 0);
  let sum = 0;
  for (let at = 0; at < header.length; at += 2) sum += view.getUint16(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  view.setUint16(10, ~sum & 0xffff);
  return bytes;
}

function piece6(header: Uint8Array, part: Uint8Array, offset: number, more: boolean, id: number): Uint8Array {
  const bytes = new Uint8Array(header.length + 8 + part.length);
  bytes.set(header);
  bytes.set(part, header.length + 8);
  const view = new DataView(bytes.buffer);
  view.setUint16(4, 8 + part.length);
  // A fragment header, and behind it what the packet said.
  bytes[6] = 44;
  bytes[40] = header[6] ?? 0;
  view.setUint16(42, (offset << 3) | (more ? 1 : 0));
  view.setUint32(44, id);
  return bytes;
}
