import { type Family, prefixRange, type Ranges } from '../../model/net/index.ts';
import type { Surroundings } from './surroundings.ts';

/** All addresses, as intervals of which each has one type on this host (see addresstype.ts, hasType). */
export function addressPieces(family: Family, surroundings: Surroundings): Ranges<bigint> {
  const most = family === 4 ? 0xffffffffn : (1n << 128n) - 1n;
  const cuts = new Set<bigint>([0n]);
  const add = ([lo, hi]: readonly [bigint, bigint]): void => {
    cuts.add(lo);
    if (hi < most) cuts.add(hi + 1n);
  };
  for (const { family: of, prefix } of surroundings.routes ?? []) if (of === family) addWithFirst(prefixRange(prefix));
  for (const { prefix, broadcast } of surroundings.addresses ?? []) {
    if (prefix.family !== family) continue;
    add([prefix.value, prefix.value]);
    const [lo, hi] = prefixRange(prefix);
    for (const each of [[lo, hi], [lo, lo], [hi, hi]] as const) add(each); // biome-ignore format: three of a kind
    if (broadcast !== null) add([broadcast.value, broadcast.value]);
  }
  if (family === 4) for (const each of special4) add(each);
  else add([1n, 1n]);
  const starts = [...cuts].sort((left, right) => (left < right ? -1 : 1));
  return starts.map((start, index) => [start, (starts[index + 1] ?? most + 1n) - 1n] as const);

  // The first address of a network may be of another type than the rest (IPv6 anycast).
  function addWithFirst([lo, hi]: readonly [bigint, bigint]): void {
    add([lo, hi]);
    add([lo, lo]);
  }
}

const special4: Ranges<bigint> = [
  [0n, 0n],
  [0xffffffffn, 0xffffffffn],
  [0xe0000000n, 0xefffffffn],
  [0x7f000000n, 0x7fffffffn],
];
