/** A small generator of numbers that only its seed decides (mulberry32): the same seed, the same input, on any machine. */
export interface Random {
  /** From 0 up to below `below`. */
  nat(below: number): number;
  pick<T>(from: readonly T[]): T;
  /** True once in so many times. */
  once(inTimes: number): boolean;
}

export function randomOf(seed: number, index: number): Random {
  let state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)) >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const nat = (below: number): number => next() % Math.max(1, below);
  return {
    nat,
    pick: (from) => {
      if (from.length === 0) throw new Error('nothing to pick from');
      return from[nat(from.length)] as (typeof from)[number];
    },
    once: (inTimes) => nat(inTimes) === 0,
  };
}
