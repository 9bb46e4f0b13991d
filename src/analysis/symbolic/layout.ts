import { bitsOf, type Family, ICMP, ICMPV6, type Ranges } from '../../model/net/index.ts';
import {
  type AddressField,
  type BitField,
  type Constraint,
  clockBounds,
  clockFields,
  kernelUid,
  type NumberField,
  packetTypes,
} from '../../model/packet/index.ts';
import { Atoms, type Axis, all, type Codes, Cuts, type Diagram, listed, type Node, none, widthOf } from '../space/index.ts';
import { type InterfaceClasses, interfaceClasses } from './interfaces.ts';
import { type Moved, type Netmap, shiftNetmaps } from './netmap.ts';

/** Protocols whose header begins with two ports (net/netfilter/xt_multiport.c); other packets lack them. */
export const portProtocols: Ranges<number> = [
  [6, 6],
  [17, 17],
  [33, 33],
  [132, 132],
  [136, 136],
];

/**
 * Every field that has levels of its own, by name. `exempt` and `template` say what rules of raw did to tracking, `shortened`
 * which rule wrote the TTL last before the packet is routed (0: none), `clamped` that TCPMSS has seen the packet.
 */
export type FieldName =
  | AddressField
  | NumberField
  | 'in'
  | 'out'
  | 'flags'
  | 'status'
  | 'exempt'
  | 'template'
  | 'shortened'
  | 'clamped';

/** Greatest values of the numbers; `state` has five. */
const numberBounds: Readonly<Record<NumberField, number>> = {
  proto: 255,
  sport: 65_535,
  dport: 65_535,
  icmpType: 255,
  icmpCode: 255,
  state: 4,
  length: 65_535,
  ttl: 255,
  fragment: 1,
  mac: 0xffff_ffff_ffff,
  origProto: 255,
  origSport: 65_535,
  origDport: 65_535,
  direction: 1,
  tos: 255,
  pktType: packetTypes.length - 1,
  uid: kernelUid,
  gid: kernelUid - 1,
  ...clockBounds,
};

const mayLack: ReadonlySet<FieldName> = new Set(['sport', 'dport', 'icmpType', 'icmpCode', 'origSport', 'origDport']);
const ownerFields: readonly NumberField[] = ['uid', 'gid'];
const addressFields: readonly AddressField[] = ['src', 'dst', 'origSrc', 'origDst'];
const wholeFields: readonly NumberField[] = ['state', 'fragment', 'direction'];

/** No header full of options has room for one more (evaluate/rewrite.ts, alter). */
export const longestClamped: Readonly<Record<Family, number>> = { 4: 116, 6: 96 };

/** A match whose answer no field tells, or a choice of the kernel's own, as one bit. */
export interface Variable {
  /** For people: the match as it stands in the rule. */
  readonly text: string;
  readonly level: number;
  /** A function of the packet's bytes: after each rewrite of them its answer may be another. */
  readonly pure: boolean;
  readonly key: string;
  /** Rewrites before it is asked. */
  readonly rewrites: number;
}

/** Where everything that tells packets apart is to be found in the diagram. */
export interface Layout {
  readonly family: Family;
  readonly interfaces: InterfaceClasses;
  axis(field: FieldName): Axis;
  /** All fields, from the top down. */
  readonly fields: readonly FieldName[];
  addressCodes(field: AddressField, within: Ranges<bigint>): Codes;
  addressCode(field: AddressField, value: bigint): number;
  addressesOf(field: AddressField, code: number): readonly [bigint, bigint];
  numberCodes(field: NumberField, within: Ranges<number>): Codes;
  numberCode(field: NumberField, value: number | null): number;
  /** `null` when packets of this code lack the field. */
  numbersOf(field: NumberField, code: number): readonly [number, number] | null;
  /** Bits of marks that any rule looks at, in order. */
  readonly markBits: readonly number[];
  /** The level of one bit of a mark. */
  markLevel(field: 'mark' | 'connmark', bit: number): number;
  /** Rules that write the TTL: the code of `shortened` that stands for one is its index and one more. */
  readonly shortening: readonly string[];
  /** What NETMAP makes of addresses, one by one; not of all where a rule does not say which it means, or means too many. */
  netmapped(end: 'src' | 'dst', value: bigint, mask: bigint): Moved;
  readonly firstVariable: number;
  readonly variables: readonly Variable[];
  variable(key: string, text: string, pure: boolean): Variable;
  variableAt(level: number): Variable;
  /** The variable of the same match after so many more rewrites of the packet. */
  later(variable: Variable, rewrites: number): Variable;
}

/** So many rewrites of one packet are foreseen. */
const mostReserved = 15;

/** What the layout is made from; gathered from rules, sets and facts before anything is built. */
export interface Gathered {
  readonly family: Family;
  readonly addresses: Readonly<Record<AddressField, Cuts<bigint>>>;
  readonly numbers: Readonly<Record<NumberField, Cuts<number>>>;
  readonly names: Set<string>;
  readonly prefixes: Set<string>;
  bits: Record<BitField, number>;
  /** Some rule shifts marks, so that each bit may come to stand anywhere. */
  shifts: boolean;
  /** Some rule tells tracking what to do. */
  tracking: boolean;
  /** Rules that write the TTL, by `table chain rule`. */
  readonly shortening: string[];
  readonly netmaps: Netmap[];
  /** Some rule may make a packet longer (TCPMSS). */
  lengthening: boolean;
  /** Some rule asks whose socket sends a packet. */
  owners: boolean;
  /** Some rule writes bits of the TOS byte. */
  marksService: boolean;
  /** Rules that rewrite a packet's bytes. */
  rewriting: number;
}

export function gathering(family: Family): Gathered {
  const most = (1n << BigInt(bitsOf(family))) - 1n;
  const numbers = Object.fromEntries(Object.entries(numberBounds).map(([field, bound]) => [field, new Cuts(0, bound)])) as Record<
    NumberField,
    Cuts<number>
  >;
  for (const field of wholeFields)
    numbers[field].add(Array.from({ length: numberBounds[field] + 1 }, (_, value) => [value, value] as const));
  numbers.proto.add(portProtocols.flatMap(([lo]) => [[lo, lo] as const]));
  numbers.proto.add([[family === 4 ? ICMP : ICMPV6, family === 4 ? ICMP : ICMPV6]]);
  return {
    family,
    addresses: {
      src: new Cuts(0n, most),
      dst: new Cuts(0n, most),
      origSrc: new Cuts(0n, most),
      origDst: new Cuts(0n, most),
    },
    numbers,
    names: new Set(['lo']),
    prefixes: new Set(),
    bits: { flags: 0, status: 0, mark: 0, connmark: 0 },
    shifts: false,
    tracking: false,
    shortening: [],
    netmaps: [],
    lengthening: false,
    owners: false,
    marksService: false,
    rewriting: 0,
  };
}

/** Notes every value that the constraint tells from another. */
export function gather(constraint: Constraint, into: Gathered): void {
  switch (constraint.kind) {
    case 'address':
      into.addresses[constraint.field].add(constraint.ranges);
      // A new connection's addresses are its first packet's.
      if (constraint.field === 'origSrc') into.addresses.src.add(constraint.ranges);
      if (constraint.field === 'origDst') into.addresses.dst.add(constraint.ranges);
      return;
    case 'number':
      into.numbers[constraint.field].add(constraint.ranges);
      if (ownerFields.includes(constraint.field)) into.owners = true;
      if (constraint.field === 'origProto') into.numbers.proto.add(constraint.ranges);
      if (constraint.field === 'origSport') into.numbers.sport.add(constraint.ranges);
      if (constraint.field === 'origDport') into.numbers.dport.add(constraint.ranges);
      return;
    case 'bits':
    case 'anyBit':
      into.bits[constraint.field] |= constraint.mask | (constraint.kind === 'bits' ? constraint.value : 0);
      return;
    case 'interface':
      (constraint.prefix ? into.prefixes : into.names).add(constraint.name);
      return;
    case 'all':
    case 'any':
      for (const part of constraint.of) gather(part, into);
      return;
    case 'not':
      gather(constraint.of, into);
      return;
    default:
  }
}

/**
 * Gives every field its levels. Fields of few values stand above those of many, since they lead to few different rests;
 * `top` is the address by which the rules tell most packets apart.
 */
export function layOut(gathered: Gathered, top: 'src' | 'dst'): Layout {
  const { family } = gathered;
  const netmaps = shiftNetmaps(gathered);
  const clamps = gathered.lengthening && gathered.numbers.length.starts().length > 1;
  // Users are told from sockets of the kernel's own, which have no group.
  if (gathered.owners) gathered.numbers.uid.add([[kernelUid, kernelUid]]);
  // Each byte that a rule writes over is told from the next.
  if (gathered.marksService && gathered.numbers.tos.starts().length > 1)
    gathered.numbers.tos.add(Array.from({ length: 256 }, (_, tos) => [tos, tos] as const));
  // Each length that TCPMSS may change is told from the next.
  if (clamps)
    gathered.numbers.length.add(Array.from({ length: longestClamped[family] + 5 }, (_, length) => [length, length] as const));
  // Stations are known by their address and their MAC together, services by address and port.
  const flow: readonly FieldName[] =
    top === 'src' ? ['src', 'mac', 'proto', 'dst', 'dport'] : ['dst', 'proto', 'dport', 'src', 'mac'];
  const fields: readonly FieldName[] = [
    'state', 'in', 'out', 'pktType', 'fragment', 'uid', 'gid', ...flow, 'sport', 'icmpType', 'icmpCode', 'flags', 'length',
    'ttl', 'tos', 'origProto', 'origSrc', 'origDst', 'origDport', 'origSport', 'direction', 'status', 'exempt', 'template', 'shortened',
    'clamped', ...clockFields,
  ]; // biome-ignore format: a list of names
  const interfaces = interfaceClasses(gathered.names, gathered.prefixes);
  const addresses = new Map<FieldName, Atoms<bigint>>();
  const numbers = new Map<FieldName, Atoms<number>>();
  for (const field of addressFields) addresses.set(field, new Atoms(gathered.addresses[field], false));
  for (const field of Object.keys(numberBounds) as NumberField[]) {
    numbers.set(
      field,
      new Atoms(gathered.numbers[field], mayLack.has(field) || (gathered.owners && ownerFields.includes(field))),
    );
  }
  const sizeOf = (field: FieldName): number => {
    if (field === 'in' || field === 'out') return interfaces.size;
    if (field === 'exempt' || field === 'template') return gathered.tracking ? 2 : 1;
    if (field === 'shortened') return gathered.shortening.length + 1;
    if (field === 'clamped') return clamps ? 2 : 1;
    if (field === 'flags' || field === 'status') return gathered.bits[field] === 0 ? 1 : 64;
    return (addresses.get(field) ?? numbers.get(field))?.size ?? 1;
  };
  const axes = new Map<FieldName, Axis>();
  let level = 0;
  for (const field of fields) {
    const size = sizeOf(field);
    axes.set(field, { level, width: widthOf(size), size });
    level += widthOf(size);
  }
  const looked = (gathered.bits.mark | gathered.bits.connmark) >>> 0;
  const seen = gathered.shifts && looked !== 0 ? 0xffffffff : looked;
  const markBits = Array.from({ length: 32 }, (_, bit) => bit).filter((bit) => ((seen >>> bit) & 1) === 1);
  const places = new Map(markBits.map((bit, index) => [bit, index]));
  const firstMark = level;
  const firstVariable = firstMark + 2 * markBits.length;
  const reserved = Math.min(gathered.rewriting, mostReserved);
  const variables: Variable[] = [];
  const byKey = new Map<string, Variable>();
  const variable = (key: string, text: string, pure: boolean, rewrites: number): Variable => {
    const name = rewrites === 0 ? key : `${key} after ${rewrites} changes`;
    const before = byKey.get(name);
    if (before !== undefined) return before;
    const made: Variable = { text, level: firstVariable + variables.length, pure, key, rewrites };
    variables.push(made);
    byKey.set(name, made);
    // What a match says later stands beside what it says first: else those would stand in another order than the rules.
    if (pure && rewrites === 0) for (let turn = 1; turn <= reserved; turn += 1) variable(key, text, true, turn);
    return made;
  };
  const atomsOf = <T extends number | bigint>(of: Map<FieldName, Atoms<T>>, field: FieldName): Atoms<T> =>
    of.get(field) as Atoms<T>;
  return {
    family,
    interfaces,
    fields,
    axis: (field) => axes.get(field) as Axis,
    addressCodes: (field, within) => atomsOf(addresses, field).codesOf(within),
    addressCode: (field, value) => atomsOf(addresses, field).codeOf(value),
    addressesOf: (field, code) => atomsOf(addresses, field).valuesOf(code) as readonly [bigint, bigint],
    numberCodes: (field, within) => atomsOf(numbers, field).codesOf(within),
    numberCode(field, value) {
      const atoms = atomsOf(numbers, field);
      return value === null ? (atoms.absent ?? 0) : atoms.codeOf(value);
    },
    numbersOf: (field, code) => atomsOf(numbers, field).valuesOf(code),
    markBits,
    markLevel: (field, bit) => firstMark + 2 * (places.get(bit) as number) + (field === 'mark' ? 0 : 1),
    shortening: gathered.shortening,
    netmapped: (end, value, mask) => netmaps.get(`${end} ${value} ${mask}`) ?? { pieces: [], whole: false },
    firstVariable,
    variables,
    variable: (key, text, pure) => variable(key, text, pure, 0),
    variableAt: (at) => variables[at - firstVariable] as Variable,
    later: (of, rewrites) => (of.pure ? variable(of.key, of.text, true, of.rewrites + rewrites) : of),
  };
}

/** The codes of a 64-valued field of bits that pass. */
export function bitCodes(passes: (value: number) => boolean): Codes {
  return listed(Array.from({ length: 64 }, (_, value) => value).filter(passes));
}

/** The set of packets that have the bit at a level. */
export function bitSet(diagram: Diagram, level: number): Node {
  return diagram.make(level, none, all);
}

/** The protocol number of ICMP of the family. */
export function icmpOf(family: 4 | 6): number {
  return family === 4 ? ICMP : ICMPV6;
}
