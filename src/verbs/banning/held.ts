import { banSetNames } from '../../kernel/index.ts';
import { bitsOf, type Family, formatPrefix, type Prefix, parsePrefix, prefixRange } from '../../model/net/index.ts';
import type { Context } from '../verb.ts';

/** Who is in the kernel's sets. */
export interface Held {
  /** Packets that were dropped, by network. */
  readonly bans: ReadonlyMap<string, number>;
  readonly lists: readonly Prefix[];
}

/** `null`: they could not be read; empty where there are none. */
export async function readHeld({ kernel, signal }: Context): Promise<Held | null> {
  const listed = await kernel.run({ argv: ['ipset', 'save'], signal });
  if (listed.kind !== 'exited' || listed.status !== 0) return null;
  const bans = new Map<string, number>();
  const lists: Prefix[] = [];
  const timed = new Set<string>([...Object.values(banSetNames.new), ...Object.values(banSetNames.all)]);
  const plain = new Set<string>(Object.values(banSetNames.list));
  for (const [, set = '', member = '', packets] of listed.stdout.matchAll(/^add (PALISADE-\S+) (\S+)(?:.*? packets (\d+))?/gm)) {
    const network = parsePrefix(member);
    if (network === undefined) continue;
    const key = formatPrefix(network);
    if (timed.has(set)) bans.set(key, (bans.get(key) ?? 0) + Number(packets ?? 0));
    else if (plain.has(set)) lists.push(network);
  }
  return { bans, lists };
}

/** The network that holds an address or a network. */
export function around(networks: Iterable<Prefix>, of: Prefix): Prefix | null {
  const [lo, hi] = prefixRange(of);
  for (const network of networks) {
    if (network.family !== of.family) continue;
    const [from, to] = prefixRange(network);
    if (from <= lo && hi <= to) return network;
  }
  return null;
}

/** An address or a network as people write it, with bits behind its length or without; `null`: it is none. */
export function readNetwork(text: string): Prefix | null {
  const found = parsePrefix(text);
  return found === undefined ? null : { ...found, value: prefixRange(found)[0] };
}

export function isWhole({ family, length }: { readonly family: Family; readonly length: number }): boolean {
  return length === bitsOf(family);
}
