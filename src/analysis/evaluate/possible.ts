import type { Ranges } from '../../model/net/index.ts';

/** A value that is known, or the several that it may be. */
export type Possible<T extends number | bigint> = T | Ranges<T>;

/** A set with one member is that member. */
export function possible<T extends number | bigint>(values: Ranges<T>): Possible<T> {
  const [only] = values;
  return values.length === 1 && only !== undefined && only[0] === only[1] ? only[0] : values;
}

export function intersect<T extends number | bigint>(left: Ranges<T>, right: Ranges<T>): Ranges<T> {
  return left.flatMap(([lo, hi]) =>
    right.flatMap(([from, to]) => {
      const start = lo > from ? lo : from;
      const end = hi < to ? hi : to;
      return start <= end ? [[start, end] as const] : [];
    }),
  );
}

export function subtract<T extends number | bigint>(left: Ranges<T>, right: Ranges<T>): Ranges<T> {
  return right.reduce<Ranges<T>>(
    (rest, [from, to]) =>
      rest.flatMap(([lo, hi]) => {
        if (to < lo || from > hi) return [[lo, hi] as const];
        const pieces: (readonly [T, T])[] = [];
        if (lo < from) pieces.push([lo, step(from, -1)]);
        if (hi > to) pieces.push([step(to, 1), hi]);
        return pieces;
      }),
    left,
  );
}

function step<T extends number | bigint>(value: T, by: 1 | -1): T {
  return (typeof value === 'bigint' ? value + BigInt(by) : (value as number) + by) as T;
}
