import { type Axis, all, assemble, type Diagram, type Node, none } from '../space/index.ts';
import { bitSet, type FieldName, type Layout } from './layout.ts';
import { type MarkChange, marksThen } from './marks.ts';

/** New codes of one field: the same for all packets, or by the code before. */
export type Recoding = { readonly kind: 'to'; readonly code: number } | { readonly kind: 'map'; readonly codes: Int32Array };

/** What rules do to a packet that goes on, as one step however many rules did it. */
export interface Change {
  readonly id: number;
  readonly fields: ReadonlyMap<FieldName, Recoding>;
  readonly marks: MarkChange | null;
  /** How often bytes were rewritten: what opaque matches say of the packet may be another thing each time. */
  readonly rewrites: number;
  /** Whether the destination that it was given is known to be the host's own; `null` when not known or not given. */
  readonly local: boolean | null;
}

type Parts = Omit<Change, 'id'>;

/** Changes, each kind once: equal changes have equal numbers. */
export interface Changes {
  readonly unchanged: Change;
  of(parts: Partial<Parts>): Change;
  byId(id: number): Change;
  /** First one, then the other. */
  chained(first: Change, second: Change): Change;
  /** `f` as a function of the packet before the change; leaves stay. */
  before(f: Node, change: Change): Node;
  /** The same of rules behind those that change the packet: the change becomes part of how it leaves them. */
  onward(f: Node, change: Change): Node;
}

/** `ending` gives the leaf that a leaf's value becomes when the change comes before it. */
export function createChanges(diagram: Diagram, layout: Layout, ending: (value: number, change: Change) => Node): Changes {
  const list: Change[] = [];
  const byKey = new Map<string, Change>();
  const operations = { before: diagram.operation(), onward: diagram.operation() };
  let operation = operations.before;
  const intern = (parts: Parts): Change => {
    const key = keyOf(parts);
    const before = byKey.get(key);
    if (before !== undefined) return before;
    const made: Change = { ...parts, id: list.length };
    list.push(made);
    byKey.set(key, made);
    return made;
  };
  const plain: Parts = { fields: new Map(), marks: null, rewrites: 0, local: null };
  const unchanged = intern(plain);
  const fieldAt = levelsOfFields(layout);

  return {
    unchanged,
    of: (parts) => intern({ ...plain, ...parts }),
    byId: (id) => list[id] as Change,
    chained(first, second) {
      if (first === unchanged) return second;
      if (second === unchanged) return first;
      const fields = new Map(first.fields);
      for (const [field, recoding] of second.fields) {
        const earlier = first.fields.get(field);
        fields.set(field, earlier === undefined ? recoding : recoded(earlier, recoding));
      }
      return intern({
        fields,
        marks: first.marks === null ? second.marks : second.marks === null ? first.marks : marksThen(first.marks, second.marks),
        rewrites: first.rewrites + second.rewrites,
        local: second.local ?? first.local,
      });
    },
    before(f, change) {
      operation = operations.before;
      return change === unchanged ? f : rewind(f, change);
    },
    onward(f, change) {
      operation = operations.onward;
      return change === unchanged ? f : rewind(f, change);
    },
  };

  function rewind(f: Node, change: Change): Node {
    if (f < 0) return operation === operations.before ? f : ending(~f, change);
    const known = diagram.recall(operation, f, change.id);
    if (known !== undefined) return known;
    const level = diagram.level(f);
    const field = fieldAt[level];
    let made: Node;
    if (field === undefined) made = rewindBit(f, level, change);
    else {
      const recoding = change.fields.get(field);
      if (recoding === undefined) made = placed(level, rewind(diagram.lo(f), change), rewind(diagram.hi(f), change));
      else made = rewindField(f, layout.axis(field), recoding, change);
    }
    return diagram.remember(operation, f, change.id, made);
  }

  /** Marks and variables. */
  function rewindBit(f: Node, level: number, change: Change): Node {
    const lo = rewind(diagram.lo(f), change);
    const hi = rewind(diagram.hi(f), change);
    if (level >= layout.firstVariable) {
      const variable = layout.variableAt(level);
      return placed(change.rewrites === 0 ? level : layout.later(variable, change.rewrites).level, lo, hi);
    }
    if (change.marks === null) return placed(level, lo, hi);
    const index = level - (layout.firstVariable - 2 * layout.markBits.length);
    const row = 2 * (layout.markBits[index >> 1] as number) + (index & 1);
    let [zero, one] = change.marks.flips[row] === 1 ? [hi, lo] : [lo, hi];
    for (const [field, masks] of [
      ['mark', change.marks.ofMark],
      ['connmark', change.marks.ofConnmark],
    ] as const) {
      for (const bit of layout.markBits) {
        if ((((masks[row] as number) >>> bit) & 1) === 0) continue;
        const at = layout.markLevel(field, bit);
        [zero, one] = [placed(at, zero, one), placed(at, one, zero)];
      }
    }
    return zero;
  }

  /** A field's codes lead where the new ones led. A code that a parent has tested already leads nowhere else. */
  function rewindField(f: Node, axis: Axis, recoding: Recoding, change: Change): Node {
    if (recoding.kind === 'to') return rewind(atCode(f, axis, recoding.code), change);
    const starts: number[] = [];
    const nodes: Node[] = [];
    const below = new Map<Node, Node>();
    for (let code = 0; code < axis.size; code += 1) {
      const target = atCode(f, axis, recoding.codes[code] as number);
      let node = below.get(target);
      if (node === undefined) {
        node = rewind(target, change);
        below.set(target, node);
      }
      if (node === nodes.at(-1)) continue;
      starts.push(code);
      nodes.push(node);
    }
    return joined(axis, starts, nodes);
  }

  function atCode(f: Node, { level, width }: Axis, code: number): Node {
    let node = f;
    while (node >= 0) {
      const depth = diagram.level(node) - level;
      if (depth >= width) break;
      node = ((code >> (width - depth - 1)) & 1) === 0 ? diagram.lo(node) : diagram.hi(node);
    }
    return node;
  }

  /** A test of a bit above anything: the children may look at levels that stand higher. */
  function placed(level: number, lo: Node, hi: Node): Node {
    if (diagram.level(lo) > level && diagram.level(hi) > level) return diagram.make(level, lo, hi);
    return diagram.choose(bitSet(diagram, level), hi, lo);
  }

  function joined(axis: Axis, starts: readonly number[], nodes: readonly Node[]): Node {
    const end = axis.level + axis.width;
    if (nodes.every((node) => diagram.level(node) >= end)) return assemble(diagram, axis, starts, nodes);
    let result: Node = none;
    for (const [index, node] of nodes.entries()) {
      const sets = starts.map((_, other) => (other === index ? all : none));
      result = diagram.first(diagram.mask(assemble(diagram, axis, starts, sets), node), result);
    }
    return result;
  }
}

function levelsOfFields(layout: Layout): readonly FieldName[] {
  const names: FieldName[] = [];
  for (const field of layout.fields) {
    const { level, width } = layout.axis(field);
    for (let depth = 0; depth < width; depth += 1) names[level + depth] = field;
  }
  return names;
}

function recoded(first: Recoding, second: Recoding): Recoding {
  if (second.kind === 'to') return second;
  if (first.kind === 'to') return { kind: 'to', code: second.codes[first.code] as number };
  return { kind: 'map', codes: first.codes.map((code) => second.codes[code] as number) };
}

function keyOf({ fields, marks, rewrites, local }: Parts): string {
  const recodings = [...fields]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([field, recoding]) => `${field}=${recoding.kind === 'to' ? recoding.code : recoding.codes.join('.')}`);
  const bits = marks === null ? '' : [marks.ofMark, marks.ofConnmark, marks.flips].map((row) => row.join()).join(' ');
  return `${recodings.join(' ')}|${bits}|${rewrites}|${local}`;
}
