import type { Host, Route, RoutingRule } from '../../model/host/index.ts';
import { type Family, ICMP, ICMPV6, prefixRange, type Ranges } from '../../model/net/index.ts';
import type { Constraint } from '../../model/packet/index.ts';
import type { Surroundings } from '../evaluate/surroundings.ts';
import { all, assemble, leaf, listed, type Node, none } from '../space/index.ts';
import { typePieces } from '../symbolic/addresstypes.ts';
import type { Firewall, Space } from '../symbolic/index.ts';

/** What routing does with packets that arrive, as far as facts tell. */
export interface RoutingFacts {
  /** In the order of their priorities; `null` when unknown. */
  readonly rules: readonly RoutingRule[] | null;
  /** Whether packets that arrive by the link are sent on; `null` when unknown. */
  forwards(link: string): boolean | null;
  /** Which sources the kernel takes from the link (net/ipv4/fib_frontend.c, fib_validate_source); `null` when unknown. */
  reversePath(link: string): 'none' | 'strict' | 'loose' | null;
}

/** Where a packet goes from PREROUTING. */
export type Road =
  | { readonly kind: 'local' }
  | { readonly kind: 'out'; readonly link: string }
  /** The kernel answers or drops it by itself: no route, or one that refuses. */
  | { readonly kind: 'refused' }
  /** To many, or to an address that cannot come from outside: no service is asked for so. */
  | { readonly kind: 'odd' };

export interface Roads {
  /** A function of source, destination, arriving link and mark as they are behind PREROUTING. */
  readonly routed: Node;
  of(value: number): Road;
  /** Sentences. */
  readonly assumed: readonly string[];
}

export function routingFactsOf(host: Host, family: Family): RoutingFacts {
  const sysctls = host.sysctls.known ? host.sysctls.value : null;
  const ofLink = (link: string, name: string): string | undefined =>
    sysctls?.get(`net.ipv${family}.conf.${link.replaceAll('.', '/')}.${name}`);
  return {
    rules: host.routingRules[family].known ? host.routingRules[family].value : null,
    forwards(link) {
      const whole = sysctls?.get(family === 4 ? 'net.ipv4.ip_forward' : 'net.ipv6.conf.all.forwarding');
      const own = ofLink(link, family === 4 ? 'forwarding' : 'force_forwarding');
      // IPv4 asks the arriving link; IPv6 all of them at once, unless the link is forced (ip_route_input_slow, ip6_forward).
      if (family === 4) return own !== undefined ? own === '1' : whole === undefined ? null : whole === '1';
      return whole === '1' || own === '1' ? true : whole === undefined ? null : false;
    },
    reversePath(link) {
      if (family === 6) return 'none';
      const [own, whole] = [ofLink(link, 'rp_filter'), ofLink('all', 'rp_filter')];
      if (own === undefined && whole === undefined) return null;
      const value = Math.max(Number(own ?? 0), Number(whole ?? 0));
      return value === 1 ? 'strict' : value === 2 ? 'loose' : 'none';
    },
  };
}

/** Values that routing tells apart, which the space must tell apart too. */
export function routingCuts(family: Family, { rules }: RoutingFacts, surroundings: Surroundings): readonly Constraint[] {
  const pieces = typePieces(family, surroundings);
  const icmp = family === 4 ? openingTypes[4] : openingTypes[6];
  return [
    { kind: 'address', field: 'dst', ranges: pieces },
    { kind: 'address', field: 'src', ranges: pieces },
    { kind: 'address', field: 'src', ranges: oddSources[family] },
    { kind: 'address', field: 'dst', ranges: oddDestinationRanges[family] },
    { kind: 'number', field: 'icmpType', ranges: icmp },
    ...(rules ?? []).flatMap((rule): Constraint[] => [
      ...(rule.from === null ? [] : [{ kind: 'address', field: 'src', ranges: [prefixRange(rule.from)] } as const]),
      ...(rule.to === null ? [] : [{ kind: 'address', field: 'dst', ranges: [prefixRange(rule.to)] } as const]),
      ...(rule.mark === null ? [] : [{ kind: 'bits', field: 'mark', ...rule.mark } as const]),
    ]),
  ];
}

/** ICMP messages that open a connection of their own (nf_conntrack_proto_icmp.c and …_icmpv6.c, valid_new). */
export const openingTypes: Readonly<Record<Family, Ranges<number>>> = {
  4: [[8, 8], [13, 13], [15, 15], [17, 17]],
  6: [[128, 128], [139, 139]],
}; // biome-ignore format: pairs

export const icmpProtocol = { 4: ICMP, 6: ICMPV6 } as const;

/**
 * The kernel's rules of routing and its tables as a function of packets (net/core/fib_rules.c, fib_rules_lookup): the first
 * rule whose table has a route for the packet, and of that table the longest prefix, then the smallest metric.
 *
 * @returns `null` when routes are unknown.
 */
export function roadsOf(space: Space, firewall: Firewall, facts: RoutingFacts): Roads | null {
  const { diagram, layout, family } = space;
  const { matching, surroundings } = firewall;
  if (surroundings.routes === null) return null;
  const roads: Road[] = [];
  const values = new Map<string, Node>();
  const nodeOf = (road: Road): Node => {
    const key = road.kind === 'out' ? `out ${road.link}` : road.kind;
    let node = values.get(key);
    if (node === undefined) {
      roads.push(road);
      node = leaf(roads.length);
      values.set(key, node);
    }
    return node;
  };
  const assumed = new Set<string>();
  const routes = surroundings.routes.filter((route) => route.family === family);
  const rules = facts.rules ?? usualRules;
  if (facts.rules === null) assumed.add('the rules of policy routing are unknown; taken as the usual ones: local, main, default');
  let routed: Node = none;
  for (const rule of [...rules].reverse()) {
    if (rule.other.length > 0 || rule.action === 'goto' || (rule.action === 'table' && rule.table === null)) {
      if (rule.other.join() !== 'l3mdev') assumed.add(`the rule of routing of priority ${rule.priority} is not followed`);
      continue;
    }
    if (rule.action === 'nop') continue;
    const looked = rule.action === 'table' ? lookup(rule.table ?? 'main') : nodeOf({ kind: 'refused' });
    const condition = conditionOf(rule);
    routed = diagram.first(diagram.mask(rule.not ? diagram.not(condition) : condition, looked), routed);
  }
  return {
    routed: diagram.first(
      diagram.first(diagram.mask(oddDestinations(space, firewall), nodeOf({ kind: 'odd' })), routed),
      nodeOf({ kind: 'refused' }),
    ),
    of: (value) => roads[value - 1] as Road,
    assumed: [...assumed],
  };

  function conditionOf(rule: RoutingRule): Node {
    // What the host sends itself comes in nowhere.
    if (rule.out !== null || rule.in === 'lo') return none;
    let set: Node = all;
    if (rule.from !== null) set = diagram.mask(set, addresses('src', [prefixRange(rule.from)]));
    if (rule.to !== null) set = diagram.mask(set, addresses('dst', [prefixRange(rule.to)]));
    if (rule.in !== null) set = diagram.mask(set, matching.fieldSet('in', listed([layout.interfaces.codeOf(rule.in)])));
    if (rule.mark !== null)
      set = diagram.mask(set, matching.set({ kind: 'bits', field: 'mark', ...rule.mark }, { tracked: true, scope: 'routing' }));
    return set;
  }

  function addresses(field: 'src' | 'dst', within: Ranges<bigint>): Node {
    return matching.fieldSet(field, layout.addressCodes(field, within));
  }

  /** One table, as a function of the destination (and of the source where an IPv6 route asks for it). */
  function lookup(table: string): Node {
    const own = routes.filter((route) => route.table === table);
    const plain = own.filter(({ source, tos }) => source === null && tos === null);
    if (plain.length < own.length)
      assumed.add(`routes of table ${table} for some sources or types of service only are not followed`);
    // Narrower ones stand before wider ones, and of two alike the one of the smaller metric.
    const ordered = [...plain].sort((left, right) => right.prefix.length - left.prefix.length || left.metric - right.metric);
    const axis = layout.axis('dst');
    const nodes = new Array<Node>(axis.size).fill(none);
    const decided = new Uint8Array(axis.size);
    for (const route of ordered) {
      const codes = layout.addressCodes('dst', [prefixRange(route.prefix)]);
      const node = roadOf(route);
      for (let at = 0; at < codes.length; at += 2)
        for (let code = codes[at] as number; code <= (codes[at + 1] as number); code += 1) {
          if (decided[code] === 1) continue;
          decided[code] = 1;
          nodes[code] = node;
        }
    }
    return assemble(
      diagram,
      axis,
      nodes.map((_, code) => code),
      nodes,
    );
  }

  function roadOf({ type, link }: Route): Node {
    switch (type) {
      case 'unicast':
        return link === null ? nodeOf({ kind: 'refused' }) : nodeOf({ kind: 'out', link });
      case 'local':
        return nodeOf({ kind: 'local' });
      case 'broadcast':
      case 'multicast':
      case 'anycast':
        return nodeOf({ kind: 'odd' });
      case 'throw':
        return none;
      default:
        return nodeOf({ kind: 'refused' });
    }
  }
}

/** Packets to addresses that nobody reaches from elsewhere; ip_route_input_slow calls them martian, or gives them to all who have joined. */
export function oddDestinations({ layout, family }: Space, { matching }: Firewall): Node {
  return matching.fieldSet('dst', layout.addressCodes('dst', oddDestinationRanges[family]));
}

/** Sources that no packet from elsewhere has (ip_route_input_slow, ip6_rcv_core). */
export const oddSources: Readonly<Record<Family, Ranges<bigint>>> = {
  4: [
    [0n, 0xffffffn],
    [0x7f000000n, 0x7fffffffn],
    [0xe0000000n, 0xffffffffn],
  ],
  6: [
    [0n, 1n],
    [0xffn << 120n, (1n << 128n) - 1n],
  ],
};

const oddDestinationRanges: Readonly<Record<Family, Ranges<bigint>>> = {
  4: [
    [0n, 0n],
    [0x7f000000n, 0x7fffffffn],
    [0xe0000000n, 0xefffffffn],
    [0xffffffffn, 0xffffffffn],
  ],
  6: oddSources[6],
};

const plainRule = {
  action: 'table',
  target: null,
  not: false,
  from: null,
  to: null,
  in: null,
  out: null,
  mark: null,
  other: [],
} as const;
const usualRules: readonly RoutingRule[] = [
  { ...plainRule, priority: 0, table: 'local' },
  { ...plainRule, priority: 32766, table: 'main' },
  { ...plainRule, priority: 32767, table: 'default' },
];
