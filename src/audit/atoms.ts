import { type Family, parseAddress, type Ranges, ranges } from '../model/net/index.ts';

/** A closed interval of ports or addresses. */
export interface Interval<T extends number | bigint> {
  readonly lo: T;
  readonly hi: T;
}

/**
 * All values of a universe that no rule tells apart, though other values may lie between them, and the one that stands for
 * them. `lo` and `hi` are the ends of the run of values around it.
 */
export interface Part<T extends number | bigint> extends Interval<T> {
  readonly value: T;
  /** How many values it holds, all runs together. */
  readonly size: bigint;
  /** Its part of the whole universe, 0…1. */
  readonly share: number;
}

/** What is cut, and the values that people like to read, first choice first. */
export interface Universe<T extends number | bigint> {
  readonly of: Ranges<T>;
  readonly preferred: readonly T[];
  /** How far inside a wide run the value stands that is taken for want of a favourite. */
  readonly inside: bigint;
}

export function intervalOf<T extends number | bigint>([lo, hi]: readonly [T, T]): Interval<T> {
  return { lo, hi };
}

export const ports: Universe<number> = { of: [[1, 65535]], preferred: [3306, 5432, 8080, 31337], inside: 9n };

const worlds: Readonly<Record<Family, Universe<bigint>>> = {
  // Unicast without 0/8 and 127/8, which no router carries (RFC 6890).
  4: {
    of: [
      [address('1.0.0.0'), address('126.255.255.255')],
      [address('128.0.0.0'), address('223.255.255.255')],
    ],
    preferred: ['203.0.113.9', '192.0.2.9'].map(address),
    inside: 9n,
  },
  // Global unicast (RFC 4291 §2.4, IANA's 2000::/3).
  6: {
    of: [[address('2000::'), address('3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff')]],
    preferred: ['2001:db8:ffff::9'].map(address),
    inside: 9n,
  },
};

/** Addresses that packets from the outside can bear. */
export function world(family: Family): Universe<bigint> {
  return worlds[family];
}

/** The same world with other favourites, so that a packet through the host does not come from where it goes. */
export function farWorld(family: Family): Universe<bigint> {
  return { ...worlds[family], preferred: [address(family === 4 ? '192.0.2.77' : '2001:db8:fffe::77')], inside: 77n };
}

/** Addresses that a neighbour on the same link has and no router carries (RFC 3927 §2.1, RFC 4291 §2.5.6). */
export function neighbourhood(family: Family): Universe<bigint> {
  const [lo, hi, liked] =
    family === 4 ? ['169.254.1.0', '169.254.254.255', '169.254.7.9'] : ['fe80::1', 'fe80::ffff:ffff:ffff:ffff', 'fe80::9'];
  return { of: [[address(lo), address(hi)]], preferred: [address(liked)], inside: 9n };
}

/** A part with a favourite comes first if it is at least so big: people know documentation addresses when they see them. */
const bigEnough = 1 / 64;

/**
 * Sorts a universe by what rules ask of its values: each of `asked` is one question, "is it in here?". Values with the
 * same answers to all questions make one part. Biggest part first (but for a favourite), so that bounded work sees most of
 * the whole; equal ones in order.
 */
export function partsOf<T extends number | bigint>(asked: readonly Ranges<T>[], universe: Universe<T>): readonly Part<T>[] {
  return partsBy(turnsOf(asked), universe);
}

/** The same, of what rules ask as {@link turnsOf} has it. */
export function partsBy<T extends number | bigint>(turns: Turns, universe: Universe<T>): readonly Part<T>[] {
  const back = (value: bigint): T => (typeof universe.of[0]?.[0] === 'number' ? Number(value) : value) as T;
  const cuts = [...turns.keys()].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const found = new Map<bigint, { size: bigint; lo: bigint; hi: bigint; liked: number }>();
  let whole = 0n;
  let answers = 0n;
  let next = 0;
  for (const [begin, last] of universe.of.map(([lo, hi]) => [BigInt(lo), BigInt(hi)] as const)) {
    whole += last - begin + 1n;
    for (let lo = begin; lo <= last; ) {
      for (; next < cuts.length && (cuts[next] as bigint) <= lo; next += 1) answers ^= turns.get(cuts[next] as bigint) ?? 0n;
      const cut = cuts[next];
      const hi = cut !== undefined && cut <= last ? cut - 1n : last;
      const first = universe.preferred.findIndex((value) => lo <= BigInt(value) && BigInt(value) <= hi);
      const liked = first < 0 ? universe.preferred.length : first;
      const part = found.get(answers);
      const size = hi - lo + 1n;
      if (part === undefined) found.set(answers, { size, lo, hi, liked });
      else {
        // The run with the best favourite stands for the part, or else its longest run.
        const better =
          liked < part.liked || (liked === universe.preferred.length && part.liked === liked && size > part.hi - part.lo + 1n);
        found.set(answers, better ? { size: part.size + size, lo, hi, liked } : { ...part, size: part.size + size });
      }
      lo = hi + 1n;
    }
  }
  const parts = [...found.values()].map(({ size, lo, hi, liked }) => {
    const share = fraction(size, whole);
    // A little way in, so that it is neither a network's own address nor its gateway's.
    const value = universe.preferred[liked] ?? back(hi - lo >= 512n ? lo + universe.inside : lo);
    return { lo: back(lo), hi: back(hi), value, size, share, first: liked < universe.preferred.length && share >= bigEnough };
  });
  return parts.sort((a, b) => Number(b.first) - Number(a.first) || (a.size > b.size ? -1 : a.size < b.size ? 1 : 0));
}

/** Values at which answers change, each with a mark of which do. */
export type Turns = ReadonlyMap<bigint, bigint>;

/**
 * Where answers change: at each value, the questions whose answer turns there, as the exclusive-or of their marks. Marks
 * are 64 bits, so that two sets of answers look the same by chance about never.
 */
export function turnsOf<T extends number | bigint>(asked: readonly Ranges<T>[]): Turns {
  const turns = new Map<bigint, bigint>();
  const seen = new Set<string>();
  for (const spans of asked) {
    const tidy = spans.length > 1 ? ranges(...spans) : spans;
    const text = tidy.join();
    if (seen.has(text)) continue;
    seen.add(text);
    const mark = markOf(BigInt(seen.size));
    for (const [lo, hi] of tidy) {
      for (const at of [BigInt(lo), BigInt(hi) + 1n]) turns.set(at, (turns.get(at) ?? 0n) ^ mark);
    }
  }
  return turns;
}

/** The output function of SplitMix64 (Steele, Lea, Flood 2014): spreads small numbers over 64 bits. */
function markOf(number: bigint): bigint {
  const wrap = (value: bigint): bigint => BigInt.asUintN(64, value);
  let mixed = wrap(number * 0x9e3779b97f4a7c15n);
  mixed = wrap((mixed ^ (mixed >> 30n)) * 0xbf58476d1ce4e5b9n);
  mixed = wrap((mixed ^ (mixed >> 27n)) * 0x94d049bb133111ebn);
  return mixed ^ (mixed >> 31n);
}

/** Ratio of two integers that may not fit a double. */
function fraction(part: bigint, whole: bigint): number {
  return Number((part << 52n) / whole) / 2 ** 52;
}

function address(text: string): bigint {
  const parsed = parseAddress(text);
  if (parsed === undefined) throw new Error(`${text} is no address`);
  return parsed.value;
}
