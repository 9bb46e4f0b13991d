/**
 * A list that takes insertions anywhere without moving all that follows: a file of nothing but `-I` is read in linear
 * time. Pieces hold up to {@link most} items each.
 */
export interface Sequence<T> {
  readonly pieces: T[][];
  length: number;
}

const most = 1024;

export function sequence<T>(): Sequence<T> {
  return { pieces: [[]], length: 0 };
}

export function append<T>(list: Sequence<T>, item: T): void {
  const last = list.pieces[list.pieces.length - 1] as T[];
  if (last.length < most) last.push(item);
  else list.pieces.push([item]);
  list.length += 1;
}

/** Inserts before the item at `index`, which is at most the length. */
export function insert<T>(list: Sequence<T>, index: number, item: T): void {
  let piece = 0;
  let at = index;
  for (;;) {
    const length = (list.pieces[piece] as T[]).length;
    if (at <= length) break;
    at -= length;
    piece += 1;
  }
  const found = list.pieces[piece] as T[];
  found.splice(at, 0, item);
  if (found.length > most) list.pieces.splice(piece + 1, 0, found.splice(most / 2));
  list.length += 1;
}

export function items<T>(list: Sequence<T>): T[] {
  return list.pieces.flat();
}
