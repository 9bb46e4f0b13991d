export type Family = 4 | 6;

/** Bits of an address of the family. */
export function bitsOf(family: Family): 32 | 128 {
  return family === 4 ? 32 : 128;
}

/** An IP address. `value` is the 32- or 128-bit unsigned integer in network order. */
export interface Address {
  readonly family: Family;
  readonly value: bigint;
}

/** A network; `value` has its host bits as written. */
export interface Prefix extends Address {
  readonly length: number;
}

/** Reads dotted-quad IPv4 (four decimal parts, RFC 6943 §3.1.1 strict form) or IPv6 (RFC 4291 §2.2). No zone, no prefix. */
export function parseAddress(text: string): Address | undefined {
  if (text.includes(':')) {
    const value = parseV6(text);
    return value === undefined ? undefined : { family: 6, value };
  }
  const value = parseV4(text);
  return value === undefined ? undefined : { family: 4, value: BigInt(value) };
}

/** Reads `ADDRESS`, `ADDRESS/LENGTH` or, for IPv4, `ADDRESS/NETMASK` with a contiguous mask. */
export function parsePrefix(text: string): Prefix | undefined {
  const slash = text.indexOf('/');
  if (slash < 0) {
    const address = parseAddress(text);
    return address && { family: address.family, value: address.value, length: bitsOf(address.family) };
  }
  const address = parseAddress(text.slice(0, slash));
  if (address === undefined) return undefined;
  const { family, value } = address;
  const tail = text.slice(slash + 1);
  if (/^\d{1,3}$/.test(tail)) {
    const length = Number(tail);
    return length <= bitsOf(family) ? { family, value, length } : undefined;
  }
  const mask = parseAddress(tail);
  if (mask === undefined || mask.family !== family) return undefined;
  const bits = bitsOf(family);
  const hostBits = (1n << BigInt(bits)) - 1n - mask.value;
  if ((hostBits & (hostBits + 1n)) !== 0n) return undefined;
  return { family, value, length: bits - hostBits.toString(2).replace(/^0$/, '').length };
}

/** First and last address of a network. */
export function prefixRange(prefix: Prefix): readonly [bigint, bigint] {
  const hostBits = BigInt(bitsOf(prefix.family) - prefix.length);
  const lo = (prefix.value >> hostBits) << hostBits;
  return [lo, lo + (1n << hostBits) - 1n];
}

/** Canonical text: dotted quad, or RFC 5952. */
export function formatAddress(address: Address): string {
  return address.family === 4 ? formatV4(Number(address.value)) : formatV6(address.value);
}

export function formatPrefix(prefix: Prefix): string {
  return `${formatAddress(prefix)}/${prefix.length}`;
}

function parseV4(text: string): number | undefined {
  let value = 0;
  let parts = 0;
  let digits = 0;
  let part = 0;
  for (let index = 0; index <= text.length; index += 1) {
    const code = index < text.length ? text.charCodeAt(index) : 46;
    if (code === 46) {
      if (digits === 0 || part > 255) return undefined;
      value = value * 256 + part;
      parts += 1;
      digits = 0;
      part = 0;
    } else if (code >= 48 && code <= 57 && digits < 3 && !(digits > 0 && part === 0)) {
      part = part * 10 + code - 48;
      digits += 1;
    } else return undefined;
  }
  return parts === 4 ? value : undefined;
}

function parseV6(text: string): bigint | undefined {
  let body = text;
  const tail: number[] = [];
  const lastColon = body.lastIndexOf(':');
  if (body.indexOf('.', lastColon) >= 0) {
    const v4 = parseV4(body.slice(lastColon + 1));
    if (v4 === undefined) return undefined;
    tail.push(v4 >>> 16, v4 & 0xffff);
    body = body.slice(0, lastColon);
    // `::1.2.3.4` leaves `:`, which stands for the whole `::`.
    if (body.endsWith(':')) body += ':';
  }
  const halves = body.split('::');
  if (halves.length > 2) return undefined;
  const groups = halves.map((half) => (half === '' ? [] : half.split(':')));
  if (groups.some((half) => half.some((group) => !/^[0-9a-fA-F]{1,4}$/.test(group)))) return undefined;
  const left = (groups[0] ?? []).map((group) => Number.parseInt(group, 16));
  const right = [...(groups[1] ?? []).map((group) => Number.parseInt(group, 16)), ...tail];
  const missing = 8 - left.length - right.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  return [...left, ...Array<number>(missing).fill(0), ...right].reduce((sum, group) => (sum << 16n) | BigInt(group), 0n);
}

function formatV4(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}

function formatV6(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_, index) => Number((value >> BigInt(112 - 16 * index)) & 0xffffn));
  // RFC 5952 §5: addresses known to embed IPv4 are written in mixed notation.
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return `::ffff:${formatV4(Number(value & 0xffffffffn))}`;
  }
  let best = { start: -1, length: 1 };
  for (let start = 0; start < 8; start += 1) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === 0) length += 1;
    if (length > best.length) best = { start, length };
  }
  const hex = groups.map((group) => group.toString(16));
  if (best.start < 0) return hex.join(':');
  return `${hex.slice(0, best.start).join(':')}::${hex.slice(best.start + best.length).join(':')}`;
}
