import { type Family, prefixRange, type Ranges, ranges } from '../../model/net/index.ts';
import type { Constraint } from '../../model/packet/index.ts';
import { hasType } from '../evaluate/addresstype.ts';
import type { Surroundings } from '../evaluate/surroundings.ts';
import { all, listed, type Node, none } from '../space/index.ts';
import type { Matching } from './match.ts';

/** Addresses at which the type of an address may change on this host, as intervals that each have one. */
export function typePieces(family: Family, surroundings: Surroundings): Ranges<bigint> {
  const most = family === 4 ? 0xffffffffn : (1n << 128n) - 1n;
  const cuts = new Set<bigint>([0n]);
  const add = ([lo, hi]: readonly [bigint, bigint]): void => {
    cuts.add(lo);
    if (hi < most) cuts.add(hi + 1n);
  };
  for (const { family: of, prefix } of surroundings.routes ?? []) if (of === family) addWithFirst(prefixRange(prefix));
  for (const { prefix, broadcast } of surroundings.addresses ?? []) {
    if (prefix.family !== family) continue;
    add([prefix.value, prefix.value]);
    const [lo, hi] = prefixRange(prefix);
    for (const each of [[lo, hi], [lo, lo], [hi, hi]] as const) add(each); // biome-ignore format: three of a kind
    if (broadcast !== null) add([broadcast.value, broadcast.value]);
  }
  if (family === 4) for (const each of special4) add(each);
  else add([1n, 1n]);
  const starts = [...cuts].sort((left, right) => (left < right ? -1 : 1));
  return starts.map((start, index) => [start, (starts[index + 1] ?? most + 1n) - 1n] as const);

  // The first address of a network may be of another type than the rest (IPv6 anycast).
  function addWithFirst([lo, hi]: readonly [bigint, bigint]): void {
    add([lo, hi]);
    add([lo, lo]);
  }
}

const special4: Ranges<bigint> = [
  [0n, 0n],
  [0xffffffffn, 0xffffffffn],
  [0xe0000000n, 0xefffffffn],
  [0x7f000000n, 0x7fffffffn],
];

/** Packets whose address is of one of the types; what cannot be told depends on the match itself. */
export function typeSet(constraint: Extract<Constraint, { kind: 'addressType' }>, matching: Matching): Node {
  const { diagram, layout, surroundings } = matching;
  const { field, types, on } = constraint;
  const limit = on === null ? '' : ` --limit-iface-${on}`;
  const text = `-m addrtype --${field}-type ${types.join(',')}${limit}`;
  const pieces = typePieces(layout.family, surroundings);
  const seenFrom = (link: string | null): Node => {
    const yes: [bigint, bigint][] = [];
    const open: [bigint, bigint][] = [];
    for (const [lo, hi] of pieces) {
      const answer = hasType(layout.family, types, lo, link, surroundings);
      if (answer !== false) (answer === null ? open : yes).push([lo, hi]);
    }
    const of = (intervals: readonly (readonly [bigint, bigint])[]): Node =>
      intervals.length === 0 ? none : matching.fieldSet(field, layout.addressCodes(field, ranges<bigint>(...intervals)));
    return diagram.first(of(yes), open.length === 0 ? none : diagram.mask(of(open), matching.variable(text, text, true)));
  };
  if (on === null) return seenFrom(null);
  let set: Node = none;
  for (let code = 0; code < layout.interfaces.size; code += 1) {
    const name = layout.interfaces.nameOf(code);
    set = diagram.first(set, diagram.mask(matching.fieldSet(on, listed([code])), seenFrom(name === '' ? null : name)));
  }
  return set === all ? all : set;
}
