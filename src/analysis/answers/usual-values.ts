import {
  bitsOf,
  type Family,
  ICMP,
  ICMPV6,
  parseAddress,
  prefixRange,
  type Ranges,
  ranges,
  TCP,
  UDP,
} from '../../model/net/index.ts';
import { type Hook, type State, tcpFlags } from '../../model/packet/index.ts';
import type { Surroundings } from '../evaluate/surroundings.ts';

/** States, most usual first: whoever asks what is reachable asks about new connections. */
export const usualStates: readonly State[] = ['NEW', 'ESTABLISHED', 'RELATED', 'UNTRACKED', 'INVALID'];

export function usualProtocols(family: Family): readonly number[] {
  return [TCP, UDP, family === 4 ? ICMP : ICMPV6];
}

/** Ports that people know, those first that matter most when they are open. */
export function usualPorts(proto: number): readonly number[] {
  return proto === UDP ? udpPorts : tcpPorts;
}

const tcpPorts = [22, 443, 80, 25, 53, 3306, 5432, 3389, 445, 21, 23, 110, 143, 389, 587, 993, 995, 2049, 6379, 8080, 8443];
const udpPorts = [53, 123, 161, 443, 514, 500, 4500, 1194, 51820, 67, 69, 137, 2049, 5353];

/** Ports that senders take: ephemeral ones. */
export const usualSourcePorts: readonly number[] = [40000, 50000, 33000, 60000, 20000, 1024];

export function usualFlags(state: State): readonly number[] {
  const { SYN, ACK, PSH, FIN, RST } = tcpFlags;
  const opening = [SYN, ACK, ACK | PSH, SYN | ACK, FIN | ACK, RST];
  return state === 'NEW' ? opening : [ACK, ACK | PSH, SYN | ACK, FIN | ACK, RST, SYN];
}

export const usualLengths: readonly number[] = [60, 64, 84, 52, 100, 576, 1400, 1500];
export const usualHops: readonly number[] = [64, 63, 60, 128, 127, 255, 254];
/** A Wednesday at noon; no day of the month, and no year, is more usual than another. */
export const usualClock = { weekday: 2, monthday: 14, second: 43_200, date: 0 } as const;
/** Who sends what palisade sends itself, then people, then nobody's socket: users and groups alike. */
export const usualOwners: readonly (number | null)[] = [0, 1000, null];
/** Locally administered, unicast. */
export const usualMac = 0x020000000001;

export function usualIcmpTypes(family: Family): readonly number[] {
  return family === 4 ? [8, 0, 3, 11] : [128, 129, 1, 3];
}

/** Names of links by which packets of a way come, the one that leads to the rest of the world first. */
export function usualLinks(surroundings: Surroundings, family: Family): readonly string[] {
  const outward = outwardLinks(surroundings, family);
  const links = surroundings.links ?? [];
  if (links.length === 0) return [...outward, 'eth0'];
  const others = links.filter(({ name, loopback }) => !loopback && !outward.includes(name));
  return [...outward, ...others.filter(({ up }) => up), ...others.filter(({ up }) => !up)].map((link) =>
    typeof link === 'string' ? link : link.name,
  );
}

/** Links of default routes, the preferred ones first. */
export function outwardLinks({ routes }: Pick<Surroundings, 'routes'>, family: Family): readonly string[] {
  const defaults = (routes ?? []).filter(
    (route) => route.family === family && route.prefix.length === 0 && route.type === 'unicast',
  );
  const main = defaults.filter(({ table }) => table === 'main');
  const names = [...(main.length > 0 ? main : defaults)]
    .sort((left, right) => left.metric - right.metric)
    .flatMap(({ link }) => link ?? []);
  return [...new Set(names)];
}

/** Addresses from which a packet of a way usually comes, best first. */
export function usualSources(family: Family, hook: Hook, link: string | null, surroundings: Surroundings): readonly bigint[] {
  if (hook === 'output') return [...ownAddresses(family, link, surroundings), ...ownAddresses(family, null, surroundings)];
  return [...neighbours(family, link, surroundings), ...outsiders[family], ...insiders[family]];
}

/** Addresses to which a packet of a way usually goes, best first. */
export function usualDestinations(
  family: Family,
  hook: Hook,
  { arriving, leaving }: { readonly arriving: string | null; readonly leaving: string | null },
  surroundings: Surroundings,
): readonly bigint[] {
  if (hook !== 'input')
    return [
      ...neighbours(family, leaving, surroundings),
      ...farAway[family],
      ...ownAddresses(family, arriving, surroundings),
      ...insiders[family],
    ];
  const own = [...ownAddresses(family, arriving, surroundings), ...ownAddresses(family, null, surroundings)];
  return own.length > 0 ? own : farAway[family];
}

function addresses(...texts: readonly string[]): readonly bigint[] {
  return texts.map((text) => parseAddress(text)?.value as bigint);
}

/** Ranges for documentation (RFC 5737, RFC 3849), so that a witness names nobody. */
const outsiders = {
  4: addresses('203.0.113.9', '198.51.100.9', '192.0.2.9'),
  6: addresses('2001:db8::9', '2001:db8:1::9'),
} as const;
const farAway = { 4: addresses('198.51.100.1', '203.0.113.1'), 6: addresses('2001:db8:2::1', '2001:db8::1') } as const;
const insiders = { 4: addresses('192.168.1.9', '10.0.0.9', '172.16.0.9'), 6: addresses('fd00::9') } as const;

/** Some other host on the network of a link, if it leads to no wider world. */
function neighbours(family: Family, link: string | null, surroundings: Surroundings): readonly bigint[] {
  if (link === null || outwardLinks(surroundings, family).includes(link)) return [];
  const own = new Set(ownAddresses(family, null, surroundings));
  return networksOf(family, link, surroundings).flatMap(([lo, hi]) => {
    const found: bigint[] = [];
    for (let value = lo + 9n; value < hi && found.length < 1; value += 1n) if (!own.has(value)) found.push(value);
    for (let value = lo + 1n; value < hi && found.length < 1; value += 1n) if (!own.has(value)) found.push(value);
    return found;
  });
}

function networksOf(family: Family, link: string, { addresses: known, routes }: Surroundings): Ranges<bigint> {
  const connected = (known ?? [])
    .filter((entry) => entry.link === link && entry.prefix.family === family)
    .map(({ prefix }) => prefix);
  const routed = (routes ?? [])
    .filter((route) => route.family === family && route.link === link && route.type === 'unicast' && route.prefix.length > 0)
    .map(({ prefix }) => prefix);
  return [...connected, ...routed].filter((prefix) => prefix.length < bitsOf(family) - 1).map(prefixRange);
}

function ownAddresses(family: Family, link: string | null, { addresses: known, links }: Surroundings): readonly bigint[] {
  const loopback = new Set((links ?? [{ name: 'lo', loopback: true }]).filter((one) => one.loopback).map(({ name }) => name));
  return (known ?? [])
    .filter((entry) => entry.prefix.family === family && (link === null ? !loopback.has(entry.link) : entry.link === link))
    .sort((left, right) => Number(right.scope === 'global') - Number(left.scope === 'global'))
    .map(({ prefix }) => prefix.value);
}

/** Addresses that nobody sends from or to in earnest: unspecified, loopback, multicast, reserved, broadcast. */
export function oddAddresses(family: Family, surroundings: Pick<Surroundings, 'addresses'>): Ranges<bigint> {
  const most = (1n << BigInt(bitsOf(family))) - 1n;
  if (family === 6) return ranges([0n, 1n], [0xffn << 120n, most]);
  const broadcasts = (surroundings.addresses ?? [])
    .filter(({ prefix }) => prefix.family === 4 && prefix.length < 31)
    .flatMap(({ prefix }) => prefixRange(prefix).map((value) => [value, value] as const));
  return ranges([0n, 0xffffffn], [0x7f000000n, 0x7fffffffn], [0xe0000000n, most], ...broadcasts);
}

/** A plain address of an interval: not an odd one nor, where there are others, the first of a network; `null` if all are odd. */
export function plainAddress([lo, hi]: readonly [bigint, bigint], odd: Ranges<bigint>): bigint | null {
  let value = lo;
  for (const [from, to] of odd) if (from <= value && value <= to) value = to + 1n;
  if (value > hi) return null;
  const next = value + 1n;
  const isOdd = odd.some(([from, to]) => from <= next && next <= to);
  return (value & 0xffn) === 0n && next <= hi && !isOdd ? next : value;
}
