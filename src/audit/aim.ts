import { type Family, TCP, UDP } from '../model/net/index.ts';
import { type Constraint, type Packet, states } from '../model/packet/index.ts';
import { meaningsOf } from '../model/ruleset/index.ts';
import { ruleAt } from './blame.ts';
import type { Subject } from './check.ts';
import type { Located, Witness } from './finding.ts';
import { opening } from './probes.ts';
import { outsideOf, ownAddresses } from './surroundings.ts';
import { unnamedLink, unnamedPort, vocabularyOf } from './vocabulary.ts';

/** The ways that lead through a built-in chain. */
const hooks: Readonly<Record<string, Packet['hook']>> = {
  PREROUTING: 'input',
  INPUT: 'input',
  FORWARD: 'forward',
  OUTPUT: 'output',
  POSTROUTING: 'output',
};

/**
 * A packet that meets and matches one rule, with what becomes of it; `null` when simple aiming misses. It reads the rule's
 * own positive conditions and tries the ways through the host; the evaluator says whether it hit.
 */
export function aimedAt(subject: Subject, ref: Located): Witness | null {
  const { host } = subject;
  const fact = host.rulesets[ref.family];
  const rule = ruleAt(host, ref);
  if (!fact.known || rule === null) return null;
  const vocabulary = vocabularyOf(host, fact.value);
  const constraint = meaningsOf(fact.value).get(rule)?.constraint;
  if (constraint === undefined) return null;
  const link = outsideOf(host, ref.family).links[0] ?? unnamedLink(vocabulary);
  const [own = 0n] = ownAddresses(host, ref.family, link, vocabulary).addresses;
  const far = vocabulary.sources[0]?.value ?? 1n;
  const hook = hooks[ref.chain];
  for (const way of hook === undefined ? (['input', 'output', 'forward'] as const) : [hook]) {
    for (const proto of [TCP, UDP]) {
      const plain = opening({
        family: ref.family,
        hook: way,
        in: way === 'output' ? null : link,
        out: way === 'input' ? null : way === 'output' ? link : unnamedLink(vocabulary, [link]),
        src: way === 'output' ? own : far,
        dst: way === 'input' ? own : far,
        proto,
        dport: unnamedPort(vocabulary),
      });
      const packet = bend(plain, constraint);
      const trace = subject.evaluator.trace(packet);
      const met = trace?.path.some(
        ({ table, chain, rule: number }) => table === ref.table && chain === ref.chain && number === ref.rule,
      );
      if (trace !== null && met === true) return { packet, trace };
    }
  }
  return null;
}

/** The packet, changed to fulfil what the constraint says outright. */
function bend(packet: Packet, constraint: Constraint): Packet {
  switch (constraint.kind) {
    case 'all':
      return [...constraint.of].sort((a, b) => Number(isProtocol(b)) - Number(isProtocol(a))).reduce(bend, packet);
    case 'any':
      return constraint.of[0] === undefined ? packet : bend(packet, constraint.of[0]);
    case 'address': {
      const [first] = constraint.ranges;
      if (first === undefined || (constraint.field !== 'src' && constraint.field !== 'dst')) return packet;
      const now = packet[constraint.field];
      const inside = constraint.ranges.some(([lo, hi]) => lo <= now && now <= hi);
      return inside ? packet : { ...packet, [constraint.field]: first[1] - first[0] > 16n ? first[0] + 9n : first[0] };
    }
    case 'number':
      return bendNumber(packet, constraint);
    case 'interface': {
      if (packet[constraint.field] === null) return packet;
      const name = constraint.prefix ? `${constraint.name}0` : constraint.name;
      return { ...packet, [constraint.field]: name };
    }
    case 'bits':
      if (constraint.field === 'flags') return { ...packet, flags: (packet.flags & ~constraint.mask) | constraint.value };
      // What arrives bears no mark yet.
      if (constraint.field === 'mark' && packet.hook === 'output') return { ...packet, mark: constraint.value };
      return packet;
    default:
      return packet;
  }
}

function isProtocol(constraint: Constraint): boolean {
  return constraint.kind === 'number' && constraint.field === 'proto';
}

function bendNumber(packet: Packet, constraint: Extract<Constraint, { kind: 'number' }>): Packet {
  const [first] = constraint.ranges;
  if (first === undefined) return packet;
  const [value] = first;
  const within = (now: number | null): boolean => now !== null && constraint.ranges.some(([lo, hi]) => lo <= now && now <= hi);
  switch (constraint.field) {
    case 'proto':
      return within(packet.proto) ? packet : asProtocol(packet, value);
    case 'sport':
    case 'dport':
    case 'icmpType':
    case 'icmpCode':
    case 'length':
    case 'ttl':
      return packet[constraint.field] === null || within(packet[constraint.field])
        ? packet
        : { ...packet, [constraint.field]: value };
    case 'state': {
      const state = states[value];
      return within(states.indexOf(packet.state)) || state === undefined ? packet : { ...packet, state };
    }
    default:
      return packet;
  }
}

function asProtocol(packet: Packet, proto: number): Packet {
  const family: Family = packet.family;
  const { hook, src, dst } = packet;
  const fresh = opening({ family, hook, in: packet.in, out: packet.out, src, dst, proto, dport: packet.dport ?? 80 });
  return { ...fresh, state: packet.state, mark: packet.mark };
}
