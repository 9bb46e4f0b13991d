import type { Ranges } from '../../model/net/index.ts';
import type { Gathered } from './layout.ts';

/** A rule with NETMAP, and the addresses that it lets through by a match of its own. */
export interface Netmap {
  readonly end: 'src' | 'dst';
  readonly value: bigint;
  readonly mask: bigint;
  readonly within: Ranges<bigint>;
}

/** Addresses from `lo` to `hi` become those from `to` on, in their order. */
export interface Shifted {
  readonly lo: bigint;
  readonly hi: bigint;
  readonly to: bigint;
}

/** What is known of all rules that move addresses alike. */
export interface Moved {
  readonly pieces: readonly Shifted[];
  /** No rule of these lets any other address through. */
  readonly whole: boolean;
}

/** So many pieces of its own network a rule may lay over one another, and so many cuts may each be seen through them. */
const mostPieces = 256n;
const mostCuts = 20_000;

/**
 * What each NETMAP does to the addresses that its rules let through, and so that it can be followed: cuts among the new
 * addresses become cuts among the old ones. No packet is translated twice at one end, so once is enough.
 *
 * @returns by end, value and mask.
 */
export function shiftNetmaps({ netmaps, addresses }: Gathered): ReadonlyMap<string, Moved> {
  const starts = { src: addresses.src.values(), dst: addresses.dst.values() };
  const all = new Map<string, Moved>();
  for (const netmap of netmaps) {
    const key = `${netmap.end} ${netmap.value} ${netmap.mask}`;
    const pieces = piecesOf(netmap, addresses[netmap.end].last);
    const before = all.get(key) ?? { pieces: [], whole: true };
    all.set(key, { ...before, whole: false });
    if (pieces === null) continue;
    const cuts = pieces.map(({ lo, hi, to }) =>
      starts[netmap.end].filter((start) => start > to && start <= to + (hi - lo)).map((start) => start - to + lo),
    );
    if (cuts.reduce((sum, some) => sum + some.length, 0) > mostCuts) continue;
    for (const [index, { lo, hi }] of pieces.entries()) {
      addresses[netmap.end].add([[lo, hi], ...(cuts[index] ?? []).map((cut) => [cut, hi] as const)]);
    }
    all.set(key, { pieces: [...before.pieces, ...pieces], whole: before.whole });
  }
  return all;
}

function piecesOf({ value, mask, within }: Netmap, most: bigint): readonly Shifted[] | null {
  const free = most & ~mask;
  // A mask with holes moves neighbours apart.
  const size = (free & (free + 1n)) === 0n ? free + 1n : 1n;
  const count = within.reduce((sum, [lo, hi]) => sum + hi / size - lo / size + 1n, 0n);
  if (count > mostPieces) return null;
  return within.flatMap(([lo, hi]) => {
    const pieces: Shifted[] = [];
    for (let start = lo; start <= hi; start = (start / size + 1n) * size) {
      const next = (start / size + 1n) * size - 1n;
      pieces.push({ lo: start, hi: next < hi ? next : hi, to: value | (start & free) });
    }
    return pieces;
  });
}
