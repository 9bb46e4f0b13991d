import type { Route } from '../../model/host/index.ts';
import { type Prefix, prefixRange } from '../../model/net/index.ts';
import type { AddressType, Constraint } from '../../model/packet/index.ts';
import type { Passage } from './passage.ts';
import type { Surroundings } from './surroundings.ts';

/** Whether the packet's address is of one of the types on this host (`-m addrtype`); `null` when that cannot be told. */
export function typesMatch(
  constraint: Extract<Constraint, { kind: 'addressType' }>,
  passage: Passage,
  surroundings: Surroundings,
): boolean | null {
  const address = constraint.field === 'src' ? passage.src : passage.dst;
  if (typeof address !== 'bigint') return null;
  const link = constraint.on === null ? null : constraint.on === 'in' ? passage.in : passage.out;
  return hasType(passage.packet.family, constraint.types, address, link, surroundings);
}

/** Whether the address is of one of the types, as seen from one link or (`null`) from all. */
export function hasType(
  family: 4 | 6,
  types: readonly AddressType[],
  address: bigint,
  link: string | null,
  surroundings: Surroundings,
): boolean | null {
  if (family === 6) return matches6(types, address, link, surroundings);
  const type = typeOf4(address, link, surroundings);
  return type === null ? null : types.includes(type);
}

/** Whether the address is one of this host's own; `null` when that cannot be told. */
export function isLocal(family: 4 | 6, address: bigint, surroundings: Surroundings): boolean | null {
  if (family === 6) return matches6(['LOCAL'], address, null, surroundings);
  const type = typeOf4(address, null, surroundings);
  return type === null ? null : type === 'LOCAL';
}

/**
 * IPv4: each address has one type, that of its route in the table `local`; UNICAST if it has none there, or none over
 * the link asked for (net/ipv4/fib_frontend.c, __inet_dev_addr_type). Routes that refuse (blackhole, unreachable,
 * prohibit, throw) end the look-up with an error, which reads as UNICAST too.
 */
function typeOf4(address: bigint, link: string | null, surroundings: Surroundings): AddressType | null {
  if (address === 0n || address === 0xffffffffn) return 'BROADCAST';
  if (address >> 28n === 0xen) return 'MULTICAST';
  if (surroundings.routes === null) return typeByAddresses(address, link, surroundings);
  const routes = surroundings.routes.filter((route) => route.family === 4 && covers(route.prefix, address));
  const alone = typeOfRoute(narrowest(routes.filter(isLocalTable)), link);
  // Without rules of its own a host keeps `main` and `local` in one trie, and the look-up sees both (fib_trie.c).
  const merged = typeOfRoute(narrowest(routes.filter((route) => isLocalTable(route) || route.table === 'main')), link);
  return alone === merged ? alone : null;
}

function typeOfRoute(route: Route | null, link: string | null): AddressType {
  if (route === null || (link !== null && route.link !== link)) return 'UNICAST';
  switch (route.type) {
    case 'local':
      return 'LOCAL';
    case 'broadcast':
      return 'BROADCAST';
    case 'anycast':
      return 'ANYCAST';
    case 'multicast':
      return 'MULTICAST';
    default:
      return 'UNICAST';
  }
}

/** Without routes: those that the kernel derives from addresses (fib_frontend.c, fib_add_ifaddr). */
function typeByAddresses(address: bigint, link: string | null, surroundings: Surroundings): AddressType | null {
  const loopback = address >> 24n === 127n;
  if (surroundings.addresses === null) return loopback && link === null ? 'LOCAL' : null;
  if (loopback) return link === null || link === 'lo' ? 'LOCAL' : 'UNICAST';
  const own = surroundings.addresses.filter((entry) => entry.prefix.family === 4);
  const over = (name: string): boolean => link === null || link === name;
  if (own.some((entry) => entry.prefix.value === address && over(entry.link))) return 'LOCAL';
  if (own.some((entry) => entry.broadcast?.value === address && over(entry.link))) return 'BROADCAST';
  for (const entry of own) {
    if (entry.prefix.length >= 31) continue;
    const [first, last] = prefixRange(entry.prefix);
    if (address === last) return over(entry.link) ? 'BROADCAST' : 'UNICAST';
    // Before Linux 5.14 the first address of a network was a broadcast address as well.
    if (address === first && over(entry.link)) return null;
  }
  return 'UNICAST';
}

/**
 * IPv6: what the kernel finds by a route look-up (net/netfilter/xt_addrtype.c, match_lookup_rt6), LOCAL, ANYCAST and
 * UNREACHABLE. The types that an address shows by its form are no constraint of this kind: rules say them as ranges.
 */
function matches6(
  types: readonly AddressType[],
  address: bigint,
  link: string | null,
  surroundings: Surroundings,
): boolean | null {
  const found = routed6(address, link, surroundings);
  if (found !== null) return types.some((type) => found.includes(type));
  if (types.length > 1 || types[0] !== 'LOCAL') return null;
  // Without routes an own address still is one; only a route of type local could make others so.
  if (address === 1n && link === null) return true;
  const own = surroundings.addresses?.some(
    (entry) => isAddress6(entry.prefix, address) && (link === null || entry.link === link),
  );
  return own ?? null;
}

/** What a look-up says of the address (match_lookup_rt6): the table `local` first, then `main`. */
function routed6(address: bigint, link: string | null, surroundings: Surroundings): readonly AddressType[] | null {
  if (surroundings.routes === null) return null;
  const usable = surroundings.routes.filter(
    (route) => route.family === 6 && covers(route.prefix, address) && (link === null || route.link === link),
  );
  // Which source such a look-up counts with is the caller's business, which is not modelled.
  if (usable.some((candidate) => candidate.source !== null)) return null;
  const route = narrowest(usable.filter(isLocalTable)) ?? narrowest(usable.filter((candidate) => candidate.table === 'main'));
  if (route === null || refusing.has(route.type)) return ['UNREACHABLE'];
  const found: AddressType[] = [];
  if (link === null ? route.type === 'local' : onLink6(address, link, surroundings)) found.push('LOCAL');
  // So does the first address of any network without a gateway (include/net/ip6_route.h, ipv6_anycast_destination).
  const first = route.gateway === null && route.prefix.length < 127 && prefixRange(route.prefix)[0] === address;
  if (route.type === 'anycast' || first) found.push('ANYCAST');
  return found;
}

const refusing = new Set(['unreachable', 'prohibit', 'blackhole', 'throw']);

function onLink6(address: bigint, link: string, surroundings: Surroundings): boolean {
  return surroundings.addresses?.some((entry) => entry.link === link && isAddress6(entry.prefix, address)) ?? false;
}

function isAddress6(prefix: Prefix, address: bigint): boolean {
  return prefix.family === 6 && prefix.value === address;
}

function isLocalTable(route: Route): boolean {
  return route.table === 'local';
}

function covers(prefix: Prefix, address: bigint): boolean {
  const [first, last] = prefixRange(prefix);
  return first <= address && address <= last;
}

function narrowest(routes: readonly Route[]): Route | null {
  return routes.reduce<Route | null>(
    (best, route) => (best === null || route.prefix.length > best.prefix.length ? route : best),
    null,
  );
}
