import { bitsOf } from '../../model/net/index.ts';
import type { AddressField } from '../../model/packet/index.ts';
import { all, type Diagram, type Node, none } from '../space/index.ts';
import type { FieldName, Layout } from '../symbolic/index.ts';
import { type Dimension, dimensionsOf, eachRun } from './dimensions.ts';

/**
 * How much of all packets a set holds, from 0 to 1 of those that can exist.
 *
 * Every address, port and protocol is as likely as any other. Of things that are bookkeeping rather than part of a packet
 * (original tuples, states, links, marks), every piece that rules tell apart is; a match that no field tells holds for half.
 */
export type Share = (set: Node) => number;

export function createShare(diagram: Diagram, layout: Layout): Share {
  const known = new Map<Node, number>();
  const sums = new Map<FieldName, Float64Array>();
  let dimensions: readonly Dimension[] = [];

  return (set) => {
    dimensions = dimensionsOf(layout);
    return shareOf(set);
  };

  function shareOf(node: Node): number {
    if (node < 0) return node === none ? 0 : 1;
    const before = known.get(node);
    if (before !== undefined) return before;
    const dimension = dimensions[diagram.level(node)] as Dimension;
    let share = 0;
    if (dimension.kind !== 'field') share = (shareOf(diagram.lo(node)) + shareOf(diagram.hi(node))) / 2;
    else {
      const until = sumsOf(dimension.field);
      eachRun(diagram, node, dimension.axis, (first, last, rest) => {
        if (rest !== none) share += ((until[last + 1] as number) - (until[first] as number)) * (rest === all ? 1 : shareOf(rest));
      });
    }
    known.set(node, share);
    return share;
  }

  /** Shares of all codes below each. */
  function sumsOf(field: FieldName): Float64Array {
    const before = sums.get(field);
    if (before !== undefined) return before;
    const { size } = layout.axis(field);
    const made = new Float64Array(size + 1);
    for (let code = 0; code < size; code += 1) made[code + 1] = (made[code] as number) + weightOf(layout, field, code, size);
    sums.set(field, made);
    return made;
  }
}

function weightOf(layout: Layout, field: FieldName, code: number, size: number): number {
  switch (field) {
    case 'src':
    case 'dst': {
      const [lo, hi] = layout.addressesOf(field satisfies AddressField, code);
      return Number(hi - lo + 1n) * 2 ** -bitsOf(layout.family);
    }
    case 'proto':
    case 'sport':
    case 'dport':
    case 'icmpType':
    case 'icmpCode':
    case 'length':
    case 'ttl':
    case 'mac': {
      // Whether a packet has the field hangs on its protocol: that it has none is no choice among its values.
      const values = layout.numbersOf(field, code);
      return values === null ? 1 : (values[1] - values[0] + 1) / valuesOf[field];
    }
    case 'in':
    case 'out':
      return code === 0 ? 1 : 1 / (size - 1);
    case 'fragment':
      return code === 0 ? 1 - laterFragments : laterFragments;
    default:
      return 1 / size;
  }
}

/** Few packets are later fragments, and none are where connections are tracked: what is said of them comes last. */
const laterFragments = 1e-6;

const valuesOf = {
  proto: 2 ** 8,
  sport: 2 ** 16,
  dport: 2 ** 16,
  icmpType: 2 ** 8,
  icmpCode: 2 ** 8,
  length: 2 ** 16,
  ttl: 2 ** 8,
  mac: 2 ** 48,
} as const;
