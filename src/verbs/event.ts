import { z } from 'zod';
import { type Address, formatAddress, formatProtocol } from '../model/net/index.ts';
import { tcpFlags } from '../model/packet/index.ts';
import type { LoggedPacket } from '../watch/events/event.ts';
import type { News } from './news.ts';

/** One packet that the kernel logged, as JSON: what `events`, the live stream and `up --json` say. */
export const loggedPacket = z
  .object({
    at: z.number().describe('Epoch seconds.'),
    prefix: z.string().describe('What the rule writes before the line.'),
    in: z.string().nullable(),
    out: z.string().nullable(),
    src: z.string(),
    dst: z.string(),
    proto: z.string().nullable().describe('A name, or a number as text.'),
    sport: z.int().nullable(),
    dport: z.int().nullable(),
    icmpType: z.int().nullable(),
    icmpCode: z.int().nullable(),
    flags: z.array(z.string()).nullable().describe('TCP flags that are set; null when it is not TCP.'),
    length: z.int().nullable(),
    ttl: z.int().nullable(),
    mark: z.int(),
  })
  .meta({ id: 'LoggedPacket' });

export type LoggedPacketJson = z.output<typeof loggedPacket>;

export function loggedPacketToJson(packet: LoggedPacket): LoggedPacketJson {
  const text = (address: Address): string => formatAddress(address);
  const bits = packet.flags;
  return {
    ...packet,
    at: packet.at / 1000,
    src: text(packet.src),
    dst: text(packet.dst),
    proto: packet.proto === null ? null : formatProtocol(packet.proto),
    flags: bits === null ? null : Object.entries(tcpFlags).flatMap(([name, bit]) => ((bits & bit) !== 0 ? [name] : [])),
  };
}

/** {@link News} as JSON: its own times in epoch seconds too. */
export type LiveNews =
  | { readonly kind: 'audited'; readonly at: number; readonly changed: boolean }
  | { readonly kind: 'more' | 'lost'; readonly at: number; readonly count: number }
  | Extract<News, { kind: 'event' | 'incident' | 'ban' }>;

export function liveNews(news: News): LiveNews {
  return 'at' in news ? { ...news, at: news.at / 1000 } : news;
}
