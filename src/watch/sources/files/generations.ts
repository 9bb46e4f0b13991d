import { readdirSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';

/** How a rotated file was compressed. */
export type Packing = 'gz' | 'xz' | 'zst';

/** One of the files that a log was written into, one after the other. */
export interface Generation {
  readonly path: string;
  readonly dev: number;
  readonly ino: string;
  readonly size: number;
  /** Epoch milliseconds. */
  readonly written: number;
  readonly packing: Packing | null;
}

/** What logrotate and its like put behind a name, or before its last part: `.1`, `-20261122`, `.2026-11-22.3`. */
const turn = /^[.-]\d[\d._T-]*$/;
const packed = /\.(gz|xz|zst)$/;

/** How a file of that name is compressed. */
export function packingOf(path: string): Packing | null {
  return (packed.exec(path)?.[1] ?? null) as Packing | null;
}

/** Larger numbers are dates. */
const mostTurns = 100_000;
/** Until names stay as they are. */
const mostLooks = 100;
/** In one folder; more names than these are no log's. */
const mostNames = 10_000;

/**
 * The files of a log, oldest first: those that rotation made of it, compressed or not, and last the one of its name, if that is there. What
 * else lies beside it (`kern.log.bak`) is none of them. Compressed ones keep the time of what they hold.
 */
export function generationsOf(path: string): readonly Generation[] {
  let before = listed(path);
  // Names are read first and looked at one by one: between the two somebody may give each of them to another file.
  for (let left = mostLooks; left > 0; left -= 1) {
    const again = listed(path);
    if (before !== null && again !== null && isSame(before, again)) return again;
    before = again;
  }
  return before ?? [];
}

function isSame(one: readonly Generation[], other: readonly Generation[]): boolean {
  return (
    one.length === other.length &&
    one.every(({ path, dev, ino }, index) => {
      const same = other[index];
      return same?.path === path && same.ino === ino && same.dev === dev;
    })
  );
}

/** `null`: one of the names was gone when it was looked at. */
function listed(path: string): readonly Generation[] | null {
  const found: Ranked[] = [];
  for (const name of namesOf(path)) {
    const generation = look(name.path);
    if (generation === 'gone') return null;
    if (generation !== null) found.push({ ...generation, rank: name.rank });
  }
  found.sort(order);
  // Both are there while a program compresses one into the other.
  const whole = found.filter(
    ({ path: each }) => !found.some((other) => other.path === each.replace(packed, '') && other.path !== each),
  );
  const now = look(path);
  if (now === null || now === 'gone') return whole;
  return [...whole.filter(({ dev, ino }) => dev !== now.dev || ino !== now.ino), now];
}

type Ranked = Generation & { readonly rank: string };

/** `.2` is older than `.1`, and `-20261122` than `-20261123`; where names of both kinds are, the time tells. */
function order(one: Ranked, two: Ranked): number {
  const [first, second] = [Number(one.rank.slice(1)), Number(two.rank.slice(1))];
  const counted = first < mostTurns && second < mostTurns;
  if (counted) return second - first;
  if (first < mostTurns || second < mostTurns) return one.written - two.written;
  return one.rank < two.rank ? -1 : 1;
}

function namesOf(path: string): { readonly path: string; readonly rank: string }[] {
  let folder: string;
  let real: string;
  try {
    real = realpathSync(path);
  } catch {
    // It is not there at this moment; what was made of it may be.
    real = path;
  }
  try {
    folder = realpathSync(dirname(real));
  } catch {
    // There is no such folder: no log.
    return [];
  }
  const bases = [...new Set([basename(path), basename(real)])];
  // A link that leads from one dated file to the next (cronolog): they differ in digits alone.
  const dated = real !== path && basename(real) !== basename(path) ? digits(basename(real)) : null;
  const names: { path: string; rank: string }[] = [];
  for (const name of safely(folder)) {
    const bare = name.replace(packed, '');
    const rank =
      bases.map((base) => rankOf(bare, base)).find((each) => each !== null) ?? (digits(bare) === dated ? `-${bare}` : null);
    if (rank !== null && rank !== undefined) names.push({ path: join(folder, name), rank });
  }
  return names;
}

function safely(folder: string): readonly string[] {
  try {
    return readdirSync(folder).slice(0, mostNames);
  } catch {
    // May not be listed: then the file itself is all there is.
    return [];
  }
}

function rankOf(name: string, base: string): string | null {
  const extension = extname(base);
  const stem = base.slice(0, base.length - extension.length);
  if (name.startsWith(base) && turn.test(name.slice(base.length))) return name.slice(base.length);
  const middle = name.slice(stem.length, name.length - extension.length);
  return extension !== '' && name.startsWith(stem) && name.endsWith(extension) && turn.test(middle) ? middle : null;
}

function digits(name: string): string {
  return name.replace(/\d/g, '0');
}

/** `null`: no plain file. */
function look(path: string): Generation | 'gone' | null {
  try {
    const stats = statSync(path, { bigint: true });
    if (!stats.isFile()) return null;
    return {
      path,
      dev: Number(stats.dev),
      ino: String(stats.ino),
      size: Number(stats.size),
      written: Number(stats.mtimeNs) / 1e6,
      packing: packingOf(path),
    };
  } catch {
    // Renamed or taken away at this very moment, or never there.
    return 'gone';
  }
}
