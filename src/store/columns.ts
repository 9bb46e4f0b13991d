import type { Address } from '../model/net/index.ts';

/** An address as a column holds it: a number of IPv4, 16 bytes in network order of IPv6. Both sort as addresses do. */
export type AddressColumn = number | Uint8Array;

export function columnOf({ family, value }: Address): AddressColumn {
  if (family === 4) return Number(value);
  const bytes = new Uint8Array(16);
  for (let at = 15, rest = value; at >= 0; at -= 1, rest >>= 8n) bytes[at] = Number(rest & 255n);
  return bytes;
}

export function addressOf(column: AddressColumn): Address {
  if (typeof column === 'number') return { family: 4, value: BigInt(column) };
  let value = 0n;
  for (const byte of column) value = (value << 8n) | BigInt(byte);
  return { family: 6, value };
}

/** The column of an address in four words, as batches hold them. */
export function columnOfWords(words: Uint32Array, at: number, family: number): AddressColumn {
  if (family === 4) return words[at + 3] as number;
  const bytes = new Uint8Array(16);
  for (let word = 0; word < 4; word += 1) {
    const value = words[at + word] as number;
    bytes[4 * word] = value >>> 24;
    bytes[4 * word + 1] = value >>> 16;
    bytes[4 * word + 2] = value >>> 8;
    bytes[4 * word + 3] = value;
  }
  return bytes;
}
