import { ranges } from '../../model/net/index.ts';
import {
  type AddressField,
  type ClockField,
  type Hook,
  type NumberField,
  type Packet,
  packetTypes,
  states,
  type Tuple,
} from '../../model/packet/index.ts';
import type { Surroundings } from '../evaluate/surroundings.ts';
import { clockText } from '../evaluate/unsaid-text.ts';
import { type Axis, type Diagram, type Node, none } from '../space/index.ts';
import type { FieldName, Layout } from '../symbolic/index.ts';
import * as usual from './usual-values.ts';

/** The answer of one match that no field tells; several may have the same text, and then stand in different rules. */
export interface Assumption {
  readonly text: string;
  /** Where the diagram asks it. */
  readonly level: number;
  readonly holds: boolean;
  /** Of what the clock shows: the bits of its field, from the level on. */
  readonly code?: readonly boolean[];
}

/** By level, what matches that no field tells, and the clock, have to say. */
export function answersOf(assumed: readonly Assumption[]): ReadonlyMap<number, boolean> {
  return new Map(
    assumed.flatMap(({ level, holds, code }) =>
      code === undefined ? [[level, holds] as const] : code.map((bit, depth) => [level + depth, bit] as const),
    ),
  );
}

/** Goes down the diagram, field by field in its own order, and takes the most usual value that keeps the set non-empty. */
export function usualPacket(
  diagram: Diagram,
  layout: Layout,
  hook: Hook,
  surroundings: Surroundings,
  set: Node,
): { readonly packet: Packet; readonly assumed: readonly Assumption[] } {
  const { family } = layout;
  const odd = usual.oddAddresses(family, surroundings);
  const codes = new Map<FieldName, number>();
  const values = new Map<FieldName, bigint | number | null>();
  let node = set;
  const state = () => states[codes.get('state') ?? 0] ?? 'NEW';
  const numberOf = (field: FieldName): number | null => (values.get(field) ?? null) as number | null;
  const links = new Map<'in' | 'out', string | null>();
  const clock: { readonly field: ClockField; readonly axis: Axis; readonly before: Node }[] = [];
  const linkOf = (field: 'in' | 'out'): string | null => links.get(field) ?? null;

  for (const field of layout.fields) {
    const axis = layout.axis(field);
    const take = (code: number): void => {
      codes.set(field, code);
      node = below(diagram, node, axis, code);
    };
    switch (field) {
      case 'state':
      case 'fragment':
      case 'direction': {
        const wanted = field === 'state' ? usual.usualStates.map((name) => states.indexOf(name)) : [0, 1];
        take(firstOf(diagram, node, axis, wanted));
        break;
      }
      case 'in':
      case 'out': {
        const names = usual.usualLinks(surroundings, family);
        // What is routed on leaves by another link than it came by.
        const ordered =
          field === 'out' ? [...names].sort((a, b) => Number(a === linkOf('in')) - Number(b === linkOf('in'))) : names;
        const loopbackLast = [...ordered, 'lo'];
        const wanted = loopbackLast.map((name) => layout.interfaces.codeOf(name));
        const code = firstOf(diagram, node, axis, [...wanted, ...plainNames(layout, surroundings)]);
        links.set(field, loopbackLast[wanted.indexOf(code)] ?? (layout.interfaces.nameOf(code) || null));
        take(code);
        break;
      }
      case 'src':
      case 'dst': {
        const wanted =
          field === 'src'
            ? usual.usualSources(family, hook, linkOf(hook === 'output' ? 'out' : 'in'), surroundings)
            : usual.usualDestinations(family, hook, { arriving: linkOf('in'), leaving: linkOf('out') }, surroundings);
        const other = values.get(field === 'src' ? 'dst' : 'src');
        const [code, value] = address(
          field,
          axis,
          wanted.filter((one) => one !== other),
        );
        values.set(field, value);
        take(code);
        break;
      }
      case 'origSrc':
      case 'origDst': {
        const isReply = layout.axis('direction').level < axis.level && codes.get('direction') === 1;
        const [code, value] = address(field, axis, [values.get((field === 'origSrc') === isReply ? 'dst' : 'src') as bigint]);
        values.set(field, value);
        take(code);
        break;
      }
      case 'mac':
      case 'proto':
      case 'sport':
      case 'dport':
      case 'icmpType':
      case 'icmpCode':
      case 'length':
      case 'ttl':
      case 'tos':
      case 'pktType':
      case 'uid':
      case 'gid':
      case 'origProto':
      case 'origSport':
      case 'origDport': {
        const wanted = usualNumbers(field);
        const code = firstOf(
          diagram,
          node,
          axis,
          wanted.map((value) => layout.numberCode(field, value)),
        );
        const within = layout.numbersOf(field, code);
        values.set(
          field,
          within === null
            ? null
            : (wanted.find((value) => value !== null && within[0] <= value && value <= within[1]) ?? within[0]),
        );
        take(code);
        break;
      }
      case 'flags':
        // A field that no rule looks at has one code for all.
        take(
          firstOf(
            diagram,
            node,
            axis,
            axis.size === 1 ? [] : [...(codes.get('fragment') === 1 ? [] : usual.usualFlags(state())), 0],
          ),
        );
        break;
      case 'weekday':
      case 'monthday':
      case 'second':
      case 'date': {
        if (looksAt(node, axis)) clock.push({ field, axis, before: node });
        take(firstOf(diagram, node, axis, [layout.numberCode(field, usual.usualClock[field])]));
        break;
      }
      default:
        take(firstOf(diagram, node, axis, [0]));
    }
  }
  const marks = { mark: 0, connmark: 0 };
  const assumed: Assumption[] = [];
  const byLevel = new Map(
    layout.markBits.flatMap((bit) =>
      (['mark', 'connmark'] as const).map((field) => [layout.markLevel(field, bit), { field, bit }] as const),
    ),
  );
  while (node >= 0) {
    const level = diagram.level(node);
    const holds = diagram.lo(node) === none;
    node = holds ? diagram.hi(node) : diagram.lo(node);
    const mark = byLevel.get(level);
    if (mark === undefined) assumed.push({ text: layout.variableAt(level).text, level, holds });
    else if (holds) marks[mark.field] = (marks[mark.field] | (1 << mark.bit)) >>> 0;
  }
  return { packet: assembled(), assumed: [...clock.map(shown), ...assumed] };

  /** The diagram tells instants apart that the packet does not say. */
  function looksAt(at: Node, { level, width }: Axis): boolean {
    let found = false;
    diagram.visit(at, (one) => {
      const own = diagram.level(one);
      if (own >= level && own < level + width) found = true;
      return !found && own < level;
    });
    return found;
  }

  function shown({ field, axis, before }: (typeof clock)[number]): Assumption {
    const code = codes.get(field) ?? 0;
    const alike = [...codesIn(diagram, before, axis)].filter(
      (other) => below(diagram, before, axis, other) === below(diagram, before, axis, code),
    );
    const within = ranges(...alike.flatMap((other) => [layout.numbersOf(field, other) ?? [0, 0]] as [number, number][]));
    const bits = Array.from({ length: axis.width }, (_, depth) => ((code >> (axis.width - depth - 1)) & 1) === 1);
    return { text: clockText(field, within), level: axis.level, holds: true, code: bits };
  }

  function usualNumbers(field: NumberField): readonly (number | null)[] {
    const proto = numberOf('proto') ?? 0;
    switch (field) {
      case 'proto':
        return usual.usualProtocols(family);
      case 'sport':
        return usual.usualSourcePorts;
      case 'dport':
        return usual.usualPorts(proto);
      case 'icmpType':
        return usual.usualIcmpTypes(family);
      case 'icmpCode':
        return [0];
      case 'length':
        return usual.usualLengths;
      case 'ttl':
        return usual.usualHops;
      case 'mac':
        return [usual.usualMac];
      case 'uid':
      case 'gid':
        return usual.usualOwners;
      case 'origProto':
        return [proto];
      case 'origSport':
        return [numberOf(isReply() ? 'dport' : 'sport')];
      case 'origDport':
        return [numberOf(isReply() ? 'sport' : 'dport')];
      default:
        return [0];
    }
  }

  function isReply(): boolean {
    return codes.get('direction') === 1;
  }

  /** The code and a value of it: a wanted one, else a plain one of the first codes that have any, else whatever there is. */
  function address(field: AddressField, axis: Axis, wanted: readonly bigint[]): readonly [number, bigint] {
    for (const value of wanted) {
      const code = layout.addressCode(field, value);
      if (below(diagram, node, axis, code) !== none) return [code, value];
    }
    let fallback: readonly [number, bigint] | null = null;
    let looked = 0;
    for (const code of codesIn(diagram, node, axis)) {
      const interval = layout.addressesOf(field, code);
      const value = usual.plainAddress(interval, odd);
      if (value !== null) return [code, value];
      fallback ??= [code, interval[0]];
      looked += 1;
      if (looked > mostLooked) break;
    }
    if (fallback === null) throw new Error('an empty set has no witness');
    return fallback;
  }

  function assembled(): Packet {
    const proto = numberOf('proto') ?? 0;
    const src = values.get('src') as bigint;
    const dst = values.get('dst') as bigint;
    const isTcp = proto === 6 && codes.get('fragment') !== 1;
    const flags = layout.axis('flags').size > 1 ? (codes.get('flags') ?? 0) : isTcp ? (usual.usualFlags(state())[0] ?? 0) : 0;
    const packet: Packet = {
      family,
      hook,
      in: hook === 'output' ? null : linkOf('in'),
      out: hook === 'input' ? null : linkOf('out'),
      src,
      dst,
      proto,
      sport: numberOf('sport'),
      dport: numberOf('dport'),
      icmpType: numberOf('icmpType'),
      icmpCode: numberOf('icmpCode'),
      flags,
      state: state(),
      status: layout.axis('status').size > 1 ? (codes.get('status') ?? 0) : 0,
      direction: isReply() ? 'reply' : 'original',
      original: null,
      mark: marks.mark,
      connmark: marks.connmark,
      length: Math.max(numberOf('length') ?? 60, 0),
      ttl: numberOf('ttl') ?? 64,
      fragment: codes.get('fragment') === 1,
      mac: hook !== 'output' && layout.axis('mac').size > 1 ? numberOf('mac') : null,
      ...seldomSaid(),
    };
    return { ...packet, original: originalOf(packet) };
  }

  /** What nobody says of a packet where no rule asks. */
  function seldomSaid(): Pick<Packet, 'tos' | 'pktType' | 'uid' | 'gid'> {
    const asked = (field: FieldName): boolean => layout.axis(field).size > 1;
    return {
      ...(asked('tos') ? { tos: numberOf('tos') ?? 0 } : {}),
      ...(asked('pktType') ? { pktType: packetTypes[numberOf('pktType') ?? 0] ?? 'unicast' } : {}),
      ...(asked('uid') && hook === 'output' ? { uid: numberOf('uid'), gid: numberOf('gid') } : {}),
    };
  }

  /** `null` where the packet's own addresses and ports are those of its connection. */
  function originalOf(packet: Packet): Tuple | null {
    const { src, dst, sport, dport } = packet;
    const own: Tuple = isReply() ? { src: dst, dst: src, sport: dport, dport: sport } : { src, dst, sport, dport };
    const same =
      layout.addressCode('origSrc', own.src) === codes.get('origSrc') &&
      layout.addressCode('origDst', own.dst) === codes.get('origDst') &&
      layout.numberCode('origSport', own.sport) === codes.get('origSport') &&
      layout.numberCode('origDport', own.dport) === codes.get('origDport');
    if (same) return null;
    return {
      src: values.get('origSrc') as bigint,
      dst: values.get('origDst') as bigint,
      sport: numberOf('origSport'),
      dport: numberOf('origDport'),
    };
  }
}

/** So many pieces of a field are looked through for a plain address. */
const mostLooked = 1000;

/** Classes of single names before those of all other names; only what the host has, if that is known. */
function plainNames(layout: Layout, { links }: Surroundings): readonly number[] {
  const all = Array.from({ length: layout.interfaces.size }, (_, code) => code).slice(1);
  const had = all.filter((code) => links?.some(({ name }) => name === layout.interfaces.nameOf(code)) === true);
  return [...had, ...all.filter((code) => !layout.interfaces.isOther(code)), ...all];
}

/** The first of the wanted codes that is in the set, else the first that is. */
function firstOf(diagram: Diagram, node: Node, axis: Axis, wanted: readonly number[]): number {
  for (const code of wanted) if (code < axis.size && below(diagram, node, axis, code) !== none) return code;
  for (const code of codesIn(diagram, node, axis)) return code;
  throw new Error('an empty set has no witness');
}

/** What is left of the function where the field has the code; the node stands at the field's levels or below. */
function below(diagram: Diagram, node: Node, { level, width }: Axis, code: number): Node {
  let at = node;
  while (at >= 0) {
    const depth = diagram.level(at) - level;
    if (depth >= width) break;
    at = ((code >> (width - depth - 1)) & 1) === 0 ? diagram.lo(at) : diagram.hi(at);
  }
  return at;
}

/** Codes of the field at which something is left of the function, in order. */
function* codesIn(diagram: Diagram, node: Node, { level, width, size }: Axis): Generator<number> {
  function* visit(at: Node, depth: number, code: number): Generator<number> {
    if (at === none || code << (width - depth) >= size) return;
    if (depth === width) {
      yield code;
      return;
    }
    const tests = diagram.level(at) === level + depth;
    yield* visit(tests ? diagram.lo(at) : at, depth + 1, code * 2);
    yield* visit(tests ? diagram.hi(at) : at, depth + 1, code * 2 + 1);
  }
  yield* visit(node, 0, 0);
}
