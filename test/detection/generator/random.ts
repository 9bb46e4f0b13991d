/** Numbers that only a seed and a name decide (sfc32): each stream of the log has its own, so that a new one disturbs none. */
export interface Random {
  /** From 0 up to below 1. */
  float(): number;
  /** A whole number from `from` to `to`, both included. */
  int(from: number, to: number): number;
  pick<T>(from: readonly T[]): T;
  /** True with this probability. */
  chance(probability: number): boolean;
  /** Waiting time until the next of events that are independent of one another. */
  wait(mean: number): number;
  shuffle<T>(all: T[]): T[];
}

export function randomOf(seed: number, name: string): Random {
  let hash = 0x811c9dc5 ^ seed;
  for (const character of name) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
  let [a, b, c, count] = [seed | 0, hash | 0, Math.imul(seed ^ 0x5bd1e995, hash) | 0, 1];
  const next = (): number => {
    const sum = (((a + b) | 0) + count) | 0;
    count = (count + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return sum >>> 0;
  };
  for (let warming = 0; warming < 16; warming += 1) next();
  const float = (): number => next() / 4_294_967_296;
  const int = (from: number, to: number): number => from + Math.floor(float() * (to - from + 1));
  return {
    float,
    int,
    pick: (from) => {
      if (from.length === 0) throw new Error('nothing to pick from');
      return from[int(0, from.length - 1)] as (typeof from)[number];
    },
    chance: (probability) => float() < probability,
    wait: (mean) => -Math.log(1 - float()) * mean,
    shuffle: (all) => {
      for (let at = all.length - 1; at > 0; at -= 1) {
        const other = int(0, at);
        [all[at], all[other]] = [all[other] as (typeof all)[number], all[at] as (typeof all)[number]];
      }
      return all;
    },
  };
}
