import { deflateSync, inflateSync } from 'node:zlib';

/**
 * Packets of Zabbix: `ZBXD`, a byte of flags, two lengths, JSON. As the manual's appendix “Header and data length” has them (6.0 and 7.0).
 */
const magic = Buffer.from('ZBXD', 'latin1');
const flag = { protocol: 1, compressed: 2, large: 4 } as const;
const headerBytes = { short: 13, large: 21 } as const;

/** What is shorter goes as it is: it would hardly become less. */
const compressFromBytes = 1024;

/** No answer of a server is longer, nor becomes longer when it is unpacked. Zabbix itself takes 1 GB. */
export const mostBytes = 16 * 2 ** 20;

/** Bytes that begin no packet, or one that is longer than anybody may send. It says what is wrong with them. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

/** A packet that says `body`. Long ones are compressed, which every server since 4.0 reads. */
export function packet(body: unknown, compressFrom = compressFromBytes): Buffer {
  const plain = Buffer.from(JSON.stringify(body));
  const compress = plain.length >= compressFrom;
  const data = compress ? deflateSync(plain) : plain;
  const header = Buffer.alloc(headerBytes.short);
  magic.copy(header);
  header[4] = flag.protocol | (compress ? flag.compressed : 0);
  header.writeUInt32LE(data.length, 5);
  // Reserved, but of what is compressed: how long it was.
  header.writeUInt32LE(compress ? plain.length : 0, 9);
  return Buffer.concat([header, data]);
}

/** Collects one packet, piece by piece as it arrives. What it holds is never more than `most` bytes and a header. */
export interface Reading {
  /**
   * Takes what arrived; what the packet says once it is whole.
   *
   * @throws {WireError} of what is no packet, is too long, or goes on behind its end
   */
  take(bytes: Uint8Array): { readonly value: unknown } | null;
  /** How many bytes have arrived. */
  readonly bytes: number;
}

interface Head {
  readonly bytes: number;
  readonly compressed: boolean;
  readonly length: number;
  readonly unpacked: number;
}

export function reading(most: number = mostBytes): Reading {
  const pieces: Uint8Array[] = [];
  let head: Head | null = null;
  let bytes = 0;
  return {
    get bytes() {
      return bytes;
    },
    take(piece) {
      pieces.push(piece);
      bytes += piece.length;
      if (head === null) {
        const start = Buffer.concat(pieces);
        pieces.splice(0, pieces.length, start);
        head = headOf(start, most);
      }
      if (head === null || bytes < head.bytes + head.length) return null;
      if (bytes > head.bytes + head.length) throw new WireError('the packet goes on behind its end');
      return { value: said(Buffer.concat(pieces).subarray(head.bytes), head) };
    },
  };
}

/** `null`: not all of it is there yet. Lengths are judged before anything of that length is kept. */
function headOf(start: Buffer, most: number): Head | null {
  const seen = Math.min(start.length, magic.length);
  if (!start.subarray(0, seen).equals(magic.subarray(0, seen))) throw new WireError('what answers is no Zabbix');
  if (start.length < 5) return null;
  const flags = start[4] ?? 0;
  if ((flags & flag.protocol) === 0 || (flags & ~(flag.protocol | flag.compressed | flag.large)) !== 0)
    throw new WireError(`the packet has flags that Zabbix does not know (${flags})`);
  const large = (flags & flag.large) !== 0;
  const bytes = large ? headerBytes.large : headerBytes.short;
  if (start.length < bytes) return null;
  const length = large ? Number(start.readBigUInt64LE(5)) : start.readUInt32LE(5);
  const reserved = large ? Number(start.readBigUInt64LE(13)) : start.readUInt32LE(9);
  const compressed = (flags & flag.compressed) !== 0;
  for (const one of [length, compressed ? reserved : 0])
    if (one > most) throw new WireError(`the packet says that it is ${one} bytes long: more than ${most}`);
  return { bytes, compressed, length, unpacked: reserved };
}

function said(data: Buffer, { compressed, unpacked }: Head): unknown {
  const plain = compressed ? inflated(data, unpacked) : data;
  try {
    return JSON.parse(plain.toString('utf8')) as unknown;
  } catch {
    throw new WireError('the packet holds no JSON');
  }
}

/** Unpacking stops one byte behind the length that was said, so that a small packet cannot become a large one. */
function inflated(data: Buffer, length: number): Buffer {
  let plain: Buffer;
  try {
    plain = inflateSync(data, { maxOutputLength: length + 1 });
  } catch {
    throw new WireError('the packet cannot be unpacked, or becomes longer than it says');
  }
  if (plain.length !== length) throw new WireError(`the packet unpacks to ${plain.length} bytes, and says ${length}`);
  return plain;
}
