import { type Ranges, ranges } from '../model/net/index.ts';
import { allOf, anyOf, type Constraint, never, not } from '../model/packet/index.ts';

/**
 * A text that is the same for constraints that say the same in different words: order, nesting and repetition do not
 * count, ranges of one field in a conjunction are intersected and in a disjunction united, `not` stands at the leaves.
 * Equal texts mean equal constraints; the reverse is not promised.
 */
export function canonical(constraint: Constraint): string {
  const pushed = push(constraint, false);
  return plainText(pushed) ?? write(reduce(pushed));
}

/** The text of leaves that all must hold, about a field each, which is what most rules say; `null` of others. */
function plainText(constraint: Constraint): string | null {
  if (constraint.kind !== 'all') return null;
  const fields = new Set<string>();
  const texts: string[] = [];
  for (const part of constraint.of) {
    if (part.kind === 'all' || part.kind === 'any' || part.kind === 'never') return null;
    if (part.kind === 'number' || part.kind === 'address') {
      if (fields.has(part.field)) return null;
      fields.add(part.field);
    }
    const text = write(part);
    if (!texts.includes(text)) texts.push(text);
  }
  const [only = ''] = texts;
  return texts.length === 1 ? only : `{"kind":"all","of":[${texts.sort().join()}]}`;
}

/** Moves `not` down to the leaves (De Morgan). */
function push(constraint: Constraint, negated: boolean): Constraint {
  switch (constraint.kind) {
    case 'not':
      return push(constraint.of, !negated);
    case 'all':
    case 'any': {
      const of = constraint.of.map((part) => push(part, negated));
      return (constraint.kind === 'all') === negated ? anyOf(...of) : allOf(...of);
    }
    default:
      return negated ? not(tidy(constraint)) : tidy(constraint);
  }
}

/** Ranges sorted and merged; none at all is never true. */
function tidy(leaf: Constraint): Constraint {
  if (leaf.kind !== 'number' && leaf.kind !== 'address') return leaf;
  if (leaf.ranges.length < 2) return leaf.ranges.length === 0 ? never : leaf;
  return leaf.kind === 'number' ? { ...leaf, ranges: ranges(...leaf.ranges) } : { ...leaf, ranges: ranges(...leaf.ranges) };
}

function reduce(constraint: Constraint): Constraint {
  if (constraint.kind !== 'all' && constraint.kind !== 'any') return constraint;
  const join = constraint.kind === 'all' ? allOf : anyOf;
  const joined = join(...constraint.of.map(reduce));
  if (joined.kind !== constraint.kind) return joined;
  const byField = new Map<string, Constraint>();
  const rest: Constraint[] = [];
  for (const part of joined.of) {
    if (part.kind !== 'number' && part.kind !== 'address') {
      rest.push(part);
      continue;
    }
    const before = byField.get(part.field);
    byField.set(part.field, before === undefined ? part : merge(before, part, constraint.kind));
  }
  const distinct = new Map([...[...byField.values()].map(tidy), ...rest].map((part) => [write(part), part]));
  return join(...[...distinct.keys()].sort().map((key) => distinct.get(key) as Constraint));
}

/** Two leaves of the same field. A packet that lacks the field fails both and their merger alike. */
function merge(a: Constraint, b: Constraint, kind: 'all' | 'any'): Constraint {
  if (a.kind === 'number' && b.kind === 'number') {
    const merged = kind === 'all' ? meet(a.ranges, b.ranges) : ranges(...a.ranges, ...b.ranges);
    return { ...a, ranges: merged };
  }
  if (a.kind === 'address' && b.kind === 'address') {
    const merged = kind === 'all' ? meet(a.ranges, b.ranges) : ranges(...a.ranges, ...b.ranges);
    return { ...a, ranges: merged };
  }
  throw new Error('only leaves of one field merge');
}

function meet<T extends number | bigint>(a: Ranges<T>, b: Ranges<T>): Ranges<T> {
  return ranges(
    ...a.flatMap(([lo, hi]) => b.map(([from, to]): readonly [T, T] => [lo > from ? lo : from, hi < to ? hi : to] as const)),
  );
}

/** As JSON, of which an address is a text; put together here, since every rule is written. */
function write(constraint: Constraint): string {
  switch (constraint.kind) {
    case 'number':
      return leafOf(constraint, constraint.ranges.map(([lo, hi]) => `[${lo},${hi}]`).join());
    case 'address':
      return leafOf(constraint, constraint.ranges.map(([lo, hi]) => `["${lo}","${hi}"]`).join());
    case 'all':
    case 'any':
      return `{"kind":"${constraint.kind}","of":[${constraint.of.map(write).join()}]}`;
    case 'not':
      return `{"kind":"not","of":${write(constraint.of)}}`;
    default:
      return JSON.stringify(constraint);
  }
}

function leafOf({ kind, field }: { readonly kind: string; readonly field: string }, ranges: string): string {
  return `{"kind":"${kind}","field":"${field}","ranges":[${ranges}]}`;
}

/** What a constraint hangs on, beyond the packet's own header. */
export interface Reads {
  /** A match that decides for itself each time, or that palisade does not understand. */
  readonly undecidable: boolean;
  readonly mark: boolean;
  readonly sets: boolean;
  readonly state: boolean;
}

export function readsOf(constraint: Constraint): Reads {
  switch (constraint.kind) {
    case 'all':
    case 'any':
      return constraint.of.reduce((sum, part) => joined(sum, readsOf(part)), nothing);
    case 'not':
      return readsOf(constraint.of);
    case 'opaque':
      return { ...nothing, undecidable: constraint.nature === 'stateful' || constraint.hotdrop || constraint.unknown };
    case 'bits':
    case 'anyBit':
      return { ...nothing, mark: constraint.field === 'mark' || constraint.field === 'connmark' };
    case 'member':
      return { ...nothing, sets: true };
    case 'number':
      return constraint.field === 'state' ? { ...nothing, state: true } : nothing;
    default:
      return nothing;
  }
}

function joined(one: Reads, other: Reads): Reads {
  if (one === nothing || other === nothing) return one === nothing ? other : one;
  return {
    undecidable: one.undecidable || other.undecidable,
    mark: one.mark || other.mark,
    sets: one.sets || other.sets,
    state: one.state || other.state,
  };
}

const nothing: Reads = { undecidable: false, mark: false, sets: false, state: false };
