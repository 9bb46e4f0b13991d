import type { IpSet, SetMember, SetPart } from '../../model/host/index.ts';
import { contains, type Family, ICMP, ICMPV6, TCP, UDP } from '../../model/net/index.ts';
import type { Constraint } from '../../model/packet/index.ts';
import type { Passage } from './passage.ts';
import type { Surroundings } from './surroundings.ts';

type Side = 'src' | 'dst';

/** Whether the packet is in the named set; `null` when that cannot be told. */
export function membership(
  constraint: Extract<Constraint, { kind: 'member' }>,
  passage: Passage,
  surroundings: Surroundings,
): boolean | null {
  const set = surroundings.sets?.get(constraint.set);
  return set === undefined ? null : inSet(set, constraint.dimensions, passage, surroundings);
}

/**
 * As ip_set_test does (net/netfilter/ipset/ip_set_core.c): a set never holds packets of another family, nor when the
 * rule names fewer dimensions than the set has.
 */
function inSet(set: IpSet, sides: readonly Side[], passage: Passage, surroundings: Surroundings): boolean | null {
  if (set.type === 'list:set') return inList(set, sides, passage, surroundings);
  const dimensions = set.type.slice(set.type.indexOf(':') + 1).split(',');
  if (sides.length < dimensions.length) return false;
  if (set.family !== null && set.family !== passage.packet.family) return false;
  const found: SetMember[] = [];
  let open = false;
  for (const member of heldAt(set, dimensions, sides, passage)) {
    const holds = memberHolds(member, sides, passage);
    if (holds === null) open = true;
    else if (holds) found.push(member);
  }
  // An open member may be an exception to the found one, or more specific than it.
  if (open) return found.length > 0 && !set.members.some((member) => member.nomatch) ? true : null;
  const [first, ...rest] = found;
  if (first === undefined) return false;
  const best = rest.reduce((best, member) => (moreSpecific(member, best, dimensions) ? member : best), first);
  return !best.nomatch;
}

/** A list holds what one of its sets holds, each tested with the same dimensions (ip_set_list_set.c, list_set_ktest). */
function inList(set: IpSet, sides: readonly Side[], passage: Passage, surroundings: Surroundings): boolean | null {
  let open = false;
  for (const member of set.members) {
    const [part] = member.parts;
    const inner = part?.kind === 'set' ? surroundings.sets?.get(part.name) : undefined;
    const holds = inner === undefined ? null : inSet(inner, sides, passage, surroundings);
    if (holds === true) return true;
    if (holds === null) open = true;
  }
  return open ? null : false;
}

/**
 * The members that the kernel looks at. In hash:net,iface it ends at the longest prefix that holds the address with
 * *any* interface: one of a shorter prefix then does not count, even if its interface is the packet's
 * (ip_set_hash_gen.h, mtype_test_cidrs, `multi`).
 */
function heldAt(set: IpSet, dimensions: readonly string[], sides: readonly Side[], passage: Passage): readonly SetMember[] {
  if (dimensions[0] !== 'net' || dimensions[1] !== 'iface') return set.members;
  const holding = set.members.filter(
    (member) => member.parts[0] && partHolds(member.parts[0], sides[0] ?? 'src', passage) === true,
  );
  if (holding.length === 0) return set.members;
  const narrowest = holding.reduce((best, member) => (sizeOf(member, 0) < sizeOf(best, 0) ? member : best));
  return holding.filter((member) => sizeOf(member, 0) === sizeOf(narrowest, 0));
}

function memberHolds(member: SetMember, sides: readonly Side[], passage: Passage): boolean | null {
  let open = false;
  for (const [index, part] of member.parts.entries()) {
    const holds = partHolds(part, sides[index] ?? 'src', passage);
    if (holds === false) return false;
    if (holds === null) open = true;
  }
  return open ? null : true;
}

function partHolds(part: SetPart, side: Side, passage: Passage): boolean | null {
  const { packet } = passage;
  switch (part.kind) {
    case 'addresses': {
      const value = side === 'src' ? passage.src : passage.dst;
      return typeof value === 'bigint' ? contains(part.ranges, value) : null;
    }
    case 'ports': {
      const port = portOf(passage, side);
      if (port === false) return false;
      // bitmap:port has no protocol and takes TCP and UDP only (ip_set_bitmap_port.c, ip_set_get_ip_port).
      if (part.proto === null ? packet.proto !== TCP && packet.proto !== UDP : packet.proto !== part.proto) return false;
      return port === null ? null : contains(part.ranges, port);
    }
    case 'interface':
      return ((side === 'src' ? passage.in : passage.out) ?? '') === part.name;
    case 'mac':
      if (packet.hook === 'output') return false;
      // Only the source address of the frame is a field of a packet.
      return side === 'dst' || packet.mac === null ? null : packet.mac !== 0 && packet.mac === part.value;
    case 'mark':
      return ((passage.mark & part.mask) ^ part.value) === 0;
    case 'set':
      return null;
  }
}

/**
 * The number that sets compare as a port (ip_set_getport.c, get_port): that of TCP, UDP, UDP-Lite and SCTP, type and
 * code of ICMP, 0 of everything else. `false`: a later fragment has none, `null`: not known.
 */
function portOf(passage: Passage, side: Side): number | null | false {
  const { packet } = passage;
  const icmp = packet.proto === icmpOf(packet.family);
  const ported = packet.proto === TCP || packet.proto === UDP || packet.proto === 132 || packet.proto === 136;
  // Of an IPv6 fragment no protocol has any (ip_set_get_ip6_port).
  if (packet.fragment && (icmp || ported || packet.family === 6)) return false;
  if (icmp) return ((packet.icmpType ?? 0) << 8) | (packet.icmpCode ?? 0);
  if (!ported) return 0;
  const port = side === 'src' ? passage.sport : passage.dport;
  return typeof port === 'number' ? port : port === null ? 0 : null;
}

function icmpOf(family: Family): number {
  return family === 4 ? ICMP : ICMPV6;
}

/** Networks are tried longest prefix first, the first dimension before the second. */
function moreSpecific(member: SetMember, than: SetMember, dimensions: readonly string[]): boolean {
  for (const [index, dimension] of dimensions.entries()) {
    if (dimension !== 'net') continue;
    const [left, right] = [sizeOf(member, index), sizeOf(than, index)];
    if (left !== right) return left < right;
  }
  return false;
}

function sizeOf(member: SetMember, index: number): bigint {
  const part = member.parts[index];
  return part?.kind === 'addresses' ? part.ranges.reduce((sum, [lo, hi]) => sum + (hi - lo + 1n), 0n) : 0n;
}
