import type { IpSet } from '../../model/host/index.ts';
import { type Family, type Ranges, ranges } from '../../model/net/index.ts';
import { addressPieces } from './addresspieces.ts';
import type { Passage } from './passage.ts';
import { intersect } from './possible.ts';
import type { Surroundings } from './surroundings.ts';

/** Fields of which a translation may leave several values possible. */
type OpenField = 'src' | 'dst' | 'sport' | 'dport';

/** Values of an open field for which the answer is one thing, and those for which it is, or may be, another. */
export type Narrowing =
  | {
      readonly what: 'address';
      readonly field: 'src' | 'dst';
      readonly inside: Ranges<bigint>;
      readonly outside: Ranges<bigint>;
    }
  | {
      readonly what: 'port';
      readonly field: 'sport' | 'dport';
      readonly inside: Ranges<number>;
      readonly outside: Ranges<number>;
    };

/** Intervals of values that give the same answer; where they are missing, no value of the field matters. */
export interface Cuts {
  readonly src?: Ranges<bigint>;
  readonly dst?: Ranges<bigint>;
  readonly sport?: Ranges<number>;
  readonly dport?: Ranges<number>;
}

/** So many combinations of values are tried; beyond, the question stays one. */
const mostTried = 2000;

/**
 * An answer for all values that the packet's fields may have, when it is the same for all; else what to ask first.
 * `null`: it cannot be told.
 */
export function narrowing(
  passage: Passage,
  cuts: Cuts,
  answer: (passage: Passage) => boolean | null,
): boolean | null | Narrowing {
  const open = (['src', 'dst', 'sport', 'dport'] as const).flatMap((field) => piecesOf(passage, cuts, field) ?? []);
  if (open.length === 0 || open.reduce((product, { pieces }) => product * pieces.length, 1) > mostTried) return answer(passage);
  return among(passage, open, answer);
}

interface Open {
  readonly field: OpenField;
  readonly pieces: Ranges<bigint> | Ranges<number>;
}

function piecesOf(passage: Passage, cuts: Cuts, field: OpenField): Open | null {
  if (field === 'src' || field === 'dst') {
    const [value, at] = [passage[field], cuts[field]];
    return typeof value === 'object' && at !== undefined ? { field, pieces: intersect(value, at) } : null;
  }
  const [value, at] = [passage[field], cuts[field]];
  return typeof value === 'object' && value !== null && at !== undefined ? { field, pieces: intersect(value, at) } : null;
}

/** Tries every piece of the first field with all of the others. */
function among(
  passage: Passage,
  [first, ...others]: readonly Open[],
  answer: (passage: Passage) => boolean | null,
): boolean | null | Narrowing {
  if (first === undefined) return answer(passage);
  const found = first.pieces.map(([lo]) => among({ ...passage, [first.field]: lo }, others, answer));
  const [plain] = found;
  if (plain === undefined) return answer(passage);
  if (typeof plain !== 'object' || plain === null) {
    if (found.every((other) => other === plain)) return plain;
    return parted(first, (index) => found[index] === plain);
  }
  // Where it hangs on another field as well, each piece is told by itself first.
  return found.length === 1 ? plain : parted(first, (index) => index === 0);
}

function parted({ field, pieces }: Open, isInside: (index: number) => boolean): Narrowing {
  const [inside, outside] = [pieces.filter((_, index) => isInside(index)), pieces.filter((_, index) => !isInside(index))];
  return field === 'src' || field === 'dst'
    ? { what: 'address', field, inside: ranges(...(inside as Ranges<bigint>)), outside: ranges(...(outside as Ranges<bigint>)) }
    : { what: 'port', field, inside: ranges(...(inside as Ranges<number>)), outside: ranges(...(outside as Ranges<number>)) };
}

/** Where the type of an address changes. */
export function typeCuts(field: 'src' | 'dst', family: Family, surroundings: Surroundings): Cuts {
  return { [field]: addressPieces(family, surroundings) };
}

/** Where members of a set begin and end. */
export function memberCuts(
  set: IpSet,
  sides: readonly ('src' | 'dst')[],
  passage: Passage,
  sets: ReadonlyMap<string, IpSet> | null,
): Cuts {
  const addresses = { src: [] as [bigint, bigint][], dst: [] as [bigint, bigint][] };
  const ports = { src: [] as [number, number][], dst: [] as [number, number][] };
  const note = ({ members }: IpSet): void => {
    for (const { parts } of members) {
      for (const [index, part] of parts.entries()) {
        const side = sides[index] ?? 'src';
        const inner = part.kind === 'set' ? sets?.get(part.name) : undefined;
        if (inner !== undefined) note(inner);
        if (part.kind === 'addresses') addresses[side].push(...within(part.ranges, passage[side]));
        const port = side === 'src' ? passage.sport : passage.dport;
        if (part.kind === 'ports') ports[side].push(...within(part.ranges, port));
      }
    }
  };
  note(set);
  const most = passage.packet.family === 4 ? 0xffffffffn : (1n << 128n) - 1n;
  return {
    src: cutAt(addresses.src, 0n, most),
    dst: cutAt(addresses.dst, 0n, most),
    sport: cutAt(ports.src, 0, 65_535),
    dport: cutAt(ports.dst, 0, 65_535),
  };
}

/** Only what an open field may be is of interest: a set may have very many members. */
function within<T extends bigint | number>(of: Ranges<T>, value: T | Ranges<T> | null): readonly [T, T][] {
  return typeof value === 'object' && value !== null ? intersect(of, value).map(([lo, hi]) => [lo, hi]) : [];
}

function cutAt<T extends bigint | number>(intervals: readonly (readonly [T, T])[], least: T, most: T): Ranges<T> {
  const step = (value: T, by: 1 | -1): T => (typeof value === 'bigint' ? value + BigInt(by) : (value as number) + by) as T;
  const starts = new Set<T>([least]);
  for (const [lo, hi] of intervals) {
    starts.add(lo);
    if (hi < most) starts.add(step(hi, 1));
  }
  const sorted = [...starts].sort((left, right) => (left < right ? -1 : 1));
  return sorted.map((start, index) => {
    const next = sorted[index + 1];
    return [start, next === undefined ? most : step(next, -1)] as const;
  });
}
