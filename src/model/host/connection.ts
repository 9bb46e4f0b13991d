import { type Address, type Family, parseAddress } from '../net/index.ts';
import { ctStatus, type Tuple } from '../packet/index.ts';
import { parseBound } from './listener.ts';
import { inTable } from './socket-table.ts';

/** A connection as conntrack knows it. */
export interface TrackedConnection {
  readonly family: Family;
  readonly proto: number;
  /** TCP's, as `ESTABLISHED`; `null` for other protocols. */
  readonly state: string | null;
  /** Of its first packet, before any translation. */
  readonly original: Tuple;
  /** Of the packets that come back, before they are translated: where the connection leads to, and who it seems to come from. */
  readonly reply: Tuple;
  /** ICMP type of the first packet; `null` for other protocols. */
  readonly icmpType: number | null;
  /** Bits of `ctStatus`. */
  readonly status: number;
  readonly mark: number;
}

/** A socket that has one peer: an established TCP connection, or a UDP socket that was connected. */
export interface OpenSocket {
  readonly proto: 'tcp' | 'udp';
  readonly local: Address;
  readonly localPort: number;
  readonly peer: Address;
  readonly peerPort: number;
  /** `null` when it cannot be seen, or has none yet. */
  readonly process: string | null;
}

/**
 * `/proc/net/nf_conntrack`, which `conntrack -L -o extended` prints alike (net/netfilter/nf_conntrack_standalone.c, ct_seq_show).
 * Families and protocols that are not followed are left out; a line that is none of it makes all of it `undefined`.
 */
export function parseTracked(text: string): readonly TrackedConnection[] | undefined {
  const found: TrackedConnection[] = [];
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [, layer = '', , number = '', rest = ''] = /^(\S+)\s+\d+\s+(\S+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    if (number === '') return undefined;
    if (layer !== 'ipv4' && layer !== 'ipv6') continue;
    const one = parseOne(layer === 'ipv4' ? 4 : 6, Number(number), rest.split(' '));
    if (one === undefined) return undefined;
    found.push(one);
  }
  return found;
}

function parseOne(family: Family, proto: number, words: readonly string[]): TrackedConnection | undefined {
  // Each key of a tuple stands twice: for the first packet, then for what comes back.
  const tuples: Map<string, string>[] = [];
  for (const word of words) {
    const [, key = '', value = ''] = /^([a-z-]+)=(.*)$/.exec(word) ?? [];
    if (key === '') continue;
    if (key === 'src') tuples.push(new Map());
    tuples.at(-1)?.set(key, value);
  }
  const [first, back] = tuples;
  const [original, reply] = [tupleOf(family, first), tupleOf(family, back)];
  if (first === undefined || back === undefined || original === undefined || reply === undefined) return undefined;
  const has = (flag: string): boolean => words.includes(flag);
  const isSame = (left: bigint, right: bigint, port: number | null, other: number | null): boolean =>
    left === right && port === other;
  const translated =
    (isSame(original.src, reply.dst, original.sport, reply.dport) ? 0 : ctStatus.SNAT) |
    (isSame(original.dst, reply.src, original.dport, reply.sport) ? 0 : ctStatus.DNAT);
  return {
    family,
    proto,
    state: proto === 6 ? (words.find((word) => /^[A-Z_]+\d?$/.test(word)) ?? null) : null,
    original,
    reply,
    icmpType: first.has('type') ? Number(first.get('type')) : null,
    status:
      ctStatus.CONFIRMED |
      (has('[UNREPLIED]') ? 0 : ctStatus.SEEN_REPLY) |
      (has('[ASSURED]') ? ctStatus.ASSURED : 0) |
      translated,
    // What stands behind both tuples belongs to the connection.
    mark: Number(back.get('mark') ?? 0),
  };
}

function tupleOf(family: Family, words: Map<string, string> | undefined): Tuple | undefined {
  const [src, dst] = [parseAddress(words?.get('src') ?? ''), parseAddress(words?.get('dst') ?? '')];
  if (words === undefined || src?.family !== family || dst?.family !== family) return undefined;
  const port = (name: string): number | null => (words.has(name) ? Number(words.get(name)) : null);
  return { src: src.value, dst: dst.value, sport: port('sport'), dport: port('dport') };
}

/** Protocol, queues, local, peer, processes: `ss -H -n -t -u -p state established` prints no state. */
const line = /^(tcp|udp)\s+\d+\s+\d+\s+(\S+):(\d+)\s+(\S+):(\d+)\s*(.*)$/s;

export function parseOpenSockets(text: string): readonly OpenSocket[] | undefined {
  return inTable(text, line, ([, proto, local = '', localPort = '', peer = '', peerPort = ''], process) => {
    const [ours, theirs] = [parseBound(local)?.address, parseBound(peer)?.address];
    if (!ours || !theirs || (proto !== 'tcp' && proto !== 'udp')) return undefined;
    return { proto, local: ours, localPort: Number(localPort), peer: theirs, peerPort: Number(peerPort), process };
  });
}
