import { bitsOf, formatAddress, type Ranges } from '../../model/net/index.ts';
import type { Effect } from '../../model/packet/index.ts';
import { isLocal } from './addresstype.ts';
import { asRanges, type Passage, translate } from './passage.ts';
import { type Possible, possible } from './possible.ts';
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
  // Only a source of the host's own choice is left to it, at the very end of a packet's way: no rule sees it.
  if (end === 'src' && to.kind === 'own') return [];
  const [before, port] = end === 'src' ? [passage.src, passage.sport] : [passage.dst, passage.dport];
  const own = to.kind === 'own' ? ownAddress(passage, surroundings) : null;
  if (own?.length === 0) return null;
  const chosen = own ?? (to.kind === 'range' && to.address !== null ? [to.address] : null);
  const address = chosen === null ? before : possible(chosen);
  translate(passage, end, { address, port: to.port === null || port === null ? port : possible([to.port]) }, by);
  return address === before || end === 'src' ? [] : rerouted(address, passage, surroundings, by);
}

/**
 * REDIRECT's own address (net/netfilter/nf_nat_redirect.c): loopback for what the host sends, else the first address
 * of the arriving link; for IPv6 one of its global ones. Without any the packet is dropped.
 */
function ownAddress(passage: Passage, surroundings: Surroundings): Ranges<bigint> {
  const { family, hook } = passage.packet;
  if (hook === 'output') return family === 4 ? [[0x7f000001n, 0x7f000001n]] : [[1n, 1n]];
  if (surroundings.addresses === null) return [[0n, (1n << BigInt(bitsOf(family))) - 1n]];
  const own = surroundings.addresses.filter((entry) => entry.link === passage.in && entry.prefix.family === family);
  const usable = family === 4 ? own.slice(0, 1) : own.filter((entry) => entry.scope === 'global');
  return usable.map((entry) => [entry.prefix.value, entry.prefix.value] as const);
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
