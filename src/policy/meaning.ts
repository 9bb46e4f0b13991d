import { bogons, type Family, ICMP, ICMPV6, networks, type Ranges, TCP, UDP, without } from '../model/net/index.ts';
import {
  type AddressType,
  allOf,
  always,
  anyOf,
  type Constraint,
  type NumberField,
  never,
  not,
  states,
  tcpFlags,
} from '../model/packet/index.ts';
import { namedSources, trustedSources } from './named.ts';
import type { Addresses, Conditions, Ending, Item, Limit, MoreConditions, Policy, Rule, Service, Way } from './policy.ts';
import { servedPorts } from './served.ts';
import { dhcpv6, icmpTypes, oddCombinations, type Situation } from './usual.ts';

/** One step of a policy, read from top to bottom: which packets it speaks of and what may become of them. */
export interface Clause {
  readonly constraint: Constraint;
  /** Where there are several, a limit decides which. */
  readonly endings: readonly Ending[];
  /** Later clauses may decide about its packets too. */
  readonly goesOn: boolean;
}

/**
 * What a policy says of one way in one family, as data that the packet-space engine reads; limits count as both reached and not.
 * `null` where lines of iptables stand among the rules, or packets are sent on to other machines: what those mean the engine
 * alone knows. The last clause is for all packets.
 */
export function clausesOf(policy: Policy, family: Family, way: Way, situation: Situation): readonly Clause[] | null {
  const said = itemClauses(policy[way], family, always, policy.otherwise[way]);
  if (said === null) return null;
  const rules = policy[way].filter((item) => item.kind === 'rule');
  const { basics, protect, otherwise } = policy;
  const clauses: Clause[] = [];
  const served = protect.earlyDrop ? servedPorts(policy, situation) : null;
  if (served !== null && way !== 'outgoing') clauses.push(early(served));
  const own = basics.loopback && way !== 'forwarded' ? link(way === 'incoming' ? 'in' : 'out', 'lo') : never;
  clauses.push(...rateClauses(rules, family, own));
  const say = (constraint: Constraint, ending: Ending): void => {
    clauses.push({ constraint, endings: [ending], goesOn: false });
  };
  if (basics.established) say(anyOf(inState('ESTABLISHED'), inState('RELATED')), 'accept');
  if (basics.loopback && way !== 'forwarded') say(link(way === 'incoming' ? 'in' : 'out', 'lo'), 'accept');
  if (way !== 'outgoing') {
    if (basics.established) say(inState('INVALID'), 'drop');
    if (protect.badFlags) say(anyOf(...oddCombinations.map(({ mask, value }) => allOf(proto(TCP), flags(mask, value)))), 'drop');
    if (protect.newNotSyn) say(allOf(proto(TCP), inState('NEW'), whole, not(syn)), 'drop');
  }
  if (basics.dhcp && way !== 'forwarded') say(dhcp(way, family), 'accept');
  if (way !== 'outgoing' && protect.bogons !== null) {
    const odd = [...namedSources(policy, family), situation.spared[family]].reduce(
      (rest, some) => without(rest, some),
      bogons[family],
    );
    const via = protect.bogons.length === 0 ? always : anyOf(...protect.bogons.map((name) => link('in', name)));
    say(allOf({ kind: 'address', field: 'src', ranges: odd }, via), 'drop');
  }
  if (basics.icmp && way !== 'forwarded') {
    const types = icmpTypes[family].map((type) => number('icmpType', type));
    say(allOf(proto(family === 4 ? ICMP : ICMPV6), anyOf(...types)), 'accept');
  }
  if (protect.synFlood !== null && way === 'incoming')
    clauses.push({
      constraint: allOf(proto(TCP), syn, not(inSources(trustedSources(policy, family)))),
      endings: ['drop'],
      goesOn: true,
    });
  clauses.push(...said);
  clauses.push({ constraint: always, endings: [otherwise[way]], goesOn: false });
  return clauses;
}

/** Before anything else, to the host's own addresses; not from itself. */
function early(served: Ranges<number>): Clause {
  const own: Constraint = { kind: 'addressType', field: 'dst', types: ['LOCAL'], on: null };
  const closed: Constraint = served.length === 0 ? always : not({ kind: 'number', field: 'dport', ranges: served });
  return { constraint: allOf(not(link('in', 'lo')), proto(TCP), syn, closed, own), endings: ['drop'], goesOn: false };
}

/**
 * A list, or a group of those packets that `within` holds for, without its groups.
 *
 * @param rest what becomes of those that leave the list; `null` within a group
 */
function itemClauses(items: readonly Item[], family: Family, within: Constraint, rest: Ending | null): readonly Clause[] | null {
  const clauses: Clause[] = [];
  const gone: Constraint[] = [];
  for (const item of items) {
    if (item.kind === 'line') return null;
    if (item.kind === 'report') continue;
    const here = allOf(within, not(anyOf(...gone)), constraintOf(item, family));
    if (item.kind === 'leave') gone.push(constraintOf(item, family));
    else if (item.kind === 'group') {
      const inner = item.matches === null ? itemClauses(item.items, family, here, null) : null;
      if (inner === null) return null;
      clauses.push(...inner);
      if (!item.leaves) continue;
      if (rest === null) gone.push(constraintOf(item, family));
      else clauses.push({ constraint: here, endings: [rest], goesOn: false });
    } else if (item.sendTo !== null) return null;
    else clauses.push(clauseOf(item, here));
  }
  return clauses;
}

function clauseOf(rule: Rule, constraint: Constraint): Clause {
  const { limit, ending, upTo } = rule;
  if (upTo !== null) return { constraint, endings: [ending], goesOn: true };
  if (limit?.of !== 'new') return { constraint, endings: [ending], goesOn: false };
  const beyond: readonly Ending[] = limit.beyond === 'next' ? [] : [limit.beyond];
  return { constraint, endings: [ending, ...beyond, ...whenFull(limit)], goesOn: limit.beyond === 'next' };
}

/** A table of sources that is full drops by itself (xt_hashlimit.c); xt_limit has none. */
function whenFull({ of, per }: Limit): readonly Ending[] {
  return per === 'source' || of === 'bytes' ? ['drop'] : [];
}

/** What is beyond a rate ends before anything else is asked. */
function rateClauses(rules: readonly Rule[], family: Family, own: Constraint): readonly Clause[] {
  const clauses: Clause[] = [];
  const earlier: Constraint[] = [own];
  for (const rule of rules) {
    const constraint = constraintOf(rule, family);
    const { limit } = rule;
    if (limit !== null && limit.of !== 'new') {
      const counted = allOf(constraint, not(anyOf(...earlier)));
      const beyond: readonly Ending[] = limit.beyond === 'next' ? [] : [limit.beyond];
      clauses.push({ constraint: counted, endings: [...beyond, ...whenFull(limit)], goesOn: true });
    }
    earlier.push(constraint);
  }
  return clauses;
}

/** Packets that a rule or a test speaks of, in one family. */
export function constraintOf({ services, from, to, via, out, more }: Conditions, family: Family): Constraint {
  return allOf(
    more == null ? always : constraintOfMore(more, family),
    services === null ? always : anyOf(...services.map((service) => ofService(service, family))),
    within(from, 'src', family),
    within(to, 'dst', family),
    via === null ? always : anyOf(...via.map((name) => link('in', name))),
    out === null ? always : anyOf(...out.map((name) => link('out', name))),
  );
}

function constraintOfMore(more: MoreConditions, family: Family): Constraint {
  if (!more.families.includes(family)) return never;
  return allOf(
    more.notVia === null ? always : not(link('in', more.notVia)),
    more.notOut === null ? always : not(link('out', more.notOut)),
    more.states === null ? always : anyOf(...more.states.map(inState)),
    more.sourcePorts === null ? always : { kind: 'number', field: 'sport', ranges: more.sourcePorts },
    more.flags === null ? always : flagged(more.flags),
    more.hops === null ? always : number('ttl', more.hops),
    more.helper === null ? always : ofHelper(more.helper),
    more.fromKind === null ? always : ofKind('src', more.fromKind, family),
    more.toKind === null ? always : ofKind('dst', more.toKind, family),
  );
}

/** Of the connection, which no field of a packet tells. */
function ofHelper(name: string): Constraint {
  return { kind: 'opaque', text: `-m helper --helper ${name}`, nature: 'pure', hotdrop: false, unknown: false };
}

function flagged({ mask, value, except }: NonNullable<MoreConditions['flags']>): Constraint {
  const set: Constraint = { kind: 'bits', field: 'flags', mask, value };
  return allOf(proto(TCP), whole, except ? not(set) : set);
}

/** An address of IPv6 shows by itself that it is for many; the rest is for the host's routes to say. */
function ofKind(field: 'src' | 'dst', kind: AddressType, family: Family): Constraint {
  if (family === 6 && kind === 'MULTICAST') return { kind: 'address', field, ranges: networks('ff00::/8') };
  return { kind: 'addressType', field, types: [kind], on: null };
}

function ofService({ proto: number_, ports, icmpType, icmpCode, families }: Service, family: Family): Constraint {
  if (!families.includes(family)) return { kind: 'never' };
  return allOf(
    proto(number_),
    ports === null ? always : { kind: 'number', field: 'dport', ranges: ports },
    icmpType === null ? always : number('icmpType', icmpType),
    icmpCode === null ? always : number('icmpCode', icmpCode),
  );
}

function within(addresses: Addresses | null, field: 'src' | 'dst', family: Family): Constraint {
  if (addresses === null) return always;
  const ranges = addresses.ranges[family];
  const inside: Constraint = ranges.length === 0 ? { kind: 'never' } : { kind: 'address', field, ranges };
  return addresses.except ? not(inside) : inside;
}

function inSources(ranges: Ranges<bigint>): Constraint {
  return ranges.length === 0 ? never : { kind: 'address', field: 'src', ranges };
}

function dhcp(way: Way, family: Family): Constraint {
  const [server, client] = family === 4 ? [67, 68] : [547, 546];
  const [from, to] = way === 'incoming' ? [server, client] : [client, server];
  const near = (field: 'src' | 'dst'): Constraint => (family === 4 ? always : { kind: 'address', field, ranges: dhcpv6 });
  return allOf(proto(UDP), number('sport', from), number('dport', to), near('src'), way === 'incoming' ? near('dst') : always);
}

function proto(value: number): Constraint {
  return number('proto', value);
}

function number(field: NumberField, value: number): Constraint {
  return { kind: 'number', field, ranges: [[value, value]] };
}

function inState(state: (typeof states)[number]): Constraint {
  return number('state', states.indexOf(state));
}

function link(field: 'in' | 'out', pattern: string): Constraint {
  const prefix = pattern.endsWith('+');
  return { kind: 'interface', field, name: prefix ? pattern.slice(0, -1) : pattern, prefix };
}

function flags(mask: number, value: number): Constraint {
  return allOf(whole, { kind: 'bits', field: 'flags', mask, value });
}

/** Later fragments have no header. */
const whole: Constraint = { kind: 'number', field: 'fragment', ranges: [[0, 0]] };
const syn: Constraint = flags(tcpFlags.FIN | tcpFlags.SYN | tcpFlags.RST | tcpFlags.ACK, tcpFlags.SYN);
