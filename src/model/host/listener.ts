import { type Address, type Family, parseAddress } from '../net/index.ts';
import type { Listener } from './host.ts';

/** Two sockets of a table of `ss`: protocol, state, queues, local, peer, and the processes when they can be seen. */
const line = /^(tcp|udp)\s+(?:LISTEN|UNCONN)\s+\d+\s+\d+\s+(\S+):(\d+)\s+\S+:\S+\s*(.*)$/s;

/**
 * `ss -H -n -l -t -u -p`. Names of processes are whatever their users chose, with quotes and newlines in them if they
 * like: a line that is not a socket's can only be the rest of such a name.
 */
export function parseListeners(text: string): readonly Listener[] | undefined {
  const sockets: string[] = [];
  for (const row of text.split('\n')) {
    const last = sockets.length - 1;
    if (line.test(row)) sockets.push(row);
    else if (row.trim() !== '') {
      const unfinished = sockets[last];
      if (unfinished === undefined || !/ users:\(\(/.test(unfinished)) return undefined;
      sockets[last] = `${unfinished}\n${row}`;
    }
  }
  const listeners = sockets.map(parseSocket);
  return listeners.every((listener) => listener !== undefined) ? listeners : undefined;
}

function parseSocket(socket: string): Listener | undefined {
  const [, proto, local = '', port = '', rest = ''] = line.exec(socket) ?? [];
  const bound = parseBound(local);
  if (bound === undefined || (proto !== 'tcp' && proto !== 'udp')) return undefined;
  return { proto, port: Number(port), ...bound, process: /^users:\(\("(.*?)",pid=\d+,fd=\d+\)/s.exec(rest)?.[1] ?? null };
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
