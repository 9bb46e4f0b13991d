import type { IpSet, SetMember, SetPart } from '../../model/host/index.ts';
import { type Ranges, TCP, UDP } from '../../model/net/index.ts';
import type { Constraint } from '../../model/packet/index.ts';
import { all, buildCases, type Case, type Codes, leaf, listed, type Node, narrowed, none, unionOf } from '../space/index.ts';
import type { FieldName, Gathered, Layout } from './layout.ts';
import { icmpOf } from './layout.ts';
import type { Matching } from './match.ts';

type Side = 'src' | 'dst';

/** Protocols of which ipset takes the ports (net/netfilter/ipset/ip_set_getport.c). */
const portedProtocols: readonly number[] = [6, 17, 132, 136];
/** Where a member says that the packet is not in the set after all. */
const excepted = leaf(2);

/** Notes what members of the set tell apart. */
export function gatherMembers(set: IpSet, sides: readonly Side[], sets: ReadonlyMap<string, IpSet> | null, into: Gathered): void {
  // It holds no packet of this family.
  if (set.family !== null && set.family !== into.family) return;
  if (set.type === 'list:set') {
    for (const inner of innerSets(set, sets)) if (inner !== undefined) gatherMembers(inner, sides, sets, into);
    return;
  }
  for (const member of set.members) {
    for (const [index, part] of member.parts.entries()) {
      const side = sides[index] ?? 'src';
      switch (part.kind) {
        case 'addresses':
          into.addresses[side].add(part.ranges);
          break;
        case 'ports':
          if (part.proto !== null) into.numbers.proto.add([[part.proto, part.proto]]);
          into.numbers[side === 'src' ? 'sport' : 'dport'].add(part.ranges);
          for (const [type, codes] of typesOf(part.ranges)) {
            into.numbers.icmpType.add([[type, type]]);
            into.numbers.icmpCode.add([codes]);
          }
          break;
        case 'interface':
          into.names.add(part.name);
          break;
        case 'mac':
          into.numbers.mac.add([[part.value, part.value], [0, 0]]); // biome-ignore format: a pair
          break;
        case 'mark':
          into.bits.mark |= part.mask | part.value;
          break;
        case 'set':
      }
    }
  }
}

/** Packets that are in the set, as evaluate/membership.ts says; what cannot be told depends on the match itself. */
export function memberSet(constraint: Extract<Constraint, { kind: 'member' }>, matching: Matching): Node {
  const text = `-m set --match-set ${constraint.set} ${constraint.dimensions.join(',')}`;
  const set = matching.surroundings.sets?.get(constraint.set);
  const open = (): Node => matching.variable(text, text, true);
  return set === undefined ? open() : inSet(set, constraint.dimensions, matching, open);
}

function inSet(set: IpSet, sides: readonly Side[], matching: Matching, open: () => Node): Node {
  const { diagram, layout } = matching;
  if (set.type === 'list:set') {
    return innerSets(set, matching.surroundings.sets).reduce<Node>(
      (union, inner) => diagram.first(union, inner === undefined ? open() : inSet(inner, sides, matching, open)),
      none,
    );
  }
  const dimensions = set.type.slice(set.type.indexOf(':') + 1).split(',');
  if (sides.length < dimensions.length || (set.family !== null && set.family !== layout.family)) return none;
  const plain = plainCodes(set, dimensions, sides[0] ?? 'src', layout);
  if (plain !== null) return matching.fieldSet(sides[0] ?? 'src', plain);
  const axes = layout.fields.map((field) => layout.axis(field));
  const cases: Case[] = [];
  for (const group of ordered(set, dimensions)) {
    for (const member of group.members) cases.push(...casesOf(member, sides, matching, open));
    // An address that a longer prefix holds is not looked for in a shorter one, whatever its interface.
    if (group.closed !== null) cases.push(...caseOf([['src', group.closed]], sides[0] ?? 'src', matching, excepted));
  }
  return diagram.mapLeaves(buildCases(diagram, axes, cases), (value) => (value === 1 ? all : none));
}

/** Addresses alone, without exceptions: their union; `null` for other sets. */
function plainCodes(set: IpSet, dimensions: readonly string[], side: Side, layout: Layout): Codes | null {
  if (dimensions.length !== 1 || (dimensions[0] !== 'ip' && dimensions[0] !== 'net')) return null;
  const intervals: [number, number][] = [];
  for (const { parts, nomatch } of set.members) {
    const [part] = parts;
    if (nomatch || part?.kind !== 'addresses' || parts.length !== 1) return null;
    for (const [lo, hi] of part.ranges) intervals.push([layout.addressCode(side, lo), layout.addressCode(side, hi)]);
  }
  return unionOf(intervals);
}

/** Members in the order in which the first that holds counts: of networks the longest prefix before shorter ones. */
function ordered(
  set: IpSet,
  dimensions: readonly string[],
): readonly { readonly members: readonly SetMember[]; readonly closed: Ranges<bigint> | null }[] {
  const nets = dimensions.flatMap((dimension, index) => (dimension === 'net' ? [index] : []));
  if (dimensions[0] === 'net' && dimensions[1] === 'iface') {
    const bySize = new Map<bigint, SetMember[]>();
    for (const member of set.members) {
      const size = sizeOf(member, 0);
      const same = bySize.get(size);
      if (same === undefined) bySize.set(size, [member]);
      else same.push(member);
    }
    return [...bySize]
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .flatMap(([, members]) => {
        const closed = members.flatMap(({ parts: [part] }) => (part?.kind === 'addresses' ? part.ranges : []));
        return [{ members, closed }];
      });
  }
  if (nets.length === 0 || !set.members.some((member) => member.nomatch)) return [{ members: set.members, closed: null }];
  const sorted = [...set.members].sort((left, right) => {
    for (const index of nets) {
      const [a, b] = [sizeOf(left, index), sizeOf(right, index)];
      if (a !== b) return a < b ? -1 : 1;
    }
    return 0;
  });
  return [{ members: sorted, closed: null }];
}

/** The packets that a member holds; one that holds ports of any protocol is several cases. */
function casesOf(member: SetMember, sides: readonly Side[], matching: Matching, open: () => Node): readonly Case[] {
  const { diagram } = matching;
  const gives = member.nomatch ? excepted : all;
  let cases: readonly Case[] = [{ axes: [], codes: [], gives }];
  for (const [index, part] of member.parts.entries()) {
    const side = sides[index] ?? 'src';
    cases = cases.flatMap((one) => withPart(one, part, side));
  }
  return cases;

  function withPart(one: Case, part: SetPart, side: Side): readonly Case[] {
    const { layout } = matching;
    switch (part.kind) {
      case 'addresses':
        return narrow(one, [[side, layout.addressCodes(side, part.ranges)]]);
      case 'ports':
        return withPorts(one, part.proto, part.ranges, side);
      case 'interface':
        return narrow(one, [[side === 'src' ? 'in' : 'out', listed([layout.interfaces.codeOf(part.name)])]]);
      case 'mac':
        if (part.value === 0) return [];
        // Only the source address of a frame is a field of a packet.
        if (side === 'dst') return [{ ...one, gives: diagram.mask(open(), one.gives) }];
        return narrow(one, [['mac', layout.numberCodes('mac', [[part.value, part.value]])]]);
      case 'mark': {
        const place = { tracked: true, scope: '' };
        const set = matching.set({ kind: 'bits', field: 'mark', mask: part.mask, value: part.value }, place);
        return [{ ...one, gives: diagram.mask(set, one.gives) }];
      }
      case 'set':
        return [{ ...one, gives: diagram.mask(open(), one.gives) }];
    }
  }

  /** The number that is compared as a port: see evaluate/membership.ts, portOf. */
  function withPorts(one: Case, proto: number | null, within: Ranges<number>, side: Side): readonly Case[] {
    const { layout } = matching;
    const port: FieldName = side === 'src' ? 'sport' : 'dport';
    const first: Part = ['fragment', layout.numberCodes('fragment', [[0, 0]])];
    return (proto === null ? [TCP, UDP] : [proto]).flatMap((number) => {
      const of: Part = ['proto', layout.numberCodes('proto', [[number, number]])];
      if (portedProtocols.includes(number)) return narrow(one, [first, of, [port, layout.numberCodes(port, within)]]);
      if (number === icmpOf(layout.family)) {
        return typesOf(within).flatMap(([type, codes]) =>
          narrow(one, [
            first,
            of,
            ['icmpType', layout.numberCodes('icmpType', [[type, type]])],
            ['icmpCode', layout.numberCodes('icmpCode', [codes])],
          ]),
        );
      }
      if (!within.some(([lo]) => lo === 0)) return [];
      return narrow(one, layout.family === 6 ? [first, of] : [of]);
    });
  }

  function narrow(one: Case, parts: readonly Part[]): readonly Case[] {
    return narrowAll(one, parts, matching);
  }
}

type Part = readonly [field: FieldName, codes: Codes];

function narrowAll(one: Case, parts: readonly Part[], { layout }: Matching): readonly Case[] {
  let made: Case | null = one;
  for (const [field, codes] of parts) {
    if (made === null) return [];
    made = narrowed(made, layout.fields.indexOf(field), codes);
  }
  return made === null ? [] : [made];
}

function caseOf(
  within: readonly (readonly [field: 'src', ranges: Ranges<bigint>])[],
  side: Side,
  matching: Matching,
  gives: Node,
): readonly Case[] {
  const [, intervals] = within[0] ?? ['src', []];
  return intervals.flatMap((interval) =>
    narrowAll({ axes: [], codes: [], gives }, [[side, matching.layout.addressCodes(side, [interval])]], matching),
  );
}

function innerSets(set: IpSet, sets: ReadonlyMap<string, IpSet> | null): readonly (IpSet | undefined)[] {
  return set.members.map(({ parts: [part] }) => (part?.kind === 'set' ? sets?.get(part.name) : undefined));
}

/** Ranges of `type × 256 + code` as types with their codes. */
function typesOf(within: Ranges<number>): readonly (readonly [type: number, codes: readonly [number, number]])[] {
  return within.flatMap(([lo, hi]) =>
    Array.from({ length: (hi >> 8) - (lo >> 8) + 1 }, (_, index) => {
      const type = (lo >> 8) + index;
      return [type, [Math.max(lo, type << 8) & 255, Math.min(hi, (type << 8) | 255) & 255]] as const;
    }),
  );
}

function sizeOf(member: SetMember, index: number): bigint {
  const part = member.parts[index];
  return part?.kind === 'addresses' ? part.ranges.reduce((sum, [lo, hi]) => sum + (hi - lo + 1n), 0n) : 0n;
}
