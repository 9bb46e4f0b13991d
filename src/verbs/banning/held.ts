import { banSetNames } from '../../kernel/index.ts';
import { formatPrefix, type Prefix, parsePrefix, prefixRange } from '../../model/net/index.ts';
import type { Context } from '../verb.ts';

/** Who is in the kernel's sets. */
export interface Held {
  /** By network: packets that were dropped, and seconds that are left. */
  readonly bans: ReadonlyMap<string, Member>;
  readonly lists: readonly Prefix[];
}

export interface Member {
  readonly dropped: number;
  readonly seconds: number;
}

/** `null`: they could not be read; empty where there are none. */
export async function readHeld({ kernel, signal }: Context): Promise<Held | null> {
  const listed = await kernel.run({ argv: ['ipset', 'save'], signal });
  if (listed.kind !== 'exited' || listed.status !== 0) return null;
  const bans = new Map<string, Member>();
  const lists: Prefix[] = [];
  const timed = new Set<string>([...Object.values(banSetNames.new), ...Object.values(banSetNames.all)]);
  const plain = new Set<string>(Object.values(banSetNames.list));
  for (const [, set = '', member = '', seconds, packets] of listed.stdout.matchAll(
    /^add (PALISADE-\S+) (\S+)(?: timeout (\d+))?(?:.*? packets (\d+))?/gm,
  )) {
    const network = parsePrefix(member);
    if (network === undefined) continue;
    const key = formatPrefix(network);
    if (timed.has(set)) {
      const before = bans.get(key) ?? { dropped: 0, seconds: 0 };
      const now = { dropped: Number(packets ?? 0), seconds: Number(seconds ?? 0) };
      bans.set(key, { dropped: before.dropped + now.dropped, seconds: Math.max(before.seconds, now.seconds) });
    } else if (plain.has(set)) lists.push(network);
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
