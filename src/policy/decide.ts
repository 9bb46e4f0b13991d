import { bogons, contains, ICMP, ICMPV6, TCP, UDP, without } from '../model/net/index.ts';
import { type Packet, tcpFlags } from '../model/packet/index.ts';
import { namedSources } from './named.ts';
import type { Addresses, Conditions, Ending, Item, MoreConditions, Policy, Service, Way } from './policy.ts';
import { dhcpv6, icmpTypes, isOddCombination, type Situation } from './usual.ts';

/**
 * What a policy says of one packet, read off it from top to bottom, as slowly and plainly as it can be done: the oracle of what
 * `compile` makes of it. Every limit is taken as not reached. It knows nothing of translation, of Docker's ports and of raw
 * lines: `null` where one of them may decide.
 */
export function decide(policy: Policy, packet: Packet, { foreignLinks, spared }: Situation): Ending | null {
  const way: Way = packet.hook === 'input' ? 'incoming' : packet.hook === 'forward' ? 'forwarded' : 'outgoing';
  const list = policy[way];
  const { basics, protect } = policy;
  const { family, proto, state } = packet;
  if (basics.established && (state === 'ESTABLISHED' || state === 'RELATED')) return 'accept';
  if (basics.loopback && way === 'incoming' && packet.in === 'lo') return 'accept';
  if (basics.loopback && way === 'outgoing' && packet.out === 'lo') return 'accept';
  if (way === 'forwarded' && foreignLinks.some((link) => isLink(packet.in, link) || isLink(packet.out, link))) return null;
  if (way !== 'outgoing') {
    if (basics.established && state === 'INVALID') return 'drop';
    if (protect.badFlags && proto === TCP && !packet.fragment && isOddCombination(packet.flags)) return 'drop';
    if (protect.newNotSyn && proto === TCP && state === 'NEW' && !packet.fragment && !isSyn(packet.flags)) return 'drop';
  }
  if (basics.dhcp && way !== 'forwarded' && isDhcp(packet)) return 'accept';
  if (way !== 'outgoing' && protect.bogons !== null && isVia(packet.in, protect.bogons.length === 0 ? null : protect.bogons)) {
    const odd = [...namedSources(policy, family), spared[family]].reduce((rest, some) => without(rest, some), bogons[family]);
    if (contains(odd, packet.src)) return 'drop';
  }
  if (basics.icmp && way !== 'forwarded' && proto === (family === 4 ? ICMP : ICMPV6) && packet.icmpType !== null)
    if (icmpTypes[family].includes(packet.icmpType)) return 'accept';
  const said = saidBy(list, packet);
  if (said !== 'nothing') return said;
  // Where others forward, they also serve: names and leases for what is behind them.
  if (way === 'incoming' && foreignLinks.some((link) => isLink(packet.in, link))) return null;
  return policy.otherwise[way];
}

/** What a list, or a group, says of a packet. */
function saidBy(items: readonly Item[], packet: Packet): Ending | 'nothing' | null {
  for (const item of items) {
    if (item.kind === 'line') return null;
    if (item.kind === 'report') continue;
    const speaks = holds(item, packet);
    if (item.kind === 'leave') {
      if (speaks) return 'nothing';
    } else if (item.kind === 'group') {
      if (item.matches !== null) return null;
      const inner = speaks ? saidBy(item.items, packet) : 'nothing';
      if (inner !== 'nothing' || (speaks && item.leaves)) return inner;
    } else {
      if (item.sendTo !== null) return null;
      if (speaks) return item.ending;
    }
  }
  return 'nothing';
}

function holds(rule: Conditions, packet: Packet): boolean {
  const services = rule.services === null || rule.services.some((service) => isOf(packet, service));
  return (
    services &&
    isAt(packet, 'src', rule.from) &&
    isAt(packet, 'dst', rule.to) &&
    isVia(packet.in, rule.via) &&
    isVia(packet.out, rule.out) &&
    (rule.more == null || holdsMore(rule.more, packet))
  );
}

/** Kinds of addresses hang on the host, of which a packet says nothing: those of IPv6's multicast show in the address itself. */
function holdsMore(more: MoreConditions, { family, proto, state, sport, flags, fragment, ttl, in: via, out }: Packet): boolean {
  if (more.fromKind !== null || more.toKind !== null || more.helper !== null) throw new Error('no packet says it');
  return (
    more.families.includes(family) &&
    (more.notVia === null || !isLink(via, more.notVia)) &&
    (more.notOut === null || !isLink(out, more.notOut)) &&
    (more.states === null || more.states.includes(state)) &&
    (more.hops === null || ttl === more.hops) &&
    (more.sourcePorts === null || (sport !== null && contains(more.sourcePorts, sport))) &&
    (more.flags === null ||
      (proto === TCP && !fragment && ((flags & more.flags.mask) === more.flags.value) !== more.flags.except))
  );
}

function isOf(packet: Packet, { proto, ports, icmpType, icmpCode, families }: Service): boolean {
  if (packet.proto !== proto || !families.includes(packet.family)) return false;
  if (icmpType !== null) return packet.icmpType === icmpType && (icmpCode === null || packet.icmpCode === icmpCode);
  return ports === null || (packet.dport !== null && contains(ports, packet.dport));
}

function isAt(packet: Packet, field: 'src' | 'dst', addresses: Addresses | null): boolean {
  return addresses === null || contains(addresses.ranges[packet.family], packet[field]) !== addresses.except;
}

function isVia(link: string | null, links: readonly string[] | null): boolean {
  return links === null || links.some((one) => isLink(link, one));
}

function isLink(link: string | null, pattern: string): boolean {
  if (link === null) return false;
  return pattern.endsWith('+') ? link.startsWith(pattern.slice(0, -1)) : link === pattern;
}

function isSyn(flags: number): boolean {
  return (flags & (tcpFlags.FIN | tcpFlags.SYN | tcpFlags.RST | tcpFlags.ACK)) === tcpFlags.SYN;
}

function isDhcp({ hook, family, proto, sport, dport, src, dst }: Packet): boolean {
  if (proto !== UDP || sport === null || dport === null) return false;
  const [server, client] = family === 4 ? [67, 68] : [547, 546];
  const [from, to] = hook === 'output' ? [client, server] : [server, client];
  if (sport !== from || dport !== to) return false;
  return family === 4 || (hook === 'output' ? contains(dhcpv6, src) : contains(dhcpv6, src) && contains(dhcpv6, dst));
}
