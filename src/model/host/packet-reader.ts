import type { Fields } from './fields.ts';
import { inTable } from './socket-table.ts';

/** A socket of AF_PACKET: it sees packets before any rule and sends past all of them (DHCP clients, tcpdump, VPNs). */
export interface PacketReader {
  /** EtherType; `null` for every packet, 0 for one that only sends. */
  readonly protocol: number | null;
  /** `null` for all links. */
  readonly link: string | null;
  /** `null` when the rights to see it were missing. */
  readonly process: string | null;
}

/** Type, queues, `PROTOCOL:LINK`, where the protocol is `*` or `[NUMBER]`, and `*` for the peer that it cannot have. */
const line = /^(?:p_raw|p_dgr)\s+\d+\s+\d+\s+(\*|\[\d+\]|[\w-]+):(\S+)\s+\*\s*(.*)$/s;

/** `ss -0 -H -n -p` (iproute2, misc/ss.c, packet_show_line). */
export function parsePacketReaders(text: string): readonly PacketReader[] | undefined {
  return inTable(text, line, ([, protocol = '', link = ''], process) => {
    const number = /^\[(\d+)\]$/.exec(protocol)?.[1];
    if (protocol !== '*' && number === undefined) return undefined;
    return { protocol: number === undefined ? null : Number(number), link: link === '*' ? null : link, process };
  });
}

/** From a facts file. */
export function readPacketReader(fields: Fields): PacketReader {
  return {
    protocol: fields.optionalNumber('protocol', 0, 0xffff) ?? null,
    link: fields.optionalText('link') ?? null,
    process: fields.optionalText('process') ?? null,
  };
}
