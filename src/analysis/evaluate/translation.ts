import { bitsOf, contains, formatAddress, type Ranges } from '../../model/net/index.ts';
import type { Effect, Translation } from '../../model/packet/index.ts';
import { isLocal } from './addresstype.ts';
import type { Station } from './hooks.ts';
import { asRanges, type Passage, translate } from './passage.ts';
import { type Possible, possible, subtract } from './possible.ts';
import type { Surroundings } from './surroundings.ts';

/**
 * Gives the packet its new source or destination. Where the rule leaves a choice, every choice stays possible: which
 * one the kernel takes hangs on hashes and on other connections (net/netfilter/nf_nat_core.c, get_unique_tuple).
 *
 * @returns sentences that say what had to be taken for granted; `null` if the kernel drops the packet instead.
 */
export function applyTranslation(
  effect: Extract<Effect, { kind: 'translate' }>,
  passage: Passage,
  surroundings: Surroundings,
  by: string,
): readonly string[] | null {
  const { end, to } = effect;
  const stay = mayStay(effect, passage, surroundings);
  // Only a source of the host's own choice is left to it, at the very end of a packet's way: no rule sees it.
  if (end === 'src' && to.kind === 'own') return [];
  const [before, port] = end === 'src' ? [passage.src, passage.sport] : [passage.dst, passage.dport];
  const own = to.kind === 'own' ? ownAddress(passage, surroundings) : null;
  if (own?.length === 0) return null;
  const chosen = own ?? (to.kind === 'range' && to.address !== null ? [to.address] : null);
  const ports = to.port === null || port === null ? null : [to.port];
  // Whoever asks has been told that it does not stay as it is.
  const others = stay && chosen !== null && typeof before === 'bigint' && isSettled(ports, port);
  const address = chosen === null ? before : possible(others ? subtract(chosen, [[before, before]]) : chosen);
  const otherPorts = stay && ports !== null && typeof port === 'number' && isSettled(chosen, before);
  const madeUp = effect.random === true && ports === null && end === 'src' && typeof port === 'number' ? classOf(port) : port;
  const newPort = ports === null ? madeUp : possible(otherPorts ? subtract(ports, [[port, port]]) : ports);
  translate(passage, end, { address, port: newPort, id: effect.random === true && hasEchoId(passage) }, by);
  if (address === before || end === 'src' || (own !== null && passage.packet.hook === 'input')) return [];
  return rerouted(address, passage, surroundings, by);
}

/** Which address nat changes at a hook (include/net/netfilter/nf_nat.h, HOOK2MANIP). */
export function endThere({ chain }: Station): 'src' | 'dst' {
  return chain === 'INPUT' || chain === 'POSTROUTING' ? 'src' : 'dst';
}

/** NETMAP as the translation to the one address that it makes of the packet's (net/netfilter/xt_NETMAP.c, netmap_tg4). */
export function netmapped(effect: Extract<Effect, { kind: 'netmap' }>, passage: Passage): Extract<Effect, { kind: 'translate' }> {
  const end = endThere(passage.station);
  const { value, mask } = effect;
  const free = ((1n << BigInt(bitsOf(passage.packet.family))) - 1n) & ~mask;
  const before = passage[end];
  const [lo, hi] = typeof before === 'bigint' ? [before & free, before & free] : [0n, free];
  return { kind: 'translate', end, to: { kind: 'range', address: [value | lo, value | hi], port: null } };
}

/**
 * Whether the rule leaves a choice to which the packet's own address and port belong: then it may be that nothing is
 * translated, which `--ctstate DNAT` tells.
 */
export function mayStay(
  { end, to, random }: Extract<Effect, { kind: 'translate' }>,
  passage: Passage,
  surroundings: Surroundings,
): boolean {
  if (random === true && hasEchoId(passage)) return false;
  const [address, port] = end === 'src' ? [passage.src, passage.sport] : [passage.dst, passage.dport];
  const addresses = choicesOf(end, to, passage, surroundings);
  if (addresses === 'known') return false;
  const ports = to.port === null || port === null ? null : [to.port];
  const fits = <T extends bigint | number>(among: Ranges<T> | null, value: Possible<T> | null): boolean =>
    among === null || (typeof value !== 'object' && value !== null && contains(among, value));
  const open = !isSettled(addresses, address) || !isSettled(ports, port);
  return open && fits(addresses, address) && fits(ports, port);
}

/** Addresses among which the kernel chooses; an own one that nobody has told may be any, also that of the packet. */
function choicesOf(
  end: 'src' | 'dst',
  to: Translation,
  passage: Passage,
  { addresses }: Surroundings,
): Ranges<bigint> | null | 'known' {
  if (to.kind === 'range') return to.address === null ? null : [to.address];
  if (end === 'src' || passage.packet.hook === 'output' || addresses !== null) return 'known';
  return everyAddress(passage);
}

function everyAddress({ packet }: Passage): Ranges<bigint> {
  return [[0n, (1n << BigInt(bitsOf(packet.family))) - 1n]];
}

/** An ICMP packet is told apart by an id, which is no field of it but can be translated, to either end. */
function hasEchoId({ packet }: Passage): boolean {
  return packet.icmpType !== null;
}

/** Ports out of which a random one is taken (nf_nat_core.c, nf_nat_l4proto_unique_tuple). */
function classOf(port: number): Ranges<number> {
  return port < 512 ? [[1, 511]] : port < 1024 ? [[600, 1023]] : [[1024, 65535]];
}

/** The value is not up to the rule, or the rule names just one. */
function isSettled<T extends bigint | number>(among: Ranges<T> | null, value: Possible<T> | null): boolean {
  return among === null || value === null || among.every(([lo, hi]) => lo === hi);
}

/**
 * REDIRECT's own address (net/netfilter/nf_nat_redirect.c): loopback for what the host sends, else the first address
 * of the arriving link; for IPv6 one of its global ones. Without any the packet is dropped.
 */
function ownAddress(passage: Passage, surroundings: Surroundings): Ranges<bigint> {
  const { family, hook } = passage.packet;
  if (hook === 'output') return family === 4 ? [[0x7f000001n, 0x7f000001n]] : [[1n, 1n]];
  if (surroundings.addresses === null) return everyAddress(passage);
  const own = surroundings.addresses.filter((entry) => entry.link === passage.in && entry.prefix.family === family);
  const usable = family === 4 ? own.slice(0, 1) : own.filter((entry) => entry.scope === 'global');
  return usable.map((entry) => [entry.prefix.value, entry.prefix.value] as const);
}

/**
 * Why the packet does not take the way that was asked about, once its destination is known to be another's (or known to
 * be the host's own): no verdict of this way would be true of it. `null` while it is not known.
 */
export function otherWay(
  { to }: Extract<Effect, { kind: 'translate' }>,
  passage: Passage,
  surroundings: Surroundings,
  by: string,
): string | null {
  const { family, hook } = passage.packet;
  if (hook === 'output') return null;
  const local = asRanges(passage.dst)
    .flat()
    .map((value) => to.kind === 'own' || isLocal(family, value, surroundings));
  if (hook === 'input' && local.every((here) => here === false)) {
    return `${by} sends the packet on to another host; ask what FORWARD does with it (hook forward)`;
  }
  if (hook === 'forward' && local.every((here) => here === true)) {
    return `${by} sends the packet to this host itself; ask what INPUT does with it (hook input)`;
  }
  return null;
}

/** Another destination may mean another way through the host, which is not followed. */
function rerouted(dst: Possible<bigint>, passage: Passage, surroundings: Surroundings, by: string): readonly string[] {
  const { family, hook } = passage.packet;
  const address = typeof dst === 'bigint' ? formatAddress({ family, value: dst }) : 'one of several addresses';
  const ends = asRanges(dst).flat();
  const local = ends.map((value) => isLocal(family, value, surroundings));
  if (hook === 'input' && !local.every((here) => here === true)) {
    return [`${by} sends the packet to ${address}, taken to be this host's own; otherwise the packet would go through FORWARD`];
  }
  if (hook === 'forward' && !local.every((here) => here === false)) {
    return [`${by} sends the packet to ${address}, taken to be another host's; otherwise the packet would go through INPUT`];
  }
  if (hook === 'output')
    return [`${by} sends the packet to ${address}, taken to leave by ${passage.packet.out ?? 'the same link'} still`];
  return [];
}
