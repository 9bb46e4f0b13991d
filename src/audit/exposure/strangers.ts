import { bogons, type Family, networks, parseAddress, type Ranges, ranges, without } from '../../model/net/index.ts';
import type { Constraint } from '../../model/packet/index.ts';

/**
 * Sources that the world has: global unicast without private and shared networks, link-local ones and benchmarks (RFC 6890).
 * Documentation's addresses stand for the world in examples, and belong to it.
 */
export const strangers: Readonly<Record<Family, Ranges<bigint>>> = {
  4: without(networks('0.0.0.0/0'), networks('0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16', '198.18.0.0/15', '224.0.0.0/3')),
  6: networks('2000::/3'),
}; // biome-ignore format: two lists

/** Sources that only neighbours on the same link have (RFC 3927 §2.1, RFC 4291 §2.5.6). */
export const neighbours: Readonly<Record<Family, Ranges<bigint>>> = {
  4: networks('169.254.0.0/16'),
  6: networks('fe80::/10'),
};

/** So much of the world is anyone: a 64th of IPv4, more than all private networks together; a /20 of IPv6. */
export const anyone: Readonly<Record<Family, number>> = { 4: 1 / 64, 6: 1 / 2 ** 17 };

/** Values that the checks tell apart beyond what rules do. */
export function strangerCuts(family: Family): readonly Constraint[] {
  return (['src', 'dst'] as const).flatMap((field) =>
    [strangers, neighbours, bogons].map((of): Constraint => ({ kind: 'address', field, ranges: of[family] })),
  );
}

export function common(left: Ranges<bigint>, right: Ranges<bigint>): Ranges<bigint> {
  return ranges(
    ...left.flatMap(([lo, hi]) =>
      right.map(([from, to]) => [lo > from ? lo : from, hi < to ? hi : to] as const).filter(([a, b]) => a <= b),
    ),
  );
}

export function sizeOf(of: Ranges<bigint>): bigint {
  return of.reduce((sum, [lo, hi]) => sum + hi - lo + 1n, 0n);
}

export function addressOf(text: string): bigint {
  const parsed = parseAddress(text);
  if (parsed === undefined) throw new Error(`${text} is no address`);
  return parsed.value;
}
