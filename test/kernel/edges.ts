import type { Family } from '../../src/model/net/index.ts';
import type { Random } from './random.ts';

/**
 * Values at and just beyond the borders of what a ruleset's matches speak of: where an error of one shows.
 * Rules note them while they are made, packets are picked from them.
 */
export interface Edges {
  readonly src: bigint[];
  readonly dst: bigint[];
  readonly ports: number[];
  readonly icmp: (readonly [type: number, code: number])[];
  readonly flags: number[];
  readonly lengths: number[];
  readonly ttls: number[];
  readonly marks: number[];
  readonly protos: number[];
  readonly services: number[];
  readonly users: number[];
}

export function noEdges(): Edges {
  return {
    src: [],
    dst: [],
    ports: [],
    icmp: [],
    flags: [],
    lengths: [],
    ttls: [],
    marks: [],
    protos: [],
    services: [],
    users: [],
  };
}

/** Networks that packets and rules have in common. `here` are the firewall's own, `beyond` are forwarded. */
export const places: Readonly<
  Record<Family, { readonly from: readonly Net[]; readonly here: readonly Net[]; readonly beyond: readonly Net[] }>
> = {
  4: {
    from: [net(4, 0xc0000200n, 24), net(4, 0xc6336400n, 24), net(4, 0x0a090100n, 24)],
    here: [net(4, 0x0a320000n, 16), net(4, 0x0a320000n, 24)],
    beyond: [net(4, 0xcb007100n, 24), net(4, 0xac100000n, 12)],
  },
  6: {
    from: [net(6, 0x20010db8000a0000n << 64n, 64), net(6, 0xfd09000100000000n << 64n, 64)],
    here: [net(6, 0xfd50000000000000n << 64n, 64), net(6, 0xfd50000000000000n << 64n, 120)],
    beyond: [net(6, 0x20010db8000f0000n << 64n, 48), net(6, 0xfd72000000000000n << 64n, 16)],
  },
};

export interface Net {
  readonly family: Family;
  readonly value: bigint;
  readonly length: number;
}

function net(family: Family, value: bigint, length: number): Net {
  return { family, value, length };
}

const bits = (family: Family): number => (family === 4 ? 32 : 128);

/** Any address of the network, small ones more often: there the sets' members are. */
export function within(random: Random, { family, value, length }: Net): bigint {
  const free = bits(family) - length;
  return value | random.bits(random.chance(0.6) ? Math.min(free, 8) : free);
}

/** A network inside one of these, down to a single address. */
export function subnet(random: Random, from: readonly Net[]): Net {
  const base = random.pick(from);
  const length = random.pick([
    base.length,
    Math.min(base.length + 1 + random.below(8), bits(base.family)),
    bits(base.family) - random.below(9),
  ]);
  const free = BigInt(bits(base.family) - Math.max(length, base.length));
  return { family: base.family, value: (within(random, base) >> free) << free, length: Math.max(length, base.length) };
}

export function lastOf({ family, value, length }: Net): bigint {
  return value + (1n << BigInt(bits(family) - length)) - 1n;
}

/** The borders of a range, and the values next to them. */
export function around<T extends bigint | number>(lo: T, hi: T, into: T[]): void {
  const one = (typeof lo === 'bigint' ? 1n : 1) as T;
  const plus = (a: T, b: T): T => ((a as number) + (b as number)) as T;
  const minus = (a: T, b: T): T => ((a as number) - (b as number)) as T;
  into.push(minus(lo, one), lo, hi, plus(hi, one));
}
