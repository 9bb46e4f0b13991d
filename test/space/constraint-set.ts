import { all, type Diagram, listed, type Node, none } from '../../src/analysis/space/index.ts';
import type { Firewall, Space } from '../../src/analysis/symbolic/index.ts';
import { bitCodes, type Layout } from '../../src/analysis/symbolic/layout.ts';
import { createPacketBits, type PacketBits, unsaid } from '../../src/analysis/symbolic/packet-bits.ts';
import type { Constraint, Packet } from '../../src/model/packet/index.ts';

/**
 * Packets whose fields are so as they arrive. Rules that speak of tracking see other states than these; a question of which
 * packets can be sent does not. The values must be told apart (see Source.apart).
 */
export function setOf({ diagram, layout }: Space, { matching }: Firewall, constraint: Constraint): Node {
  const visit = (one: Constraint): Node => {
    switch (one.kind) {
      case 'always':
        return all;
      case 'never':
        return none;
      case 'all':
        return one.of.reduce<Node>((set, part) => (set === none ? none : diagram.mask(set, visit(part))), all);
      case 'any':
        return one.of.reduce<Node>((set, part) => diagram.first(set, visit(part)), none);
      case 'not':
        return diagram.not(visit(one.of));
      case 'address':
        return matching.fieldSet(one.field, layout.addressCodes(one.field, one.ranges));
      case 'number':
        return matching.fieldSet(one.field, layout.numberCodes(one.field, one.ranges));
      case 'interface':
        return matching.fieldSet(one.field, listed(layout.interfaces.codesOf(one.name, one.prefix)));
      case 'bits':
        if (one.field === 'mark' || one.field === 'connmark') return marked(diagram, layout, one.field, one.mask, one.value);
        return matching.fieldSet(
          one.field,
          bitCodes((value) => (value & one.mask) === one.value),
        );
      default:
        throw new Error(`no field says ${one.kind}`);
    }
  };
  return visit(constraint);
}

function marked(diagram: Diagram, layout: Layout, field: 'mark' | 'connmark', mask: number, value: number): Node {
  let set: Node = all;
  for (const bit of [...layout.markBits].reverse()) {
    if (((mask >>> bit) & 1) === 0) continue;
    const level = layout.markLevel(field, bit);
    set = ((value >>> bit) & 1) === 1 ? diagram.make(level, none, set) : diagram.make(level, set, none);
  }
  return set;
}

/** Whether the packet is in the set, given what matches answer that no field tells; these by level. */
export function contains(
  { diagram, layout }: Space,
  set: Node,
  packet: Packet,
  answers: ReadonlyMap<number, boolean> = new Map(),
): boolean {
  let bits = readers.get(layout);
  if (bits === undefined) {
    bits = createPacketBits(layout);
    readers.set(layout, bits);
  }
  bits.read(packet);
  let node = set;
  while (node >= 0) {
    const level = diagram.level(node);
    const said = level >= layout.firstVariable ? 0 : bits.at(level);
    const bit = answers.has(level) ? Number(answers.get(level)) : said;
    if (bit === unsaid) return false;
    node = bit === 1 ? diagram.hi(node) : diagram.lo(node);
  }
  return node === all;
}

const readers = new WeakMap<Layout, PacketBits>();
