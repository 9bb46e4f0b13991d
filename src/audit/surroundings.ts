import { type Host, isLoopback, type Link } from '../model/host/index.ts';
import { type Family, parseAddress } from '../model/net/index.ts';
import type { Vocabulary } from './vocabulary.ts';

/** The links on which strangers' packets arrive. */
export interface Outside {
  readonly links: readonly string[];
  /** False when the links were chosen by their kind, for want of a default route, and there are several. */
  readonly sure: boolean;
  /** Why no link can be named; `null` when the links are known. */
  readonly unread: { readonly why: string; readonly remedy: string } | null;
}

/**
 * Links with a default route of the family; without one, the plain devices (no tunnels, no container bridges), or
 * whatever there is but the loopback. A port of a bridge or bond stands for its master, where its packets arrive.
 */
export function outsideOf(host: Host, family: Family): Outside {
  if (!host.links.known) return { links: [], sure: false, unread: { why: host.links.why, remedy: host.links.remedy } };
  const links = host.links.value.filter((link) => !link.loopback);
  const names = new Set(links.map((link) => link.name));
  if (host.routes.known) {
    const byRoute = host.routes.value
      .filter((route) => route.family === family && route.prefix.length === 0 && route.type === 'unicast')
      .flatMap((route) => (route.link !== null && names.has(route.link) ? [route.link] : []));
    if (byRoute.length > 0) return { links: [...new Set(byRoute)], sure: true, unread: null };
  }
  const plain = links.filter((link) => link.kind === null);
  const chosen = plain.length > 0 ? plain : links.filter((link) => link.master === null);
  const arriving = [...new Set(chosen.map((link) => masterOf(link, links)))];
  return { links: arriving, sure: arriving.length < 2, unread: null };
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
