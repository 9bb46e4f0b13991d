import { bitsOf, type Family, formatAddress, parseAddress, prefixRange, type Ranges, ranges } from '../../net/index.ts';
import type { ValueType } from '../extension.ts';
import { readNumber } from './number.ts';

/**
 * An address as iptables reads one. For IPv4 that is wider than the dotted quad: parts may be hex or octal, and missing
 * ones at the end are zero (libxtables, xtables_numeric_to_ipaddr: `10.1` is 10.1.0.0).
 */
export function readAddress(text: string, family: Family): bigint | undefined {
  const strict = parseAddress(text);
  if (strict !== undefined) return strict.family === family ? strict.value : undefined;
  if (family === 6) return undefined;
  const parts = text.split('.').map((part) => readNumber(part, 255));
  if (parts.length > 4) return undefined;
  let value = 0n;
  for (let index = 0; index < 4; index += 1) {
    const part = index < parts.length ? parts[index] : 0;
    if (part === undefined) return undefined;
    value = value * 256n + BigInt(part);
  }
  return value;
}

/** A network as a set of addresses; `null` when its mask has holes and the set falls into too many pieces to list. */
export function readNetwork(text: string, family: Family): Ranges<bigint> | null | undefined {
  const slash = text.indexOf('/');
  const value = readAddress(slash < 0 ? text : text.slice(0, slash), family);
  if (value === undefined) return undefined;
  const bits = family === 4 ? 32 : 128;
  if (slash < 0) return [[value, value]];
  const tail = text.slice(slash + 1);
  if (/^\d{1,3}$/.test(tail)) {
    const length = Number(tail);
    return length <= bits ? [prefixRange({ family, value, length })] : undefined;
  }
  const mask = readAddress(tail, family);
  return mask === undefined ? undefined : masked(value, mask, BigInt(bits));
}

/** At most this many pieces are listed for a mask with holes. */
const mostPieces = 4096;

/** Addresses that agree with `value` in the bits of `mask`. */
function masked(value: bigint, mask: bigint, bits: bigint): Ranges<bigint> | null {
  let low = 0n;
  while (low < bits && (mask & (1n << low)) === 0n) low += 1n;
  const holes: bigint[] = [];
  for (let bit = low; bit < bits; bit += 1n) if ((mask & (1n << bit)) === 0n) holes.push(1n << bit);
  if (2 ** holes.length > mostPieces) return null;
  let starts = [value & mask];
  for (const hole of holes) starts = starts.concat(starts.map((start) => start + hole));
  return ranges(...starts.map((start) => [start, start + (1n << low) - 1n] as const));
}

export function addressHint(family: Family): string {
  return family === 4
    ? 'write an IPv4 address or network such as 192.0.2.0/24; host names are not looked up'
    : 'write an IPv6 address or network such as 2001:db8::/64; host names are not looked up';
}

/** A network's first address and its mask. */
export interface Masked {
  readonly value: bigint;
  readonly mask: bigint;
}

/** `ADDRESS`, `ADDRESS/LENGTH` or `ADDRESS/MASK`, the host bits cleared. */
export function readMasked(text: string, family: Family): Masked | undefined {
  const slash = text.indexOf('/');
  const value = readAddress(slash < 0 ? text : text.slice(0, slash), family);
  const all = (1n << BigInt(bitsOf(family))) - 1n;
  if (value === undefined) return undefined;
  if (slash < 0) return { value, mask: all };
  const tail = text.slice(slash + 1);
  if (/^\d{1,3}$/.test(tail) && Number(tail) > bitsOf(family)) return undefined;
  const mask = /^\d{1,3}$/.test(tail) ? all ^ (all >> BigInt(tail)) : readAddress(tail, family);
  return mask === undefined ? undefined : { value: value & mask, mask };
}

/** The address with its mask as iptables prints masks: a length if the mask has no holes. A full one only where `full` says so. */
export function maskedText({ value, mask }: Masked, family: Family, full: boolean): string {
  const address = addressText(family, value);
  const bits = bitsOf(family);
  const all = (1n << BigInt(bits)) - 1n;
  if (mask === all && !full) return address;
  const holes = all ^ mask;
  const tail =
    (holes & (holes + 1n)) === 0n ? String(bits - (holes === 0n ? 0 : holes.toString(2).length)) : addressText(family, mask);
  return `${address}/${tail}`;
}

/** An address, not a network. */
export const addressValue: ValueType = {
  hint: 'write an address; host names are not looked up',
  saved: (text, family) => {
    const value = readAddress(text, family);
    return value === undefined ? undefined : addressText(family, value);
  },
  examples: (family) =>
    family === 4
      ? ['192.0.2.1', '0.0.0.0', '255.255.255.255', '10.1', '0x0a.0.0.1']
      : ['2001:db8::1', '::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '2001:DB8:0:0:0:0:0:1', '::ffff:192.0.2.1', '::1.2.3.4'],
  refused: (family) => (family === 4 ? ['192.0.2.256', '1.2.3.4.5', '2001:db8::1'] : ['2001:db8::1::2', '12345::', '192.0.2.1']),
};

/** A network, as conntrack and policy print it: a single address without its mask. */
export const networkValue: ValueType = {
  hint: 'write an address or a network; host names are not looked up',
  saved: (text, family) => {
    const read = readMasked(text, family);
    return read === undefined ? undefined : maskedText(read, family, false);
  },
  examples: (family) =>
    family === 4
      ? ['192.0.2.1', '192.0.2.9/24', '192.0.2.1/32', '10.0.0.0/255.0.0.0', '10.1.2.3/255.0.255.0']
      : ['2001:db8::1', '2001:db8::5/64', '2001:db8::1/128', '2001:db8::/ffff:ffff::'],
  refused: (family) => (family === 4 ? ['192.0.2.1/33', '192.0.2.256'] : ['2001:db8::1/129', '2001:db8::x']),
};

/**
 * An address where iptables asks the C library (XTTYPE_HOST): in a short form the last part fills what is missing, so that
 * `10.1` is 10.0.0.1 here, and 10.1.0.0 behind `-s`.
 */
export const hostValue: ValueType = {
  ...addressValue,
  saved: (text, family) => {
    const parts = text.split('.');
    if (family === 6 || parts.length === 4) return addressValue.saved(text, family);
    const last = readNumber(parts.at(-1) ?? '', 256 ** (5 - parts.length) - 1);
    const first = parts.slice(0, -1).map((part) => readNumber(part, 255));
    if (last === undefined || first.includes(undefined) || parts.length > 4) return undefined;
    const value = first.reduce<number>((sum, part, index) => sum + (part as number) * 256 ** (3 - index), last);
    return addressText(family, BigInt(value));
  },
};

/** A host or network whose host bits stay, and whose mask is lost if it has holes: so conntrack and policy print theirs. */
export const unmaskedNetwork: ValueType = {
  ...networkValue,
  saved: (text, family) => {
    const slash = text.indexOf('/');
    const address = hostValue.saved(slash < 0 ? text : text.slice(0, slash), family);
    const read = readMasked(text, family);
    if (address === undefined || read === undefined) return undefined;
    const length = /\/(\d+)$/.exec(maskedText(read, family, false))?.[1];
    return length === undefined ? address : `${address}/${length}`;
  },
};

/** An address as the C library prints it: unlike RFC 5952, with a dotted quad behind 96 zero bits too. */
export function addressText(family: Family, value: bigint): string {
  if (family === 4 || value >> 32n !== 0n || value >> 16n === 0n) return formatAddress({ family, value });
  return `::${formatAddress({ family: 4, value })}`;
}
