import { ranges } from '../../model/net/index.ts';
import type { Constraint } from '../../model/packet/index.ts';
import { addressPieces } from '../evaluate/addresspieces.ts';
import { hasType } from '../evaluate/addresstype.ts';
import { all, listed, type Node, none } from '../space/index.ts';
import type { Matching } from './match.ts';

export { addressPieces as typePieces } from '../evaluate/addresspieces.ts';

/** Packets whose address is of one of the types; what cannot be told depends on the match itself. */
export function typeSet(constraint: Extract<Constraint, { kind: 'addressType' }>, matching: Matching): Node {
  const { diagram, layout, surroundings } = matching;
  const { field, types, on } = constraint;
  const limit = on === null ? '' : ` --limit-iface-${on}`;
  const text = `-m addrtype --${field}-type ${types.join(',')}${limit}`;
  const pieces = addressPieces(layout.family, surroundings);
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
