import { contains, parseAddress, parsePrefix, prefixRange } from '../../model/net/index.ts';
import type { AddressWords } from './addresses.ts';
import type { Reach, ReachRow } from './reach.ts';

/** The first packet of a connection, as a row is asked for. */
export interface Asked {
  readonly link: string;
  readonly src: bigint;
  readonly dst: bigint;
  readonly proto: number;
  /** Destination port, or ICMP type. */
  readonly port: number | null;
  /** The host's own addresses. */
  readonly own: readonly bigint[];
}

/** Rows that speak of the packet; names of sets are not understood. */
export function rowsAbout(reach: Extract<Reach, { kind: 'known' }>, asked: Asked): readonly ReachRow[] {
  return reach.rows.filter(
    ({ links, services, destinations, sources, goals }) =>
      links.includes(asked.link) &&
      !(goals.every(({ kind }) => kind === 'through') && asked.own.includes(asked.dst)) &&
      holds(sources, asked.src) &&
      (destinations === 'own' ? asked.own.includes(asked.dst) : holds(destinations, asked.dst)) &&
      services.some(
        ({ proto: [first, last], ports, icmpTypes }) =>
          first <= asked.proto && asked.proto <= last && contains(ports ?? icmpTypes ?? [[-1, -1]], asked.port ?? -1),
      ),
  );
}

function holds({ except, list }: AddressWords, value: bigint): boolean {
  return list.some((word) => within(word, value)) !== except;
}

function within(word: string, value: bigint): boolean {
  const prefix = parsePrefix(word);
  if (prefix !== undefined) {
    const [lo, hi] = prefixRange(prefix);
    return lo <= value && value <= hi;
  }
  const [lo, hi] = word.split('-').map((end) => parseAddress(end)?.value);
  if (lo === undefined || hi === undefined) throw new Error(`no addresses: ${word}`);
  return lo <= value && value <= hi;
}
