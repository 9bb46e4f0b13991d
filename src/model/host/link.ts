import { bitsOf, type Family, type Prefix, parseAddress } from '../net/index.ts';
import type { Link, LinkAddress, XdpProgram } from './host.ts';
import { isPrinted, listOf, numberOf, type Printed, printedList, textOf } from './printed.ts';

/** `ip -j -d link`. */
export function parseLinks(text: string): readonly Link[] | undefined {
  return every(printedList(text), (object) => {
    const name = textOf(object, 'ifname');
    if (name === undefined) return undefined;
    const flags = listOf(object, 'flags');
    const info = object['linkinfo'];
    return {
      name,
      loopback: flags.includes('LOOPBACK'),
      up: flags.includes('UP'),
      kind: (isPrinted(info) ? textOf(info, 'info_kind') : undefined) ?? null,
      master: textOf(object, 'master') ?? null,
      vrfTable: isPrinted(info) ? vrfTable(info) : null,
      xdp: isPrinted(object['xdp']) ? listOf(object['xdp'], 'attached').filter(isPrinted).flatMap(parseXdp) : [],
    };
  });
}

/** `"linkinfo": {"info_kind": "vrf", "info_data": {"table": 10}}` (iproute2, ip/iplink_vrf.c). */
function vrfTable(info: Printed): string | null {
  const data = info['info_data'];
  if (textOf(info, 'info_kind') !== 'vrf' || !isPrinted(data)) return null;
  return textOf(data, 'table') ?? numberOf(data, 'table')?.toString() ?? null;
}

/** include/uapi/linux/if_link.h, XDP_ATTACHED_*. */
const xdpModes: Readonly<Record<number, XdpProgram['mode']>> = { 1: 'driver', 2: 'generic', 3: 'offload' };

function parseXdp(object: Printed): readonly XdpProgram[] {
  const mode = xdpModes[numberOf(object, 'mode') ?? 0];
  const program = object['prog'];
  if (mode === undefined || !isPrinted(program)) return [];
  return [{ mode, id: numberOf(program, 'id') ?? 0, name: textOf(program, 'name') ?? null }];
}

/** `ip -j address`. */
export function parseLinkAddresses(text: string): readonly LinkAddress[] | undefined {
  const links = every(printedList(text), (object) => {
    const link = textOf(object, 'ifname');
    return link === undefined ? undefined : every(listOf(object, 'addr_info').filter(isPrinted), (info) => parseInfo(link, info));
  });
  return links?.flat();
}

/** Other families than IP's do not occur here; a `local` without its number of bits would be a new format. */
function parseInfo(link: string, info: Printed): LinkAddress | undefined {
  const local = parseAddress(textOf(info, 'local') ?? '');
  const length = numberOf(info, 'prefixlen');
  if (local === undefined || length === undefined || length < 0 || length > bitsOf(local.family)) return undefined;
  // With a peer, the length is the peer's, and `local` stands alone (ip-address(8), `peer ADDRESS`).
  const other = textOf(info, 'address');
  const peer = other === undefined ? undefined : parseAddress(other);
  if (other !== undefined && peer?.family !== local.family) return undefined;
  const broadcast = textOf(info, 'broadcast');
  return {
    link,
    prefix: { ...local, length: peer === undefined ? length : bitsOf(local.family) },
    broadcast: (broadcast === undefined ? undefined : parseAddress(broadcast)) ?? null,
    peer: peer === undefined ? null : { ...peer, length },
    scope: textOf(info, 'scope') ?? 'global',
  };
}

/** A route's or an address's `default`, `ADDRESS` or `ADDRESS/LENGTH`, of the family. */
export function parseDestination(family: Family, text: string): Prefix | undefined {
  if (text === 'default') return { family, value: 0n, length: 0 };
  const [address, tail, ...more] = text.split('/');
  const parsed = parseAddress(address ?? '');
  if (parsed?.family !== family || more.length > 0) return undefined;
  const length = tail === undefined ? bitsOf(family) : /^\d{1,3}$/.test(tail) ? Number(tail) : Number.NaN;
  return length <= bitsOf(family) ? { ...parsed, length } : undefined;
}

/** All or nothing: a list of which one part was not understood is not the list. */
export function every<T, U>(items: readonly T[] | undefined, f: (item: T) => U | undefined): readonly U[] | undefined {
  if (items === undefined) return undefined;
  const results: U[] = [];
  for (const item of items) {
    const result = f(item);
    if (result === undefined) return undefined;
    results.push(result);
  }
  return results;
}
