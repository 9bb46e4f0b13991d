/** Chance that can be repeated: the same seed gives the same rules and packets (mulberry32). */
export interface Random {
  /** A whole number from 0 to `below - 1`. */
  below(below: number): number;
  /** True so often. */
  chance(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
  /** Some of them, at least one, in their order. */
  some<T>(from: readonly T[]): readonly T[];
  bits(count: number): bigint;
}

export function seeded(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const random: Random = {
    below: (below) => Math.floor(next() * below),
    chance: (probability) => next() < probability,
    pick(from) {
      if (from.length === 0) throw new Error('nothing to pick from');
      return from[random.below(from.length)] as (typeof from)[number];
    },
    some(from) {
      const chosen = from.filter(() => next() < 0.4);
      return chosen.length > 0 ? chosen : [random.pick(from)];
    },
    bits(count) {
      let value = 0n;
      for (let left = count; left > 0; left -= 16) {
        const chunk = Math.min(16, left);
        value = (value << BigInt(chunk)) | BigInt(random.below(1 << chunk));
      }
      return value;
    },
  };
  return random;
}
