import { type Family, parsePrefix, prefixRange } from './address.ts';
import { type Ranges, ranges } from './ranges.ts';

/** Networks as one set, from their texts. */
export function networks(...texts: readonly string[]): Ranges<bigint> {
  return ranges(
    ...texts.map((text) => {
      const prefix = parsePrefix(text);
      if (prefix === undefined) throw new Error(`${text} is no network`);
      return prefixRange(prefix);
    }),
  );
}

/** Sources that no router of the world carries and that the kernel takes all the same: private, shared, benchmarks; unique local. */
export const bogons: Readonly<Record<Family, Ranges<bigint>>> = {
  4: networks('10.0.0.0/8', '100.64.0.0/10', '172.16.0.0/12', '192.168.0.0/16', '198.18.0.0/15'),
  6: networks('fc00::/7'),
};

/** Each of {@link bogons} as a network, for people and for fixes. */
export const bogonNetworks: Readonly<Record<Family, readonly string[]>> = {
  4: ['10.0.0.0/8', '100.64.0.0/10', '172.16.0.0/12', '192.168.0.0/16', '198.18.0.0/15'],
  6: ['fc00::/7'],
};
