import { bitsOf, type Family, formatPrefix, type Prefix, type Ranges } from '../../model/net/index.ts';

/** The fewest networks that hold exactly these addresses, rising. */
export function prefixesOf(family: Family, ranges: Ranges<bigint>): readonly Prefix[] {
  const bits = bitsOf(family);
  const found: Prefix[] = [];
  for (const [first, last] of ranges) {
    for (let at = first; at <= last; ) {
      let size = 0;
      // As wide as the address allows and as fits before the end.
      while (size < bits && (at & ((1n << BigInt(size + 1)) - 1n)) === 0n && at + (1n << BigInt(size + 1)) - 1n <= last)
        size += 1;
      found.push({ family, value: at, length: bits - size });
      at += 1n << BigInt(size);
    }
  }
  return found;
}

/** As iptables and ipset print them: a host without its length. */
export function prefixText(prefix: Prefix): string {
  const text = formatPrefix(prefix);
  return text.replace(prefix.family === 4 ? /\/32$/ : /\/128$/, '');
}
