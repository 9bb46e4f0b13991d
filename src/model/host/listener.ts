import { type Address, type Family, parseAddress } from '../net/index.ts';
import type { Listener } from './host.ts';
import { inTable } from './socket-table.ts';

/** A listening socket of `ss`: protocol, state, queues, local, peer, and the processes when they can be seen. */
const line = /^(tcp|udp)\s+(?:LISTEN|UNCONN)\s+\d+\s+\d+\s+(\S+):(\d+)\s+\S+:\S+\s*(.*)$/s;

/** `ss -H -n -l -t -u -p`. */
export function parseListeners(text: string): readonly Listener[] | undefined {
  return inTable(text, line, ([, proto, local = '', port = ''], process) => {
    const bound = parseBound(local);
    if (bound === undefined || (proto !== 'tcp' && proto !== 'udp')) return undefined;
    return { proto, port: Number(port), ...bound, process };
  });
}

interface Bound {
  readonly address: Address | null;
  readonly families: readonly Family[];
  readonly link: string | null;
}

/**
 * `0.0.0.0`, `127.0.0.1%lo`, `[::1]`, `[fe80::1]%eth0`, or `*`, which is IPv6's any-address open to IPv4 as well
 * (iproute2, misc/ss.c, inet_addr_print).
 */
export function parseBound(text: string): Bound | undefined {
  const [, any, bracketed, plain, link = null] = /^(?:(\*)|\[([^\]]+)\]|([^%[\]]+))(?:%(.+))?$/.exec(text) ?? [];
  if (any !== undefined) return { address: null, families: [4, 6], link };
  const address = parseAddress(bracketed ?? plain ?? '');
  if (address === undefined) return undefined;
  if (address.value === 0n) return { address: null, families: [address.family], link };
  // An IPv6 socket bound to ::ffff:a.b.c.d is reached by IPv4, and by nothing else.
  if (address.family === 6 && address.value >> 32n === 0xffffn) {
    return { address: { family: 4, value: address.value & 0xffffffffn }, families: [4], link };
  }
  return { address, families: [address.family], link };
}
