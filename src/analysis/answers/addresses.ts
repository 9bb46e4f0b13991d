import type { IpSet } from '../../model/host/index.ts';
import { bitsOf, type Family, formatAddress, formatPrefix, type Ranges, ranges } from '../../model/net/index.ts';

/** Addresses as people say them: those that are named, or all but those. */
export interface AddressWords {
  /** All addresses but the listed ones; with an empty list any. */
  readonly except: boolean;
  /** Prefixes, `FIRST-LAST`, or `set NAME`. */
  readonly list: readonly string[];
}

export const anyAddress: AddressWords = { except: true, list: [] };

/**
 * The shortest way to say which addresses they are.
 *
 * @param open addresses of which nothing need be said.
 */
export function addressWords(
  family: Family,
  within: Ranges<bigint>,
  open: Ranges<bigint>,
  sets: readonly NamedRanges[],
): AddressWords {
  const others = complement(family, ranges(...within, ...open));
  if (others.length === 0) return anyAddress;
  const shortest = (addresses: Ranges<bigint>): readonly string[] => {
    const [exact, filled] = [wordsOf(family, addresses, sets), wordsOf(family, filledUp(addresses, open), sets)];
    return filled.length < exact.length ? filled : exact;
  };
  const [own, rest] = [shortest(within), shortest(others)];
  const isShorter = rest.length < own.length || (rest.length === own.length && rest.join().length < own.join().length);
  return isShorter ? { except: true, list: rest } : { except: false, list: own };
}

/** A set of the host that holds addresses only. */
export interface NamedRanges {
  readonly name: string;
  readonly ranges: Ranges<bigint>;
}

export function namedRanges(family: Family, sets: ReadonlyMap<string, IpSet> | null): readonly NamedRanges[] {
  return [...(sets?.values() ?? [])].flatMap((set) => {
    if (set.family !== family || set.members.length < 2) return [];
    const all: (readonly [bigint, bigint])[] = [];
    for (const { parts, nomatch } of set.members) {
      const [part] = parts;
      if (nomatch || parts.length !== 1 || part?.kind !== 'addresses') return [];
      all.push(...part.ranges);
    }
    return [{ name: set.name, ranges: ranges(...all) }];
  });
}

export function complement(family: Family, within: Ranges<bigint>): Ranges<bigint> {
  const most = (1n << BigInt(bitsOf(family))) - 1n;
  const rest: (readonly [bigint, bigint])[] = [];
  let from = 0n;
  for (const [lo, hi] of within) {
    if (lo > from) rest.push([from, lo - 1n]);
    from = hi + 1n;
  }
  if (from <= most) rest.push([from, most]);
  return rest;
}

/** With gaps closed of which nothing need be said. */
function filledUp(within: Ranges<bigint>, open: Ranges<bigint>): Ranges<bigint> {
  const gaps: (readonly [bigint, bigint])[] = [];
  const merged = ranges(...open);
  for (const [index, [, hi]] of within.entries()) {
    const next = within[index + 1];
    if (next === undefined) break;
    if (merged.some(([from, to]) => from <= hi + 1n && next[0] - 1n <= to)) gaps.push([hi + 1n, next[0] - 1n]);
  }
  return ranges(...within, ...gaps);
}

function wordsOf(family: Family, within: Ranges<bigint>, sets: readonly NamedRanges[]): readonly string[] {
  const same = sets.find((set) => isSame(set.ranges, within));
  return same === undefined ? within.flatMap((interval) => intervalWords(family, interval)) : [`set ${same.name}`];
}

function isSame(left: Ranges<bigint>, right: Ranges<bigint>): boolean {
  return left.length === right.length && left.every(([lo, hi], at) => right[at]?.[0] === lo && right[at]?.[1] === hi);
}

/** One prefix, a few that meet, or the ends. */
function intervalWords(family: Family, [lo, hi]: readonly [bigint, bigint]): readonly string[] {
  const one = (value: bigint): string => formatAddress({ family, value });
  if (lo === hi) return [one(lo)];
  const bits = bitsOf(family);
  const prefixes: string[] = [];
  let from = lo;
  while (from <= hi) {
    let free = 0;
    while (free < bits && ((from >> BigInt(free)) & 1n) === 0n && from + (1n << BigInt(free + 1)) - 1n <= hi) free += 1;
    prefixes.push(free === 0 ? one(from) : formatPrefix({ family, value: from, length: bits - free }));
    if (prefixes.length > 2) return [`${one(lo)}-${one(hi)}`];
    from += 1n << BigInt(free);
  }
  return prefixes;
}
