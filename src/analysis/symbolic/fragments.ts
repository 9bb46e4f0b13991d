import { allOf, always, type Constraint } from '../../model/packet/index.ts';
import { type Axis, all, type Codes, type Node, none, within } from '../space/index.ts';
import { bitCodes } from './layout.ts';
import type { Matching, Place } from './match.ts';

/** A rule's constraint as later fragments meet it: what it says of their header, and of the bytes where ports would be. */
export interface OnFragment {
  readonly rest: Constraint;
  readonly bytes: Node;
}

/**
 * iptables-nft compares what stands in a later fragment where ports and flags would be (evaluate/rules.ts, onFragment). No
 * field holds those bytes, so they are variables; but one value stands there, whatever rules ask of it, so that a narrow
 * range of ports lies within a wide one here too.
 */
export function onLaterFragment(constraint: Constraint, place: Place, matching: Matching): OnFragment {
  const parts = constraint.kind === 'all' ? constraint.of : [constraint];
  const rest: Constraint[] = [];
  let bytes: Node = all;
  for (const part of parts) {
    if (asksHeader(part)) bytes = matching.diagram.mask(bytes, setOnLaterFragment(part, place, matching));
    else rest.push(part);
  }
  return { rest: rest.length === 0 ? always : allOf(...rest), bytes };
}

/** Of ports or flags, or that there is no earlier fragment. */
function asksHeader(part: Constraint): boolean {
  switch (part.kind) {
    case 'all':
    case 'any':
      return part.of.some(asksHeader);
    case 'not':
      return asksHeader(part.of);
    case 'number':
      return part.field === 'sport' || part.field === 'dport' || isFirst(part);
    case 'bits':
    case 'anyBit':
      return part.field === 'flags';
    default:
      return false;
  }
}

function isFirst(part: Constraint): boolean {
  return part.kind === 'number' && part.field === 'fragment' && part.ranges[0]?.[0] === 0;
}

/** Later fragments that the constraint holds for. */
export function setOnLaterFragment(part: Constraint, place: Place, matching: Matching): Node {
  const { diagram, layout } = matching;
  switch (part.kind) {
    case 'all':
      return part.of.reduce<Node>((set, one) => diagram.mask(set, setOnLaterFragment(one, place, matching)), all);
    case 'any':
      return part.of.reduce<Node>((set, one) => diagram.first(set, setOnLaterFragment(one, place, matching)), none);
    case 'not':
      return diagram.not(setOnLaterFragment(part.of, place, matching));
    case 'number':
      if (isFirst(part)) return all;
      if (part.field === 'sport' || part.field === 'dport') return among(part.field, layout.numberCodes(part.field, part.ranges));
      break;
    case 'bits':
      if (part.field !== 'flags') break;
      return among(
        'flags',
        bitCodes((value) => ((value & part.mask) ^ part.value) === 0),
      );
    case 'anyBit':
      if (part.field !== 'flags') break;
      return among(
        'flags',
        bitCodes((value) => (value & part.mask) !== 0),
      );
    default:
  }
  return matching.set(part, place);

  function among(field: 'sport' | 'dport' | 'flags', codes: Codes): Node {
    return within(diagram, axisOf(field, matching), codes);
  }
}

const texts = {
  sport: 'the bytes of a later fragment where the source port would be',
  dport: 'the bytes of a later fragment where the destination port would be',
  flags: 'the bytes of a later fragment where the TCP flags would be',
} as const;

/** Variables that stand for such bytes as an axis stands for a field; there is always something there. */
function axisOf(field: 'sport' | 'dport' | 'flags', { layout }: Matching): Axis {
  const { width, size } = layout.axis(field);
  const variables = Array.from({ length: width }, (_, bit) => layout.variable(`${texts[field]} ${bit}`, texts[field], false));
  return { level: variables[0]?.level ?? 0, width, size: field === 'flags' ? size : size - 1 };
}
