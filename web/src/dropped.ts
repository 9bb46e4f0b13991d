import type { LoggedPacketJson } from '../../src/verbs/event.ts';
import type { StreamMessage } from './events.ts';

/** Rows kept in the page; older ones are still in the kernel's log. */
const kept = 300;

export interface DroppedPacket {
  /** Counts up, so that a list keyed by it moves rows instead of rewriting them. */
  readonly id: number;
  readonly packet: LoggedPacketJson;
}

/** The packets that the kernel logged, as the page knows them. */
export interface Dropped {
  /** Newest first. */
  readonly packets: readonly DroppedPacket[];
  /** All that palisade told of since the page was opened, and those it knew then; also those that are no longer kept. */
  readonly seen: number;
  /** Lines that nobody could read, and news that this page was too slow for. */
  readonly lost: number;
  /** The id of the next row. */
  readonly next: number;
}

export const noneDropped: Dropped = { packets: [], seen: 0, lost: 0, next: 0 };

/** What is known after some more messages of the stream. */
export function afterMessages(before: Dropped, messages: readonly StreamMessage[]): Dropped {
  let { packets, seen, lost, next } = before;
  let fresh: DroppedPacket[] = [];
  const add = (packet: LoggedPacketJson): void => {
    fresh.push({ id: next, packet });
    next += 1;
  };
  for (const message of messages) {
    if (message.kind === 'hello') {
      // The latest as the server knows them: after a broken connection some of them are news, most are not.
      const newest = Math.max(
        -1,
        ...packets.slice(0, 1).map((row) => row.packet.at),
        ...fresh.slice(-1).map((row) => row.packet.at),
      );
      seen += message.events.filter(({ at }) => at > newest).length;
      packets = [];
      fresh = [];
      for (const packet of message.events.slice(0, kept).reverse()) add(packet);
    } else if (message.kind === 'event') {
      seen += 1;
      add(message.event);
    } else if (message.kind === 'more') seen += message.count;
    else if (message.kind === 'lost' || message.kind === 'skipped') lost += message.count;
  }
  return { packets: [...fresh.reverse(), ...packets].slice(0, kept), seen, lost, next };
}

/** The sources with the most rows, most first. */
export function topSources(packets: readonly DroppedPacket[], limit: number): { source: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const { packet } of packets) counts.set(packet.src, (counts.get(packet.src) ?? 0) + 1);
  return [...counts]
    .map(([source, count]) => ({ source, count }))
    .sort((a, b) => b.count - a.count)
    .slice(0, limit);
}
