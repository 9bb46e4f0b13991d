import type { SetMember, SetPart } from '../../src/model/host/index.ts';
import { bitsOf, type Ranges } from '../../src/model/net/index.ts';
import {
  type AddressField,
  type Constraint,
  clockBounds,
  type Hook,
  kernelUid,
  type NumberField,
  type Packet,
  packetTypes,
  states,
  type Tuple,
} from '../../src/model/packet/index.ts';
import { blank } from '../kernel/last.ts';
import type { Random } from '../kernel/random.ts';
import type { Aims, Target } from './aims.ts';

type Draft = { -readonly [K in keyof Packet]: Packet[K] };

const portProtocols = [6, 17, 33, 132, 136];
const TCP = 6;

/** A packet by chance that up to three rules are likely to match, just so or just not. */
export function makePacket(random: Random, aims: Aims): Packet {
  const draft = anyPacket(random, aims);
  const targets = aims.targets[draft.hook];
  if (targets.length > 0 && random.chance(0.95)) {
    for (let left = 1 + random.below(3); left > 0; left -= 1) come(random, aims, draft, random.pick(targets), 4);
  }
  return possible(random, aims, draft);
}

function anyPacket(random: Random, aims: Aims): Draft {
  const { family } = aims;
  const hook: Hook = random.pick(['input', 'input', 'forward', 'forward', 'output'] as const);
  const address = (edges: readonly bigint[]): bigint =>
    edges.length > 0 && random.chance(0.8) ? random.pick(edges) : random.bits(bitsOf(family));
  const draft: Draft = {
    ...blank,
    family,
    hook,
    in: hook === 'output' ? null : random.pick(aims.links),
    out: hook === 'input' ? null : random.pick(aims.links),
    src: address(aims.src),
    dst: address(aims.dst),
    proto: random.chance(0.95) ? random.pick([6, 6, 6, 17, 17, 1, 58, 132, 136, 33, 47, 50, 0, 255]) : random.below(256),
    sport: random.chance(0.3) ? random.pick([0, 22, 53, 67, 511, 512, 1023, 1024, 65535]) : random.below(65536),
    dport: random.chance(0.7) ? random.pick([0, 9, 22, 53, 80, 443, 5432, 8080, 65535]) : random.below(65536),
    icmpType: random.chance(0.7) ? random.pick([0, 3, 8, 128, 129, 135]) : random.below(256),
    icmpCode: random.chance(0.7) ? 0 : random.below(256),
    flags: random.chance(0.4) ? 2 : random.chance(0.4) ? 16 : random.below(64),
    state: random.chance(0.45) ? 'NEW' : random.pick(states),
    mark: random.chance(0.7) ? 0 : random.pick([1, 2, 3, 0x10, 0x8000_0001, Number(random.bits(32))]),
    length: random.chance(0.3) ? random.pick([40, 52, 60, 92, 96, 97, 112, 116, 117, 1500]) : 20 + random.below(1500),
    ttl: random.chance(0.4) ? random.pick([0, 1, 2, 64, 128, 254, 255]) : random.below(256),
    fragment: random.chance(0.06),
    mac: random.chance(0.03) ? null : random.chance(0.5) ? 0x020000000200 + random.below(5) : random.below(2) * 0x0a0b0c0d0e0f,
  };
  for (const field of ['tos', 'pktType', 'uid', 'gid'] as const) delete draft[field];
  if (random.chance(0.9)) draft.tos = random.chance(0.3) ? 0 : random.below(256);
  if (random.chance(0.9)) draft.pktType = random.pick(packetTypes);
  if (random.chance(0.8)) draft.uid = random.pick([null, 0, 1, 33, 1000, kernelUid]);
  if (random.chance(0.8)) draft.gid = random.pick([null, 0, 1, 33, 1000]);
  if (draft.state !== 'NEW' || random.chance(0.1)) {
    draft.status = random.below(64);
    draft.direction = random.pick(['original', 'reply']);
    draft.connmark = random.chance(0.5) ? 0 : random.pick([1, 2, 3, 0x10, 0x8000_0001, Number(random.bits(32))]);
    if (random.chance(0.4)) {
      draft.original = {
        src: address(aims.src),
        dst: address(aims.dst),
        sport: draft.sport,
        dport: random.chance(0.5) ? draft.dport : random.below(65536),
      };
    }
  }
  return draft;
}

/** Makes the packet what the rule, and a rule that leads to it, ask for. */
function come(random: Random, aims: Aims, draft: Draft, target: Target, deepest: number): void {
  if (target.callers.length > 0 && deepest > 0) come(random, aims, draft, random.pick(target.callers), deepest - 1);
  meet(random, aims, draft, target.constraint);
}

function meet(random: Random, aims: Aims, draft: Draft, constraint: Constraint): void {
  switch (constraint.kind) {
    case 'all':
      for (const part of constraint.of) meet(random, aims, draft, part);
      return;
    case 'any':
      if (constraint.of.length > 0) meet(random, aims, draft, random.pick(constraint.of));
      return;
    case 'not':
      // Most packets are none of what is excluded.
      if (random.chance(0.3)) meet(random, aims, draft, constraint.of);
      return;
    case 'address':
      putAddress(draft, constraint.field, among(random, constraint.ranges, (1n << BigInt(bitsOf(draft.family))) - 1n));
      return;
    case 'number':
      putNumber(draft, constraint.field, among(random, constraint.ranges, mostOf[constraint.field] ?? 65_535));
      return;
    case 'bits':
      draft[constraint.field] = ((draft[constraint.field] & ~constraint.mask) | constraint.value) >>> 0;
      return;
    case 'anyBit': {
      const bit = random.pick(Array.from({ length: 32 }, (_, at) => at).filter((at) => ((constraint.mask >>> at) & 1) === 1));
      draft[constraint.field] = (draft[constraint.field] | (1 << bit)) >>> 0;
      return;
    }
    case 'interface': {
      const name = constraint.prefix ? `${constraint.name}${random.pick(['', '0', '1', 'x'])}`.slice(0, 15) : constraint.name;
      if (name !== '') draft[constraint.field] = name;
      return;
    }
    case 'member': {
      const set = aims.sets.get(constraint.set);
      if (set !== undefined && set.members.length > 0) join(random, aims, draft, random.pick(set.members), constraint.dimensions);
      return;
    }
    default:
  }
}

function join(random: Random, aims: Aims, draft: Draft, member: SetMember, sides: readonly ('src' | 'dst')[]): void {
  for (const [index, part] of member.parts.entries()) {
    if (part.kind === 'set') {
      const inner = aims.sets.get(part.name);
      if (inner !== undefined && inner.members.length > 0) join(random, aims, draft, random.pick(inner.members), sides);
    } else putPart(random, draft, part, sides[index] ?? 'src');
  }
}

function putPart(random: Random, draft: Draft, part: SetPart, side: 'src' | 'dst'): void {
  switch (part.kind) {
    case 'addresses':
      draft[side] = among(random, part.ranges, (1n << BigInt(bitsOf(draft.family))) - 1n);
      return;
    case 'ports': {
      draft.proto = part.proto ?? random.pick([TCP, 17, 132]);
      const port = among(random, part.ranges, 65_535);
      draft[side === 'src' ? 'sport' : 'dport'] = port;
      draft.icmpType = port >> 8;
      draft.icmpCode = port & 255;
      return;
    }
    case 'interface':
      draft[side === 'src' ? 'in' : 'out'] = part.name;
      return;
    case 'mac':
      draft.mac = random.chance(0.9) ? part.value : part.value ^ 1;
      return;
    case 'mark':
      draft.mark = ((draft.mark & ~part.mask) | part.value) >>> 0;
      return;
    case 'set':
  }
}

const mostOf: Readonly<Partial<Record<NumberField, number>>> = {
  proto: 255,
  icmpType: 255,
  icmpCode: 255,
  state: 4,
  ttl: 255,
  fragment: 1,
  mac: 0xffff_ffff_ffff,
  origProto: 255,
  direction: 1,
  tos: 255,
  pktType: 2,
  uid: kernelUid,
  gid: kernelUid - 1,
  ...clockBounds,
};

/** First, last or another value of one of the ranges, or the one beyond. */
function among<T extends number | bigint>(random: Random, within: Ranges<T>, most: T): T {
  const zero = (typeof most === 'bigint' ? 0n : 0) as T;
  if (within.length === 0) return zero;
  const [lo, hi] = random.pick(within);
  const plus = (value: T, by: number): T => (typeof value === 'bigint' ? value + BigInt(by) : (value as number) + by) as T;
  const value = random.pick([lo, lo, hi, hi, inside(random, lo, hi), inside(random, lo, hi), plus(lo, -1), plus(hi, 1)]);
  return value < zero ? zero : value > most ? most : value;
}

function inside<T extends number | bigint>(random: Random, lo: T, hi: T): T {
  if (typeof lo === 'number') return (lo + random.below((hi as number) - lo + 1)) as T;
  const span = (hi as bigint) - (lo as bigint) + 1n;
  return ((lo as bigint) + (random.bits(128) % span)) as T;
}

function putAddress(draft: Draft, field: AddressField, value: bigint): void {
  if (field === 'src' || field === 'dst') draft[field] = value;
  else if (draft.original === null && draft.direction === 'original') draft[field === 'origSrc' ? 'src' : 'dst'] = value;
  else draft.original = { ...originalOf(draft), [field === 'origSrc' ? 'src' : 'dst']: value };
}

function putNumber(draft: Draft, field: NumberField, value: number): void {
  switch (field) {
    case 'state':
      draft.state = states[value] ?? 'NEW';
      return;
    case 'fragment':
      draft.fragment = value === 1;
      return;
    case 'direction':
      draft.direction = value === 1 ? 'reply' : 'original';
      return;
    case 'origProto':
      draft.proto = value;
      return;
    case 'origSport':
    case 'origDport':
      if (draft.original === null && draft.direction === 'original') draft[field === 'origSport' ? 'sport' : 'dport'] = value;
      else draft.original = { ...originalOf(draft), [field === 'origSport' ? 'sport' : 'dport']: value };
      return;
    case 'pktType':
      draft.pktType = packetTypes[value] ?? 'unicast';
      return;
    case 'uid':
      draft.uid = value;
      draft.gid ??= value % 3;
      return;
    case 'gid':
      draft.gid = value;
      draft.uid ??= value % 3;
      return;
    // No packet says when it passes.
    case 'weekday':
    case 'monthday':
    case 'second':
    case 'date':
      return;
    default:
      draft[field] = value;
  }
}

function originalOf({ original, src, dst, sport, dport }: Draft): Tuple {
  return original ?? { src, dst, sport, dport };
}

/** Fields that the protocol or the way does not have are taken away again. */
function possible(random: Random, aims: Aims, draft: Draft): Packet {
  if (draft.hook !== 'output') {
    delete draft.uid;
    delete draft.gid;
  } else if (draft.uid !== undefined && draft.gid !== undefined) {
    // A socket that has a user has a group, and no other has.
    if (draft.uid === null || draft.uid === kernelUid) draft.gid = null;
    else draft.gid ??= 0;
  }
  if (draft.hook === 'output') draft.in = null;
  else draft.in ??= random.pick(aims.links);
  if (draft.hook === 'input') draft.out = null;
  else draft.out ??= random.pick(aims.links);
  // A packet that is routed on has lost a hop of the 255 that there can be.
  if (draft.hook === 'forward') draft.ttl = Math.min(254, draft.ttl);
  const ported = portProtocols.includes(draft.proto);
  const icmp = draft.proto === (draft.family === 4 ? 1 : 58);
  if (!ported || draft.fragment) {
    draft.sport = null;
    draft.dport = null;
  } else {
    draft.sport ??= random.below(65536);
    draft.dport ??= random.below(65536);
  }
  if (!icmp || draft.fragment) {
    draft.icmpType = null;
    draft.icmpCode = null;
  }
  if (draft.proto !== TCP || draft.fragment) draft.flags = 0;
  draft.flags &= 63;
  draft.status &= 63;
  if (draft.original !== null && !ported) draft.original = { ...draft.original, sport: null, dport: null };
  return draft;
}
