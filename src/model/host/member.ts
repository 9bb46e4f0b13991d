import {
  bitsOf,
  type Family,
  ICMP,
  ICMPV6,
  parseAddress,
  parsePrefix,
  parseProtocol,
  prefixRange,
  type Ranges,
  ranges,
  TCP,
} from '../net/index.ts';
import type { SetPart } from './host.ts';
import { icmpCode } from './icmp.ts';

/** What a set's header says about how its members read. */
export interface Shape {
  /** `ip`, `net`, `port`, `mac`, `mark`, `iface`, `set`: one a dimension. */
  readonly dimensions: readonly string[];
  readonly family: Family | null;
  /** Packets' addresses are masked with it before they are looked up (ipset's netmask and bitmask). */
  readonly mask: bigint | null;
  readonly markMask: number;
}

/** A scattered bitmask can mean more ranges than are worth keeping. */
const maxRanges = 4096;

/**
 * `wrong`: no ipset writes this. `beyond`: right, but it says more than a {@link SetPart} can.
 */
export type MemberFault =
  | { readonly kind: 'wrong'; readonly message: string }
  | { readonly kind: 'beyond'; readonly message: string };

/** Reads a member such as `10.0.0.0/8,tcp:80-90,eth0`. */
export function parseMember(shape: Shape, text: string): readonly SetPart[] | MemberFault {
  const [dimension] = shape.dimensions;
  if (shape.dimensions.length === 1 && dimension !== undefined && !text.includes(',')) {
    const part = parsePart(shape, dimension, text);
    return part.kind === 'wrong' || part.kind === 'beyond' ? part : [part];
  }
  const pieces = text.split(',');
  // bitmap:ip,mac takes members without a MAC address; the first packet fills it in.
  const optional = shape.dimensions.join() === 'ip,mac' && pieces.length === 1;
  if (pieces.length !== shape.dimensions.length && !optional) {
    return wrong(`${text} has ${pieces.length} parts where the set has ${shape.dimensions.length}`);
  }
  const parts: SetPart[] = [];
  for (const [index, piece] of pieces.entries()) {
    const part = parsePart(shape, shape.dimensions[index] as string, piece);
    if (part.kind === 'wrong' || part.kind === 'beyond') return part;
    parts.push(part);
  }
  return parts;
}

function parsePart(shape: Shape, dimension: string, text: string): SetPart | MemberFault {
  switch (dimension) {
    case 'ip':
    case 'net':
      return parseAddresses(shape, text);
    case 'port':
      return parsePorts(shape, text);
    case 'mac':
      return /^(?:[0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}$/.test(text)
        ? { kind: 'mac', value: Number.parseInt(text.replaceAll(':', ''), 16) }
        : wrong(`${text} is not a MAC address`);
    case 'mark': {
      const value = parseNumber(text);
      return value === undefined ? wrong(`${text} is not a mark`) : { kind: 'mark', value, mask: shape.markMask };
    }
    case 'iface':
      if (text.startsWith('physdev:')) return { kind: 'beyond', message: 'it names ports of a bridge' };
      return text === '' ? wrong('the name of a link is missing') : { kind: 'interface', name: text };
    case 'set':
      return { kind: 'set', name: text };
  }
  return { kind: 'beyond', message: `its dimension ${dimension} is not known` };
}

function parseAddresses({ family, mask }: Shape, text: string): SetPart | MemberFault {
  const notOne = (): MemberFault => wrong(`${text} is not ${family === 6 ? 'an IPv6' : 'an IPv4'} address, network or range`);
  const dash = text.indexOf('-');
  if (dash > 0) {
    const [from, to] = [parseAddress(text.slice(0, dash)), parseAddress(text.slice(dash + 1))];
    if (from === undefined || to === undefined || from.family !== family || to.family !== family || from.value > to.value)
      return notOne();
    return mask === null
      ? { kind: 'addresses', ranges: [[from.value, to.value]] }
      : { kind: 'beyond', message: 'it has ranges and a mask' };
  }
  const prefix = parsePrefix(text);
  if (prefix === undefined || prefix.family !== family) return notOne();
  if (mask === null) return { kind: 'addresses', ranges: [prefixRange(prefix)] };
  const bits = bitsOf(family);
  const all = (1n << BigInt(bits)) - 1n;
  const host = (1n << BigInt(bits - prefix.length)) - 1n;
  const [start] = prefixRange(prefix);
  // Members are kept masked, so bits outside the mask cannot be set in them.
  const found = matching(start & mask, all & ~(mask & ~host));
  return found === undefined ? { kind: 'beyond', message: 'its bitmask is too scattered' } : { kind: 'addresses', ranges: found };
}

/** All values that equal `value` in the bits which are not `free`. */
function matching(value: bigint, free: bigint): Ranges<bigint> | undefined {
  // The low free bits are one range; each higher one doubles the ranges.
  let low = 0n;
  while ((free & (low + 1n)) !== 0n) low = low * 2n + 1n;
  const base = value & ~free;
  let starts = [base];
  for (let bit = low + 1n; bit <= free; bit *= 2n) {
    if ((free & bit) === 0n) continue;
    starts = starts.flatMap((start) => [start, start | bit]);
    if (starts.length > maxRanges) return undefined;
  }
  return ranges(...starts.map((start) => [start, start + low] as const));
}

/** Protocols by whose own port the kernel looks up (net/netfilter/ipset/ip_set_getport.c). */
const portProtocols = new Set([TCP, 17, 132, 136]);

function parsePorts({ dimensions, family }: Shape, text: string): SetPart | MemberFault {
  const colon = text.indexOf(':');
  // Without a protocol it is tcp, but bitmap:port has none at all and looks at tcp and udp.
  const alone = dimensions.length === 1;
  const proto = colon < 0 ? TCP : parseProtocol(text.slice(0, colon));
  const rest = text.slice(colon + 1);
  if (proto === undefined) return { kind: 'beyond', message: `its protocol ${text.slice(0, colon)} has no number here` };
  if (proto === ICMP || proto === ICMPV6) {
    const code = icmpCode(proto === ICMP ? 4 : 6, rest);
    return code === undefined || (proto === ICMP) !== (family === 4)
      ? wrong(`${text} is not an ICMP type of the set's family`)
      : { kind: 'ports', proto, ranges: [[code, code]] };
  }
  const found = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(rest);
  const lo = Number(found?.[1]);
  const hi = Number(found?.[2] ?? found?.[1]);
  if (found === null || lo > hi || hi > 65535) return wrong(`${text} is not a port or a range of ports`);
  if (!portProtocols.has(proto) && hi !== 0) return wrong(`${text}: this protocol has no ports, write 0`);
  return { kind: 'ports', proto: alone ? null : proto, ranges: [[lo, hi]] };
}

/** A decimal or hexadecimal number of 32 bits. */
export function parseNumber(text: string): number | undefined {
  if (!/^(?:0x[0-9a-fA-F]{1,8}|\d{1,10})$/.test(text)) return undefined;
  const value = Number(text);
  return value <= 0xffffffff ? value : undefined;
}

function wrong(message: string): MemberFault {
  return { kind: 'wrong', message };
}
