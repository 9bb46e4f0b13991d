import { usualMac } from '../../analysis/answers/usual-values.ts';
import { all, type Node } from '../../analysis/space/index.ts';
import type { FieldName, Layout, Space } from '../../analysis/symbolic/index.ts';
import { ICMP, ICMPV6, type Ranges, TCP } from '../../model/net/index.ts';
import { clockFields, packetTypes, states, tcpFlags } from '../../model/packet/index.ts';
import { clientPort } from '../probes.ts';
import { throttles, usually } from '../usual.ts';
import type { Course, Mode } from './course.ts';
import { common, sizeOf } from './strangers.ts';

/** What an ordinary first packet of the protocol has by that way, whoever sends it and where to. */
export function fixedFields(
  { layout, family }: Space,
  course: Course,
  proto: number,
  isPorted: boolean,
): ReadonlyMap<FieldName, number> {
  const codes = new Map<FieldName, number>();
  const link = (field: 'in' | 'out', name: string | null): void => {
    codes.set(field, name === null ? 0 : layout.interfaces.codeOf(name));
  };
  link('in', course.in);
  link('out', course.out);
  const isIcmp = proto === (family === 4 ? ICMP : ICMPV6);
  codes.set('state', layout.numberCode('state', states.indexOf('NEW')));
  codes.set('fragment', layout.numberCode('fragment', 0));
  codes.set('proto', layout.numberCode('proto', proto));
  codes.set('sport', layout.numberCode('sport', isPorted ? (course.sport ?? clientPort) : null));
  if (!isPorted) codes.set('dport', layout.numberCode('dport', null));
  codes.set('icmpType', layout.numberCode('icmpType', isIcmp ? (family === 4 ? 8 : 128) : null));
  codes.set('icmpCode', layout.numberCode('icmpCode', isIcmp ? 0 : null));
  codes.set('length', layout.numberCode('length', 60));
  codes.set('ttl', layout.numberCode('ttl', 64));
  codes.set('mac', layout.numberCode('mac', usualMac));
  codes.set('tos', layout.numberCode('tos', 0));
  codes.set('pktType', layout.numberCode('pktType', packetTypes.indexOf('unicast')));
  if (course.anyUser !== true)
    for (const field of ['uid', 'gid'] as const)
      codes.set(field, course.hook === 'output' ? nobodySpecial(layout, field) : layout.numberCode(field, null));
  codes.set('flags', layout.axis('flags').size > 1 && proto === TCP ? tcpFlags.SYN : 0);
  for (const field of ['direction', 'status', 'exempt', 'template', 'shortened', 'clamped'] as const) codes.set(field, 0);
  for (const field of codes.keys()) if (layout.axis(field).size <= 1) codes.delete(field);
  return codes;
}

/** A user or group of whom no rule speaks, among the most that are alike. */
function nobodySpecial(layout: Layout, field: 'uid' | 'gid'): number {
  let [best, most] = [0, -1];
  for (let code = 0; code < layout.axis(field).size; code += 1) {
    const values = layout.numbersOf(field, code);
    if (values === null || values[1] - values[0] <= most) continue;
    [best, most] = [code, values[1] - values[0]];
  }
  return best;
}

/** The set without marks, which nobody has set yet, and without matches that no field tells, the clock's and users where any counts. */
export function answered({ diagram, layout }: Space, set: Node, mode: Mode, course: Course): Node {
  const firstMark = layout.firstVariable - 2 * layout.markBits.length;
  const untold: readonly FieldName[] = course.anyUser === true ? [...clockFields, 'uid', 'gid'] : clockFields;
  const untoldLevels = new Set(
    untold.flatMap((field) => {
      const { level, width } = layout.axis(field);
      return Array.from({ length: width }, (_, depth) => level + depth);
    }),
  );
  const known = new Map<Node, Node>();
  const either = (lo: Node, hi: Node): Node => (mode === 'possible' ? diagram.first(lo, hi) : diagram.mask(lo, hi));
  const visit = (node: Node): Node => {
    if (node < 0) return node;
    const before = known.get(node);
    if (before !== undefined) return before;
    const level = diagram.level(node);
    const [lo, hi] = [diagram.lo(node), diagram.hi(node)];
    const made = untoldLevels.has(level)
      ? either(visit(lo), visit(hi))
      : level < firstMark
        ? diagram.make(level, visit(lo), visit(hi))
        : open(node, level);
    known.set(node, made);
    return made;
  };
  const open = (node: Node, level: number): Node => {
    if (level < layout.firstVariable) return visit(diagram.lo(node));
    const { text, rewrites } = layout.variableAt(level);
    const answer = answerOf(text, mode, course, rewrites);
    if (answer !== null) return visit(answer ? diagram.hi(node) : diagram.lo(node));
    return either(visit(diagram.lo(node)), visit(diagram.hi(node)));
  };
  return set === all ? all : visit(set);
}

function answerOf(text: string, mode: Mode, { hook, published, anyUser }: Course, rewrites: number): boolean | null {
  // Where no fact tells: what comes to this host is for one of its own addresses, and no source from elsewhere is its own.
  const end = /^-m addrtype --(src|dst)-type LOCAL$/.exec(text)?.[1];
  if (end !== undefined && hook !== 'output')
    return end === 'dst' && (hook === 'input' || (published === true && rewrites === 0));
  if (anyUser === true && text.startsWith('-m owner')) return null;
  const plain = usually(text);
  if (mode !== 'steady' || plain === null || text.includes('(drops the packet itself)') || !throttles(text)) return plain;
  return !plain;
}

const weights = new WeakMap<Space, Map<string, (first: number, last: number) => number>>();

/** The share of the far addresses that codes hold, by first and last. */
export function weightsOf(space: Space, field: 'src' | 'dst', far: Ranges<bigint>): (first: number, last: number) => number {
  const known = weights.get(space) ?? new Map<string, (first: number, last: number) => number>();
  weights.set(space, known);
  const key = `${field} ${far.join()}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const { layout } = space;
  const whole = sizeOf(far);
  const { size } = layout.axis(field);
  const until: bigint[] = [0n];
  for (let code = 0; code < size; code += 1) {
    until.push((until[code] as bigint) + sizeOf(common([layout.addressesOf(field, code)], far)));
  }
  const made = (first: number, last: number): number =>
    Number((((until[last + 1] as bigint) - (until[first] as bigint)) << 60n) / whole) / 2 ** 60;
  known.set(key, made);
  return made;
}
