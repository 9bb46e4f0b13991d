import { bitsOf } from '../../model/net/index.ts';
import type { AddressField } from '../../model/packet/index.ts';
import { all, type Codes, type Diagram, type Node, none } from '../space/index.ts';
import type { FieldName, Layout } from '../symbolic/index.ts';
import { type Dimension, dimensionsOf, eachRun } from './dimensions.ts';

/**
 * How much of all packets a set holds, from 0 to 1 of those that can exist.
 *
 * Every address, port and protocol is as likely as any other. Of things that are bookkeeping rather than part of a packet
 * (original tuples, states, links, marks), every piece that rules tell apart is; a match that no field tells holds for half.
 */
export interface Share {
  (set: Node): number;
  /** What codes of a dimension weigh: the share of a set that asks for nothing else. */
  of(dimension: Dimension, codes: Codes): number;
}

export function createShare(diagram: Diagram, layout: Layout): Share {
  const known = new Map<Node, number>();
  const sums = new Map<FieldName, (first: number, last: number) => number>();
  let dimensions: readonly Dimension[] = [];

  const share = (set: Node): number => {
    dimensions = dimensionsOf(layout);
    return shareOf(set);
  };
  return Object.assign(share, {
    of(dimension: Dimension, codes: Codes): number {
      if (dimension.kind !== 'field') return codes.length === 2 && codes[0] === 0 && codes[1] === 1 ? 1 : 1 / 2;
      const weigh = sumsOf(dimension.field);
      let sum = 0;
      for (let at = 0; at < codes.length; at += 2) sum += weigh(codes[at] as number, codes[at + 1] as number);
      return sum;
    },
  });

  function shareOf(node: Node): number {
    if (node < 0) return node === none ? 0 : 1;
    const before = known.get(node);
    if (before !== undefined) return before;
    const dimension = dimensions[diagram.level(node)] as Dimension;
    let share = 0;
    if (dimension.kind !== 'field') share = (shareOf(diagram.lo(node)) + shareOf(diagram.hi(node))) / 2;
    else {
      const within = sumsOf(dimension.field);
      eachRun(diagram, node, dimension.axis, (first, last, rest) => {
        if (rest !== none) share += within(first, last) * (rest === all ? 1 : shareOf(rest));
      });
    }
    known.set(node, share);
    return share;
  }

  /** Shares of all codes from one to another. */
  function sumsOf(field: FieldName): (first: number, last: number) => number {
    const before = sums.get(field);
    if (before !== undefined) return before;
    const made = field === 'src' || field === 'dst' ? countsOf(field) : weightsOf(field);
    sums.set(field, made);
    return made;
  }

  function weightsOf(field: FieldName): (first: number, last: number) => number {
    const { size } = layout.axis(field);
    const until = new Float64Array(size + 1);
    for (let code = 0; code < size; code += 1) until[code + 1] = (until[code] as number) + weightOf(layout, field, code, size);
    return (first, last) => (until[last + 1] as number) - (until[first] as number);
  }

  /** Addresses are counted exactly: beside half of all that there are, a single one of IPv6 vanishes from a float. */
  function countsOf(field: AddressField): (first: number, last: number) => number {
    const { size } = layout.axis(field);
    const until: bigint[] = [0n];
    for (let code = 0; code < size; code += 1) {
      const [lo, hi] = layout.addressesOf(field, code);
      until.push((until[code] as bigint) + hi - lo + 1n);
    }
    const unit = 2 ** -bitsOf(layout.family);
    return (first, last) => Number((until[last + 1] as bigint) - (until[first] as bigint)) * unit;
  }
}

function weightOf(layout: Layout, field: FieldName, code: number, size: number): number {
  switch (field) {
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
