import { bitsOf, type Family, formatPrefix, type Prefix, prefixRange, type Ranges, rangesOf } from '../../model/net/index.ts';

/** A network that is never shut out, and why not. */
export interface NeverEntry {
  readonly network: Prefix;
  /** As it ends a sentence: `the default gateway`, `somebody is logged in from there by SSH`. */
  readonly why: string;
}

/** Those who are never shut out, whoever says so and whatever they did. */
export interface Never {
  readonly entries: readonly NeverEntry[];
  /** One of those that a network holds, or that hold it; `null`: it may be shut out. */
  meets(network: Prefix): NeverEntry | null;
}

/** Loopback, link-local, multicast and the unspecified address: shutting these out hurts nobody but this machine. */
const nobodys: readonly NeverEntry[] = [
  { family: 4, value: 0x7f000000n, length: 8 },
  { family: 4, value: 0n, length: 8 },
  { family: 4, value: 0xa9fe0000n, length: 16 },
  { family: 4, value: 0xe0000000n, length: 3 },
  { family: 6, value: 0n, length: 127 },
  { family: 6, value: 0xfe80n << 112n, length: 10 },
  { family: 6, value: 0xffn << 120n, length: 8 },
].map((network) => ({ network: network as Prefix, why: 'it is nobody’s own address' }));

export function createNever(said: readonly NeverEntry[]): Never {
  const entries = [...said, ...nobodys];
  const of = (family: Family): Ranges<bigint> =>
    rangesOf(entries.flatMap(({ network }) => (network.family === family ? [prefixRange(network)] : [])));
  const ranges = { 4: of(4), 6: of(6) };
  return {
    entries,
    meets(network) {
      const [lo, hi] = prefixRange(network);
      if (!overlaps(ranges[network.family], lo, hi)) return null;
      return entries.find((entry) => entry.network.family === network.family && touches(entry.network, lo, hi)) ?? null;
    },
  };
}

function touches(network: Prefix, lo: bigint, hi: bigint): boolean {
  const [from, to] = prefixRange(network);
  return from <= hi && lo <= to;
}

/** The first range that ends at `lo` or behind it is the only one that can begin before `hi` ends. */
function overlaps(ranges: Ranges<bigint>, lo: bigint, hi: bigint): boolean {
  let [from, to] = [0, ranges.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((ranges[middle] as readonly [bigint, bigint])[1] < lo) from = middle + 1;
    else to = middle;
  }
  const found = ranges[from];
  return found !== undefined && found[0] <= hi;
}

/** A source as it is shut out: host bits gone, and of IPv6 at least the /64 within which one machine takes any address. */
export function sourceOf(network: Prefix): Prefix {
  const length = network.family === 6 ? Math.min(network.length, 64) : network.length;
  return { family: network.family, length, value: prefixRange({ ...network, length })[0] };
}

/** As people write it: without the length where it is one address. */
export function networkText(network: Prefix): string {
  const text = formatPrefix(network);
  return network.length === bitsOf(network.family) ? text.slice(0, text.lastIndexOf('/')) : text;
}
