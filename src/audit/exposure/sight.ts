import { portedProtocols } from '../../analysis/answers/arrivals.ts';
import { usualPacket } from '../../analysis/answers/usual-packet.ts';
import { type Node, none, unionOf } from '../../analysis/space/index.ts';
import { grouped, splitBy, withoutField } from '../../analysis/space/split.ts';
import { contains, type Ranges, ranges } from '../../model/net/index.ts';
import type { FinalVerdict, Packet } from '../../model/packet/index.ts';
import type { Engine } from '../engine.ts';
import { endingAs } from '../packet-sets.ts';
import { clientPort } from '../probes.ts';
import type { Course, Mode } from './course.ts';
import { answered, fixedFields, weightsOf } from './ordinary.ts';
import { anyone } from './strangers.ts';

/** What new connections of one protocol by one way are let through, by far address and port. */
export interface Sight {
  readonly course: Course;
  readonly proto: number;
  /** Which part of the far addresses may connect to the port of some near address; the port of a protocol without any is `null`. */
  share(port: number | null, mode: Mode): number;
  /** Ports that anyone reaches. */
  openPorts(mode: Mode): Ranges<number>;
  /** Ports that some of the addresses reach. */
  portsFrom(addresses: Ranges<bigint>, mode: Mode): Ranges<number>;
  /** All addresses that may connect to the port, far ones or others. */
  reaching(port: number | null, mode: Mode): Ranges<bigint>;
  /** One such packet to a port of these from one of these addresses; `null` if there is none. */
  packet(mode: Mode, ports: Ranges<number> | null, from?: Ranges<bigint>): Packet | null;
}

/** Far addresses that are treated alike. */
interface Group {
  readonly rest: Node;
  readonly codes: readonly (readonly [number, number])[];
  readonly share: number;
}

const kept = new WeakMap<Engine, Map<string, Sight>>();

/** Made once an audit. @throws OverBudget, also later. */
export function sightOf(engine: Engine, course: Course, proto: number): Sight {
  const known = kept.get(engine) ?? new Map<string, Sight>();
  kept.set(engine, known);
  const { hook, near, far, sport, published, anyUser } = course;
  const key = [hook, course.in, course.out, near.join(), far.join(), sport, published, anyUser, proto].join(' ');
  const sight = known.get(key) ?? createSight(engine, course, proto);
  known.set(key, sight);
  return sight;
}

/** @param accepted Packets that count, as they arrive; left out: those that the way of the hook accepts. */
export function createSight(engine: Engine, course: Course, proto: number, accepted: Node | null = null): Sight {
  const { space, firewall } = engine;
  const { diagram, layout, changes, family } = space;
  const { hook } = course;
  const [farField, nearField] = hook === 'output' ? (['dst', 'src'] as const) : (['src', 'dst'] as const);
  const isPorted = portedProtocols.includes(proto);
  const fixed = fixedFields(space, course, proto, isPorted);
  const change = changes.of({ fields: new Map([...fixed].map(([field, code]) => [field, { kind: 'to', code }])) });
  const ports = layout.axis('dport');
  const absent = layout.numberCode('dport', null);
  const nearCodes = [...new Set(course.near.map((value) => layout.addressCode(nearField, value)))];
  const sets = new Map<Mode, Node>();
  const groups = new Map<Mode, readonly Group[]>();
  const shares = new Map<Mode, Float64Array>();
  const opened = new Map<Mode, Ranges<number>>();

  /** Sets of far address, near address and port. */
  const setOf = (mode: Mode): Node => {
    let set = sets.get(mode);
    if (set === undefined) {
      set = answered(space, bound(accepting(mode)), mode, course);
      sets.set(mode, set);
    }
    return set;
  };

  function accepting(mode: Mode): Node {
    // What a queue's program says is not known.
    const verdicts: readonly FinalVerdict[] = mode === 'possible' ? ['ACCEPT', 'QUEUE', 'STOLEN'] : ['ACCEPT'];
    return changes.before(accepted ?? endingAs(engine, hook, verdicts), change);
  }

  /** A new connection is its first packet: what is asked of the connection is asked of that. */
  function bound(set: Node): Node {
    const original = (['origSrc', 'origDst', 'origSport', 'origDport', 'origProto'] as const).filter(
      (field) => layout.axis(field).size > 1,
    );
    if (original.length === 0) return set;
    const own = diagram.mask(changes.before(firewall.possible(hook), change), set);
    return original.reduce((rest, field) => withoutField(diagram, rest, layout.axis(field)), own);
  }

  const groupsOf = (mode: Mode): readonly Group[] => {
    const before = groups.get(mode);
    if (before !== undefined) return before;
    const weightOf = weightsOf(space, farField, course.far);
    const made = [...grouped(splitBy(diagram, setOf(mode), layout.axis(farField)), layout.axis(farField).size)]
      .filter(([rest]) => rest !== none)
      .map(([rest, codes]) => ({ rest, codes, share: codes.reduce((sum, [lo, hi]) => sum + weightOf(lo, hi), 0) }))
      .sort((left, right) => right.share - left.share);
    groups.set(mode, made);
    return made;
  };

  /** By code of the port: the share of those that reach it at the near address where most do. */
  const sharesOf = (mode: Mode): Float64Array => {
    const before = shares.get(mode);
    if (before !== undefined) return before;
    const most = new Float64Array(Math.max(1, ports.size));
    for (const near of nearCodes) {
      const here = new Float64Array(most.length);
      for (const { rest, share } of groupsOf(mode)) {
        // What is left is nobody: a few single addresses each.
        if (share * 4096 < anyone[family] / 16) break;
        const there = changes.before(rest, changes.of({ fields: new Map([[nearField, { kind: 'to', code: near }]]) }));
        const runs = splitBy(diagram, there, ports);
        for (const [index, run] of runs.entries()) {
          if (run.rest === none) continue;
          const end = runs[index + 1]?.first ?? most.length;
          for (let code = run.first; code < end; code += 1) here[code] = (here[code] as number) + share;
        }
      }
      for (let code = 0; code < most.length; code += 1) most[code] = Math.max(most[code] as number, here[code] as number);
    }
    shares.set(mode, most);
    return most;
  };

  const portCode = (port: number | null): number => (isPorted ? layout.numberCode('dport', port) : absent);

  return {
    course,
    proto,
    share: (port, mode) => sharesOf(mode)[Math.min(portCode(port), sharesOf(mode).length - 1)] ?? 0,
    openPorts(mode) {
      const before = opened.get(mode);
      if (before !== undefined) return before;
      const open: (readonly [number, number])[] = [];
      for (const [code, share] of sharesOf(mode).entries()) {
        const values = share < anyone[family] ? null : layout.numbersOf('dport', code);
        if (values !== null) open.push(values);
      }
      const made = ranges(...open);
      opened.set(mode, made);
      return made;
    },
    portsFrom(addresses, mode) {
      const codes = addresses.map(([lo, hi]) => [layout.addressCode(farField, lo), layout.addressCode(farField, hi)] as const);
      const open: (readonly [number, number])[] = [];
      for (const { rest, codes: own } of groupsOf(mode)) {
        if (!own.some(([lo, hi]) => codes.some(([from, to]) => lo <= to && from <= hi))) continue;
        for (const near of nearCodes) {
          const there = changes.before(rest, changes.of({ fields: new Map([[nearField, { kind: 'to', code: near }]]) }));
          const runs = splitBy(diagram, there, ports);
          for (const [index, run] of runs.entries()) {
            const last = (runs[index + 1]?.first ?? ports.size) - 1;
            // The last code is of packets without ports.
            const [first, end] = [
              layout.numbersOf('dport', run.first),
              layout.numbersOf('dport', last === absent ? last - 1 : last),
            ];
            if (run.rest !== none && first !== null && end !== null && first[0] <= end[1]) open.push([first[0], end[1]]);
          }
        }
      }
      return ranges(...open);
    },
    reaching(port, mode) {
      const found: (readonly [bigint, bigint])[] = [];
      for (const { rest, codes } of groupsOf(mode)) {
        if (!nearCodes.some((near) => holds(rest, near, portCode(port)))) continue;
        for (const [lo, hi] of codes) found.push([layout.addressesOf(farField, lo)[0], layout.addressesOf(farField, hi)[1]]);
      }
      return ranges(...found);
    },
    packet(mode, within, from) {
      const { matching } = firewall;
      let set = diagram.mask(firewall.possible(hook), setOf(mode));
      if (within !== null && isPorted) set = diagram.mask(matching.fieldSet('dport', codesOfPorts(within)), set);
      set = diagram.mask(matching.fieldSet(farField, codesOfAddresses(from ?? course.far)), set);
      for (const [field, code] of fixed) set = diagram.mask(matching.fieldSet(field, Int32Array.of(code, code)), set);
      if (from === undefined) {
        // Those who are many show more than one whom a rule names.
        for (const { codes, share } of groupsOf(mode)) {
          const many = share === 0 ? none : diagram.mask(matching.fieldSet(farField, unionOf(codes)), set);
          if (many === none) continue;
          set = many;
          break;
        }
      }
      for (const [index, near] of nearCodes.entries()) {
        const here = diagram.mask(matching.fieldSet(nearField, Int32Array.of(near, near)), set);
        if (here === none) continue;
        const { packet } = usualPacket(diagram, layout, hook, firewall.surroundings, here);
        const address = course.near.find((value) => layout.addressCode(nearField, value) === near) ?? course.near[index] ?? 0n;
        const links = { in: course.in, out: course.out };
        const port = within === null || packet.dport === null || contains(within, packet.dport) ? packet.dport : within[0]?.[0];
        return {
          ...packet,
          ...links,
          [nearField]: address,
          dport: port ?? null,
          sport: isPorted ? (course.sport ?? clientPort) : null,
        };
      }
      return null;
    },
  };

  /** Whether the pair of codes is in the set, which asks for nothing else. */
  function holds(set: Node, near: number, port: number): boolean {
    const [nearAxis, portAxis] = [layout.axis(nearField), ports];
    let node = set;
    while (node >= 0) {
      const level = diagram.level(node);
      const inNear = level >= nearAxis.level && level < nearAxis.level + nearAxis.width;
      const axis = inNear ? nearAxis : portAxis;
      const bit = ((inNear ? near : port) >> (axis.width - (level - axis.level) - 1)) & 1;
      node = bit === 0 ? diagram.lo(node) : diagram.hi(node);
    }
    return node !== none;
  }

  function codesOfPorts(within: Ranges<number>): Int32Array {
    return unionOf(within.map(([lo, hi]) => [layout.numberCode('dport', lo), layout.numberCode('dport', hi)]));
  }

  function codesOfAddresses(within: Ranges<bigint>): Int32Array {
    return unionOf(within.map(([lo, hi]) => [layout.addressCode(farField, lo), layout.addressCode(farField, hi)]));
  }
}
