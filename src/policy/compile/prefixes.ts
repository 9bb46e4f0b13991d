import { bitsOf, type Family, formatPrefix, type Prefix, type Ranges } from '../../model/net/index.ts';

/** The fewest networks that hold exactly these addresses, rising. */
export function prefixesOf(family: Family, ranges: Ranges<bigint>): readonly Prefix[] {
  const bits = bitsOf(family);
  const found: Prefix[] = [];
  for (const [first, last] of ranges) {
    for (let at = first; at <= last; ) {
      const size = Math.min(alignment(at, bits), widthOf(last - at + 1n));
      found.push({ family, value: at, length: bits - size });
      at += 1n << BigInt(size);
    }
  }
  return found;
}

/** Bits at the end of an address that are 0. */
function alignment(address: bigint, bits: number): number {
  let size = 0;
  for (let rest = address; size < bits; rest >>= 32n, size += 32) {
    const low = Number(BigInt.asUintN(32, rest));
    if (low !== 0) return size + 31 - Math.clz32(low & -low);
  }
  return bits;
}

/** The greatest power of two that is not above a count, by its exponent. */
function widthOf(count: bigint): number {
  let size = 0;
  let rest = count;
  for (; rest > 0xffffffffn; rest >>= 32n) size += 32;
  return size + 31 - Math.clz32(Number(rest));
}

/** As iptables and ipset print them: a host without its length. */
export function prefixText(prefix: Prefix): string {
  const text = formatPrefix(prefix);
  return text.replace(prefix.family === 4 ? /\/32$/ : /\/128$/, '');
}
