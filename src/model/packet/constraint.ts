import type { Ranges } from '../net/index.ts';

/** Fields that hold addresses; values are 32- or 128-bit integers. `orig*` are of the connection's original tuple. */
export type AddressField = 'src' | 'dst' | 'origSrc' | 'origDst';

/**
 * Fields that hold integers. `state` counts in the order of `states`, `pktType` in that of `packetTypes`; `fragment` is 0 or 1;
 * `mac` is 48 bits; `tos` is the whole byte, or the traffic class. `uid` is there where a socket has sent the packet, and
 * {@link kernelUid} where that is the kernel's own; `gid` only where it is a program's.
 */
export type NumberField =
  | 'proto'
  | 'sport'
  | 'dport'
  | 'icmpType'
  | 'icmpCode'
  | 'state'
  | 'length'
  | 'ttl'
  | 'fragment'
  | 'origProto'
  | 'origSport'
  | 'origDport'
  | 'direction'
  | UnsaidField;

/** Fields that a packet need not say. */
export type UnsaidField = 'mac' | 'tos' | 'pktType' | 'uid' | 'gid' | ClockField;

/**
 * The instant at which the packet passes, by Greenwich's clock; no packet says it, and it is one for all rules. `weekday` counts
 * from Monday, `monthday` from the first, `second` from midnight, `date` in seconds from 1970. That the first three follow
 * from the last is not used: what holds at no instant for that reason alone is not found.
 */
export type ClockField = 'weekday' | 'monthday' | 'second' | 'date';

export const clockFields: readonly ClockField[] = ['weekday', 'monthday', 'second', 'date'];

/** Greatest values of these; the kernel's matches hold no later second. */
export const clockBounds: Readonly<Record<ClockField, number>> = { weekday: 6, monthday: 30, second: 86_399, date: 0x7fff_ffff };

/** Fields that are compared under a mask. */
export type BitField = 'flags' | 'status' | 'mark' | 'connmark';

export type InterfaceField = 'in' | 'out';

/** The address types that `-m addrtype` tells apart (include/uapi/linux/rtnetlink.h, RTN_*). */
export const addressTypes = [
  'UNSPEC',
  'UNICAST',
  'LOCAL',
  'BROADCAST',
  'ANYCAST',
  'MULTICAST',
  'BLACKHOLE',
  'UNREACHABLE',
  'PROHIBIT',
  'THROW',
  'NAT',
  'XRESOLVE',
] as const;
export type AddressType = (typeof addressTypes)[number];

/**
 * What a match says of a packet, as data: the interpreter and the packet-space engine read the same value.
 *
 * A comparison with a field that the packet lacks (a port of an ICMP packet) is false; a match that must
 * fail on such packets even when inverted says so itself with `all`.
 */
export type Constraint =
  | { readonly kind: 'always' }
  | { readonly kind: 'never' }
  /** The address lies in one of the ranges. */
  | { readonly kind: 'address'; readonly field: AddressField; readonly ranges: Ranges<bigint> }
  /** The number lies in one of the ranges. */
  | { readonly kind: 'number'; readonly field: NumberField; readonly ranges: Ranges<number> }
  /** `(field & mask) === value`. */
  | { readonly kind: 'bits'; readonly field: BitField; readonly mask: number; readonly value: number }
  /** `(field & mask) !== 0`. */
  | { readonly kind: 'anyBit'; readonly field: BitField; readonly mask: number }
  /** The interface has this name, or begins with it if `prefix` (`eth+`). No interface reads as the empty name. */
  | { readonly kind: 'interface'; readonly field: InterfaceField; readonly name: string; readonly prefix: boolean }
  /** The address is of one of these types on this host; `on` narrows the look-up to one link. */
  | {
      readonly kind: 'addressType';
      readonly field: 'src' | 'dst';
      readonly types: readonly AddressType[];
      readonly on: 'in' | 'out' | null;
    }
  /** The packet's dimensions are in the named set, as read (`-m set --match-set NAME src,dst`). */
  | { readonly kind: 'member'; readonly set: string; readonly dimensions: readonly ('src' | 'dst')[] }
  | { readonly kind: 'all'; readonly of: readonly Constraint[] }
  | { readonly kind: 'any'; readonly of: readonly Constraint[] }
  | { readonly kind: 'not'; readonly of: Constraint }
  /**
   * A match whose result is not a function of the fields above. `pure`: the same packet always gives the same
   * result, so equal texts are equal; `stateful`: each occurrence decides for itself (limit, recent, statistic).
   * `hotdrop`: it may also drop the packet by itself (hashlimit with a full table).
   */
  | {
      readonly kind: 'opaque';
      readonly text: string;
      readonly nature: 'pure' | 'stateful';
      readonly hotdrop: boolean;
      /** True if palisade does not know the extension at all, as opposed to knowing that it cannot be decided. */
      readonly unknown: boolean;
    };

export const always: Constraint = { kind: 'always' };
export const never: Constraint = { kind: 'never' };

/** Conjunction, flattened, without what is always true. */
export function allOf(...parts: readonly Constraint[]): Constraint {
  return joined('all', parts);
}

/** Disjunction, flattened, without what is never true. */
export function anyOf(...parts: readonly Constraint[]): Constraint {
  return joined('any', parts);
}

/** In plain loops: every rule's meaning is made here, several times over. */
function joined(kind: 'all' | 'any', parts: readonly Constraint[]): Constraint {
  const [neutral, absorbing] = kind === 'all' ? [always, never] : [never, always];
  const flat: Constraint[] = [];
  for (const part of parts) {
    for (const one of part.kind === kind ? part.of : [part]) {
      if (one.kind === absorbing.kind) return absorbing;
      if (one.kind !== neutral.kind) flat.push(one);
    }
  }
  return flat.length === 0 ? neutral : flat.length === 1 ? (flat[0] as Constraint) : { kind, of: flat };
}

export function not(part: Constraint): Constraint {
  if (part.kind === 'not') return part.of;
  if (part.kind === 'always') return never;
  if (part.kind === 'never') return always;
  return { kind: 'not', of: part };
}

/** `inverted ? not(part) : part`, the shape of every `!` in a rule. */
export function invertIf(inverted: boolean, part: Constraint): Constraint {
  return inverted ? not(part) : part;
}
