import type { Namespace } from './namespace.ts';
import type { RunResult } from './run.ts';

/** A link to make in a namespace. */
export interface LinkRequest {
  readonly name: string;
  /** `ADDRESS/LENGTH` each. IPv6 ones are usable at once (no duplicate detection). */
  readonly addresses?: readonly string[];
  /** The other end, in another namespace (then the link is a veth). Without: a link that leads nowhere. */
  readonly peer?: { readonly namespace: Namespace; readonly name: string; readonly addresses?: readonly string[] };
}

/**
 * Brings up the loopback link and makes the others, in one call of `ip` per namespace concerned.
 * A link without a peer is a dummy, or a bridge without ports where the kernel has no dummies: both look the same to a firewall.
 */
export async function makeLinks(namespace: Namespace, links: readonly LinkRequest[]): Promise<void> {
  const up = (name: string, addresses: readonly string[] = []): string[] => [
    `link set dev ${name} up`,
    ...addresses.map((address) => `address add ${address} dev ${name}${address.includes(':') ? ' nodad' : ''}`),
  ];
  const batch = (kind: string): readonly string[] => [
    'link set lo up',
    ...links.flatMap(({ name, addresses, peer }) => [
      peer === undefined
        ? `link add name ${name} type ${kind}`
        : `link add name ${name} type veth peer name ${peer.name} netns ${peer.namespace.pid}`,
      ...up(name, addresses),
    ]),
  ];
  const first = await ip(namespace, batch('dummy'));
  if (first !== undefined) {
    const names = links.filter(({ peer }) => peer === undefined).map(({ name }) => name);
    if (!first.includes('Unknown device type') || names.length === 0) throw new Error(first);
    // The batch stops at its first error; what it made before is taken back.
    await ip(
      namespace,
      links.map(({ name }) => `link delete dev ${name}`),
      ['-force'],
    );
    const second = await ip(namespace, batch('bridge'));
    if (second !== undefined) throw new Error(second);
  }
  for (const { peer } of links) {
    if (peer === undefined) continue;
    const failure = await ip(peer.namespace, up(peer.name, peer.addresses));
    if (failure !== undefined) throw new Error(failure);
  }
}

/** What went wrong, or `undefined`. */
async function ip(namespace: Namespace, lines: readonly string[], flags: readonly string[] = []): Promise<string | undefined> {
  const result: RunResult = await namespace.run({ argv: ['ip', ...flags, '-batch', '-'], input: `${lines.join('\n')}\n` });
  if (result.kind !== 'exited') return `ip could not make the links of a namespace: ${result.kind}`;
  return result.status === 0 ? undefined : `ip could not make the links of a namespace: ${result.stderr.trim()}`;
}
