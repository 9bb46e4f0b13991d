import { type Generation, generationsOf } from './generations.ts';
import { Held, Unheld } from './held.ts';
import type { Opened } from './opened.ts';
import { headBytes, type Place } from './place.ts';

/** Whoever copies a file has written its first bytes by then. */
const copyingMs = 500;

/** What there is to be read behind some places of a log. */
export interface Trail {
  /** Oldest first, to the one that has the name now. Whoever asks closes them. */
  readonly files: readonly Held[];
  /** How far those are read that have been begun. */
  readonly found: ReadonlyMap<Held, Place>;
  /** The file of a place, and every copy of it, is gone. */
  readonly gone: boolean;
  /** The file of the name had last been written to before any place was read, and is none of their files: somebody put an older one there. */
  readonly isOlder: boolean;
}

/**
 * Finds the files in which places are, and those that came behind them. The very same file counts first, as its inode and its beginning tell;
 * else one that begins as it did: a copy, or what it was compressed to, the newest first. Of a file that was empty nothing tells what has since become of it; so
 * whatever was written later is behind it.
 *
 * @param known files that are held already, under whatever name, and are left out.
 * @throws {Unheld} where one is renamed at this very moment, or may not be read.
 */
export async function trailFrom(path: string, places: readonly Place[], known: readonly Opened[], nowMs: number): Promise<Trail> {
  using holds = createHolds();
  const generations = generationsOf(path);
  const found = new Map<Generation, Place>();
  let gone = false;
  for (const place of places) {
    const generation = await generationOf(place, generations, found, holds);
    if (generation !== null && !found.has(generation)) found.set(generation, place);
    else gone ||= place.offset > 0;
  }
  const latest = Math.max(0, ...places.map(({ written }) => written));
  const empty = places.filter(({ head }) => head.length === 0);
  const isBehind = (generation: Generation): boolean =>
    found.has(generation) ||
    empty.some(({ written }) => generation.written > written) ||
    (found.size === 0 && generation.written > latest);
  const oldest = generations.findIndex(isBehind);
  const files: Held[] = [];
  for (const generation of oldest < 0 ? generations.slice(-1) : generations.slice(oldest)) {
    if (known.some((file) => file.isOf(generation))) continue;
    const held = holds.of(generation);
    if (await isKnown(held, known)) continue;
    if (!found.has(generation)) await begin(held, path, nowMs);
    files.push(held);
  }
  const newest = files.findLast(({ generation }) => generation.path === path);
  // One that begins as the file of the name does is a copy of it that is being made.
  const isCopying = (held: Held): boolean =>
    newest !== undefined && held !== newest && !found.has(held.generation) && isStart(held.beginning, newest.beginning);
  for (const held of files.filter(isCopying)) files.splice(files.indexOf(held), 1);
  holds.release(files);
  const begun = files.flatMap((held): [Held, Place][] => {
    const place = found.get(held.generation);
    return place === undefined ? [] : [[held, place]];
  });
  const now = generations.at(-1);
  return {
    files,
    found: new Map(begun),
    gone,
    isOlder: found.size === 0 && now !== undefined && now.size > 0 && now.written < latest,
  };
}

async function generationOf(
  place: Place,
  generations: readonly Generation[],
  taken: ReadonlyMap<Generation, Place>,
  holds: Holds,
): Promise<Generation | null> {
  const same = generations.find(({ dev, ino }) => dev === place.dev && ino === place.ino);
  // Shorter than what was read, it was emptied. A copy may be: it was made before the last lines came, and then holds nothing more.
  const isWhole = same !== undefined && (same.packing !== null || same.size >= place.offset);
  if (isWhole && !taken.has(same) && (await holds.of(same).begins(place))) return same;
  if (place.head.length === 0) return null;
  for (const generation of generations.toReversed())
    if (!taken.has(generation) && (await holds.of(generation).begins(place))) return generation;
  return null;
}

/**
 * Remembers what a file begins with that is to be read from its start.
 *
 * @throws {Unheld} where that is too little to tell it from a copy that is only just being made.
 */
async function begin(held: Held, path: string, nowMs: number): Promise<void> {
  const { packing, written, path: own } = held.generation;
  if (packing !== null) return;
  held.beginning = (await held.head(0, headBytes)) ?? Buffer.alloc(0);
  if (own !== path && held.beginning.length < headBytes && nowMs - written < copyingMs) throw new Unheld(own, 'ENOENT');
}

function isStart(one: Buffer, other: Buffer): boolean {
  return one.length > 0 && one.length <= other.length && one.compare(other, 0, one.length) === 0;
}

/** One that is held already may have been compressed under its name. */
async function isKnown(held: Held, known: readonly Opened[]): Promise<boolean> {
  for (const file of known) {
    const { head } = file.place();
    if (head.length > 0 && (await held.begins({ ...file.place(), offset: 0 }))) return true;
  }
  return false;
}

interface Holds extends Disposable {
  of(generation: Generation): Held;
  /** These are for others to close. */
  release(files: readonly Held[]): void;
}

function createHolds(): Holds {
  const holds = new Map<Generation, Held>();
  return {
    of(generation) {
      const held = holds.get(generation) ?? new Held(generation);
      holds.set(generation, held);
      return held;
    },
    release(files) {
      for (const { generation } of files) holds.delete(generation);
    },
    [Symbol.dispose]() {
      for (const held of holds.values()) held[Symbol.dispose]();
    },
  };
}
