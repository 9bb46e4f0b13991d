import { type Host, isLoopback, type Link } from '../model/host/index.ts';
import { type Family, parseAddress } from '../model/net/index.ts';
import type { Vocabulary } from './vocabulary.ts';

/** The links on which strangers' packets arrive. */
export interface Outside {
  readonly links: readonly string[];
  /**
   * Links besides, without a default route but with an address that the whole world can write to. They may be inner ones (a
   * network of servers behind this one has such addresses too), so what they let in is possible only.
   */
  readonly beside: readonly string[];
  /** False when the links were chosen by their kind, for want of a default route, and there are several. */
  readonly sure: boolean;
  /** Why no link can be named; `null` when the links are known. */
  readonly unread: { readonly why: string; readonly remedy: string } | null;
}

/**
 * Links with a default route of the family, in any table; without one, the plain devices (no tunnels, no container bridges), or
 * whatever there is but the loopback. A port of a bridge or bond stands for its master, where its packets arrive.
 */
export function outsideOf(host: Host, family: Family): Outside {
  if (!host.links.known)
    return { links: [], beside: [], sure: false, unread: { why: host.links.why, remedy: host.links.remedy } };
  const links = host.links.value.filter((link) => !link.loopback);
  const names = new Set(links.map((link) => link.name));
  if (host.routes.known) {
    const byRoute = host.routes.value
      .filter((route) => route.family === family && route.prefix.length === 0 && route.type === 'unicast')
      .flatMap((route) => (route.link !== null && names.has(route.link) ? [route.link] : []));
    if (byRoute.length > 0) {
      const beside = publicLinks(host, family, names).filter((link) => !byRoute.includes(link));
      return { links: [...new Set(byRoute)], beside, sure: true, unread: null };
    }
  }
  const plain = links.filter((link) => link.kind === null);
  const chosen = plain.length > 0 ? plain : links.filter((link) => link.master === null);
  const arriving = [...new Set(chosen.map((link) => masterOf(link, links)))];
  return { links: arriving, beside: [], sure: arriving.length < 2, unread: null };
}

/** Links with an address of the world's. Behind a router of IPv6 every inner network has some, so there it tells nothing. */
function publicLinks(host: Host, family: Family, names: ReadonlySet<string>): readonly string[] {
  if (!host.addresses.known || (family === 6 && forwarding(host, 6).on !== false)) return [];
  const held = host.addresses.value.filter(({ prefix }) => prefix.family === family && isPublic(prefix));
  return [...new Set(held.map(({ link }) => link))].filter((link) => names.has(link));
}

/** Private and shared networks of IPv4 (RFC 1918, RFC 6598), as first address and length. */
const privateNetworks = [
  [0x0a000000n, 8n],
  [0xac100000n, 12n],
  [0xc0a80000n, 16n],
  [0x64400000n, 10n],
] as const;

/** Global unicast that is no private network; documentation's addresses count, since examples stand for the world with them. */
function isPublic(address: { readonly family: Family; readonly value: bigint }): boolean {
  if (address.family === 6) return address.value >> 125n === 1n;
  if (isLocal(address) || isLoopback(address)) return false;
  return !privateNetworks.some(([network, length]) => address.value >> (32n - length) === network >> (32n - length));
}

/** True when the host is known to have no IPv4 address but the loopback's: no packet from outside can be for it. */
export function ipv4Absent(host: Host): boolean {
  return host.addresses.known && !host.addresses.value.some(({ prefix }) => prefix.family === 4 && !isLoopback(prefix));
}

/** Whether the host forwards packets of the family, and the setting that says so. */
export interface Forwarding {
  /** `null` when it is not known. */
  readonly on: boolean | null;
  /** `net.ipv4.ip_forward is 1`. */
  readonly said: string;
}

/**
 * IPv4 asks the link on which a packet arrives, and `ip_forward` only sets all of them at once (net/ipv4/route.c,
 * ip_route_input_slow); IPv6 asks `all.forwarding`, or else the link's own `force_forwarding` (net/ipv6/ip6_output.c, ip6_forward;
 * Linux 6.17). The loopback's settings do not count: what arrives there is the host's own.
 */
export function forwarding(host: Host, family: Family): Forwarding {
  const whole = family === 4 ? 'net.ipv4.ip_forward' : 'net.ipv6.conf.all.forwarding';
  const of = (link: string): string =>
    `net.ipv${family}.conf.${link.replaceAll('.', '/')}.${family === 4 ? 'forwarding' : 'force_forwarding'}`;
  const everywhere = sysctl(host, whole);
  const links = host.links.known ? host.links.value.filter((link) => !link.loopback).map(({ name }) => name) : [];
  const forwards = links.find((link) => sysctl(host, of(link)) === '1');
  if (family === 4 && everywhere === '1' && links.length > 0 && links.every((link) => sysctl(host, of(link)) === '0')) {
    return { on: false, said: `${of('*')} is 0 on every link` };
  }
  if (everywhere === '1') return { on: true, said: `${whole} is 1` };
  if (forwards !== undefined) return { on: true, said: `${of(forwards)} is 1` };
  return { on: everywhere === null ? null : false, said: everywhere === null ? whole : `${whole} is ${everywhere}` };
}

function masterOf(link: Link, links: readonly Link[]): string {
  return link.master !== null && links.some(({ name }) => name === link.master) ? link.master : link.name;
}

export function loopbackOf(host: Host): string {
  return (host.links.known ? host.links.value.find((link) => link.loopback)?.name : undefined) ?? 'lo';
}

/** Addresses that probes are sent to. */
export interface Own {
  readonly addresses: readonly bigint[];
  /** The addresses are not the host's, as far as palisade knows: they stand for them. */
  readonly standIn: boolean;
  /** A sentence for the finding when they do; otherwise empty. */
  readonly said: string;
}

/** Enough to see rules that tell the host's addresses apart; complete reasoning is the packet-space engine's. */
const addressesTried = 3;
const toldApartTried = 32;

const standIns: Readonly<Record<Family, string>> = { 4: '198.51.100.10', 6: '2001:db8::10' };

/** The host's own addresses that the outside may write to, those of the named link first; global ones before link-local ones. */
export function ownAddresses(host: Host, family: Family, link: string | null, vocabulary: Vocabulary | null): Own {
  const standIn = parseAddress(standIns[family])?.value ?? 0n;
  if (!host.addresses.known) {
    // Single destinations in the rules are most likely the host's own addresses.
    const named = (vocabulary?.namedDestinations ?? []).filter((value) => !isLoopback({ family, value }));
    return {
      addresses: [standIn, ...named.filter((value) => value !== standIn).slice(0, addressesTried)],
      standIn: true,
      said: `The host's own addresses are not known; ${standIns[family]} stands for them.`,
    };
  }
  const own = host.addresses.value
    .filter(({ prefix }) => prefix.family === family && !isLoopback(prefix))
    .sort((a, b) => Number(b.link === link) - Number(a.link === link) || Number(isLocal(a.prefix)) - Number(isLocal(b.prefix)))
    .map(({ prefix }) => prefix.value);
  // Of many addresses the first, and those that rules tell apart from the others.
  const told = new Set(vocabulary?.namedDestinations);
  const tried = [...own.slice(0, addressesTried), ...own.filter((value) => told.has(value)).slice(0, toldApartTried)];
  if (own.length > 0) return { addresses: [...new Set(tried)], standIn: false, said: '' };
  return {
    addresses: [standIn],
    standIn: true,
    said: `The host has no IPv${family} address yet; ${standIns[family]} stands for one.`,
  };
}

/** Link-local: 169.254/16 (RFC 3927), fe80::/10 (RFC 4291 §2.5.6). */
export function isLocal(address: { readonly family: Family; readonly value: bigint }): boolean {
  return address.family === 4 ? address.value >> 16n === 0xa9fen : address.value >> 118n === 0x3fan;
}

/** A numeric or textual sysctl; `null` when it, or all of them, are unknown. */
export function sysctl(host: Host, name: string): string | null {
  return host.sysctls.known ? (host.sysctls.value.get(name)?.trim() ?? null) : null;
}

/**
 * True only when IPv6 is known to be off: `disable_ipv6` is 1 on every link but the loopback (or, without knowledge of
 * links, for all and for new ones), or a live host has no IPv6 sysctls at all (Documentation/networking/ip-sysctl.rst).
 * An IPv6 address on such a link speaks against it.
 */
export function ipv6Off(host: Host): boolean {
  if (!host.sysctls.known) return false;
  if (host.addresses.known && host.addresses.value.some(({ prefix }) => prefix.family === 6 && !isLoopback(prefix))) return false;
  if (host.origin === 'live' && ![...host.sysctls.value.keys()].some((name) => name.startsWith('net.ipv6.'))) return true;
  const off = (link: string): boolean => sysctl(host, `net.ipv6.conf.${link.replaceAll('.', '/')}.disable_ipv6`) === '1';
  const everywhere = off('all') && off('default');
  if (!host.links.known) return everywhere;
  const links = host.links.value.filter((link) => !link.loopback);
  // Without links of its own only what new ones would get is left to ask.
  if (links.length === 0) return everywhere;
  return links.every(
    ({ name }) => off(name) || (everywhere && sysctl(host, `net.ipv6.conf.${name.replaceAll('.', '/')}.disable_ipv6`) === null),
  );
}

/** Where the host takes SSH: port 22, unless sshd is known to listen elsewhere and nothing listens there. */
export function sshPorts(host: Host, family: Family): readonly number[] {
  if (!host.listeners.known) return [22];
  const listening = host.listeners.value.filter(({ proto, families }) => proto === 'tcp' && families.includes(family));
  const outward = listening.filter(({ address }) => address === null || !isLoopback(address));
  const ssh = [...new Set(outward.filter(({ process }) => process?.startsWith('sshd') === true).map(({ port }) => port))];
  const elsewhereOnly = ssh.length > 0 && !listening.some(({ port }) => port === 22);
  return elsewhereOnly ? ssh : [...new Set([22, ...ssh])];
}
