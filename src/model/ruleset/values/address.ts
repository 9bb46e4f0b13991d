import { type Family, parseAddress, prefixRange, type Ranges, ranges } from '../../net/index.ts';
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
