import { formatAddress } from '../../model/net/index.ts';
import { type FinalVerdict, states, tcpFlags } from '../../model/packet/index.ts';
import { all, leaf, type Node, none, withoutField } from '../space/index.ts';
import type { FieldName, Firewall, Space, Way } from '../symbolic/index.ts';
import { bitCodes, portProtocols } from '../symbolic/layout.ts';
import { icmpProtocol, oddDestinations, openingTypes, type Roads, type RoutingFacts, roadsOf } from './routing.ts';

type Change = ReturnType<Space['changes']['byId']>;

/** Where a packet is handed to in the end. */
export type Goal =
  /** A socket of this host. */
  | { readonly kind: 'host' }
  /** Another host or a container, at an address that the rules gave it; `null`: any, or as it was. */
  | { readonly kind: 'published'; readonly address: string | null; readonly port: string | null; readonly link: string | null }
  /** Sent on as it is; `link` is `null` where routes are unknown. */
  | { readonly kind: 'through'; readonly link: string | null };

export interface Outcome {
  readonly verdict: FinalVerdict | 'UNDECIDED';
  readonly goal: Goal;
}

/** What becomes of the first packets of connections that arrive over any link, as one function from PREROUTING to the end. */
export interface Arrivals {
  /** Leaves are {@link Outcome}s; `none` where no such packet can be, or where routing ends it before any rule of filter. */
  readonly outcomes: Node;
  of(value: number): Outcome;
  /** Sentences: what facts did not tell. */
  readonly assumed: readonly string[];
}

/** How untranslated packets are routed: by routes, or where those are unknown as said. */
export type Course = 'routed' | 'host' | 'through';

/**
 * The whole way of arriving packets. Destinations are those that the sender writes; rules of nat may give another one, and
 * the packet then takes the way of that: INPUT or FORWARD.
 *
 * @throws OverBudget
 */
export function arrivalsOf(space: Space, firewall: Firewall, facts: RoutingFacts, course: Course): Arrivals {
  const { diagram, layout, changes } = space;
  const { matching } = firewall;
  const list: Outcome[] = [];
  const byKey = new Map<string, Node>();
  const assumed = new Set<string>();
  const outcomeNode = (verdict: Outcome['verdict'], goal: Goal): Node => {
    const key = `${verdict} ${Object.values(goal).join(' ')}`;
    let node = byKey.get(key);
    if (node === undefined) {
      list.push({ verdict, goal });
      node = leaf(list.length);
      byKey.set(key, node);
    }
    return node;
  };
  const [input, forward] = [firewall.way('input'), firewall.way('forward')];
  const roads = course === 'routed' ? roadsOf(space, firewall, facts) : null;
  if (course === 'routed' && roads === null) throw new Error('routes are unknown');
  for (const sentence of roads?.assumed ?? []) assumed.add(sentence);
  const inward = diagram.mask(opening(), to(firewall.possible('input'), 'out', 0));
  const onward = diagram.mask(opening(), firewall.possible('forward'));
  const forwarding = forwardingLinks();
  const odd = oddDestinations(space, firewall);

  let outcomes: Node = none;
  const passed = throughPrerouting(input);
  for (const { change, packets } of passed) {
    const translated = change.fields.has('dst') || change.local !== null;
    if (roads !== null) addRouted(roads, change, packets, translated);
    else if (translated) {
      if (change.local === true && course === 'host') addInput(packets);
      else if (course === 'host') add(named(hopped(forward.verdicts), goalOf(change, null)), diagram.mask(packets, onward));
    } else if (course === 'host') addInput(diagram.without(packets, odd));
    else
      add(named(hopped(forward.verdicts), { kind: 'through', link: null }), diagram.mask(diagram.without(packets, odd), onward));
  }
  // Packets that PREROUTING itself ends come nowhere; both ways say so.
  if (course !== 'through') {
    const gone = passed.reduce<Node>((rest, { packets }) => diagram.without(rest, packets), all);
    add(named(input.verdicts, { kind: 'host' }), diagram.mask(diagram.without(gone, odd), inward));
  }
  return { outcomes: typed(outcomes), of: (value) => list[value - 1] as Outcome, assumed: [...assumed] };

  /**
   * Where no fact tells of which type an address is: a destination is local where it is this host that is asked about, and no
   * source from elsewhere is, since the kernel takes none.
   */
  function typed(f: Node): Node {
    let made = f;
    for (const { text, level, rewrites } of layout.variables) {
      const end = /^-m addrtype --(src|dst)-type LOCAL$/.exec(text)?.[1];
      if (end === undefined || rewrites > 0) continue;
      const holds = end === 'dst' && course === 'host';
      const bit = diagram.make(level, none, all);
      made = withoutField(diagram, holds ? diagram.mask(bit, made) : diagram.without(made, bit), { level, width: 1 });
    }
    return made;
  }

  function add(verdicts: Node, packets: Node): void {
    outcomes = diagram.first(outcomes, diagram.mask(packets, verdicts));
  }

  function addInput(packets: Node): void {
    add(named(input.verdicts, { kind: 'host' }), diagram.mask(packets, inward));
  }

  function addRouted({ routed, of }: Roads, change: Change, packets: Node, translated: boolean): void {
    const here = diagram.mask(packets, changes.before(routed, change));
    for (const value of diagram.leaves(here)) {
      if (value === 0) continue;
      const road = of(value);
      const taken = diagram.where(here, (other) => other === value);
      if (road.kind === 'local') addInput(taken);
      if (road.kind !== 'out') continue;
      const code = layout.interfaces.codeOf(road.link);
      const verdicts = to(hopped(forward.verdicts), 'out', code);
      const goal: Goal = translated ? goalOf(change, road.link) : { kind: 'through', link: road.link };
      add(named(verdicts, goal), diagram.mask(diagram.mask(taken, forwarding), to(onward, 'out', code)));
    }
  }

  /** The function of packets of which the field has the code. */
  function to(f: Node, field: FieldName, code: number): Node {
    return changes.before(f, changes.of({ fields: new Map([[field, { kind: 'to', code }]]) }));
  }

  /** FORWARD's way counts hops as seen there: one less than on arrival. */
  function hopped(f: Node): Node {
    if (layout.axis('ttl').size <= 1) return f;
    const codes = Int32Array.from({ length: layout.axis('ttl').size }, (_, code) => Math.max(0, code - 1));
    return changes.before(f, changes.of({ fields: new Map([['ttl', { kind: 'map', codes }]]) }));
  }

  function named(verdicts: Node, goal: Goal): Node {
    return diagram.mapLeaves(verdicts, (value) => {
      if (value === 0) return outcomeNode('ACCEPT', goal);
      const ending = space.endings.of(value);
      return outcomeNode(ending.kind === 'decided' ? ending.decision.verdict : 'UNDECIDED', goal);
    });
  }

  function goalOf({ fields }: Change, link: string | null): Goal {
    const code = (field: FieldName): number | null => {
      const recoding = fields.get(field);
      return recoding?.kind === 'to' ? recoding.code : null;
    };
    const [address, port] = [code('dst'), code('dport')];
    const one = (value: bigint): string => formatAddress({ family: layout.family, value });
    const said = <T>(within: readonly [T, T], words: (value: T) => string): string =>
      within[0] === within[1] ? words(within[0]) : `${words(within[0])}-${words(within[1])}`;
    const ports = port === null ? null : layout.numbersOf('dport', port);
    return {
      kind: 'published',
      address: address === null ? null : said(layout.addressesOf('dst', address), one),
      port: ports === null ? null : said(ports, String),
      link,
    };
  }

  /** Packets by what PREROUTING changes of them, in terms of how they arrive. */
  function throughPrerouting({ stops }: Way): readonly { readonly change: Change; readonly packets: Node }[] {
    const unsaid = new Map<FieldName, { kind: 'to'; code: number }>();
    for (const field of ['exempt', 'template', 'shortened'] as const) {
      if (layout.axis(field).size > 1) unsaid.set(field, { kind: 'to', code: 0 });
    }
    let groups = new Map<number, { change: Change; packets: Node }>();
    const begin = changes.of({ fields: unsaid });
    groups.set(begin.id, { change: begin, packets: all });
    for (const stop of stops.filter(({ station }) => station.chain === 'PREROUTING')) {
      const next = new Map<number, { change: Change; packets: Node }>();
      const put = (change: Change, packets: Node): void => {
        if (packets === none) return;
        const before = next.get(change.id);
        if (before === undefined) next.set(change.id, { change, packets });
        else before.packets = diagram.first(before.packets, packets);
      };
      for (const { change, packets } of groups.values()) {
        const meets = changes.before(stop.meets, change);
        put(change, diagram.without(packets, meets));
        const verdicts = diagram.mask(diagram.mask(packets, meets), changes.before(stop.through, change));
        for (const value of diagram.leaves(verdicts)) {
          if (value === 0) continue;
          const ending = space.endings.of(value);
          if (ending.kind !== 'decided' || ending.decision.verdict !== 'ACCEPT') continue;
          put(
            changes.chained(change, ending.change),
            diagram.where(verdicts, (other) => other === value),
          );
        }
      }
      groups = next;
    }
    return [...groups.values()];
  }

  /** The first packet of a connection: a SYN, an ICMP message that asks, and no later fragment. */
  function opening(): Node {
    const number = (field: 'state' | 'fragment' | 'proto' | 'icmpType', within: readonly (readonly [number, number])[]): Node =>
      matching.fieldSet(field, layout.numberCodes(field, within));
    const isNew = states.indexOf('NEW');
    const icmp = icmpProtocol[layout.family];
    let set = diagram.mask(number('state', [[isNew, isNew]]), number('fragment', [[0, 0]]));
    set = diagram.without(set, diagram.without(number('proto', [[icmp, icmp]]), number('icmpType', openingTypes[layout.family])));
    const syn =
      layout.axis('flags').size <= 1
        ? all
        : matching.fieldSet(
            'flags',
            bitCodes((value) => value === tcpFlags.SYN),
          );
    return diagram.choose(number('proto', [[6, 6]]), diagram.mask(syn, set), set);
  }

  /** Packets that arrive by links from which the host sends on. */
  function forwardingLinks(): Node {
    const codes: number[] = [];
    for (let code = 1; code < layout.interfaces.size; code += 1) {
      const name = layout.interfaces.nameOf(code);
      const forwards = facts.forwards(name);
      if (forwards === null) assumed.add('whether the host forwards packets is unknown; taken as yes');
      if (forwards !== false) codes.push(code, code);
    }
    return codes.length === 0 ? none : matching.fieldSet('in', Int32Array.from(codes));
  }
}

/** Protocols with ports, as single numbers. */
export const portedProtocols: readonly number[] = portProtocols.map(([lo]) => lo);
