import type { Clock } from '../../clock.ts';
import { type NflogOptions, type NflogPacket, openNflog } from '../../kernel/nflog.ts';
import { type LoggedPacket, parseNflogPacket } from '../events/index.ts';
import { unavailable, type Watched } from './watched.ts';

/** The packets that NFLOG rules hand to a group, until the signal aborts. Loss is exact, packet by packet. */
export async function* followNflog(options: NflogOptions, signal: AbortSignal, clock: Clock): AsyncGenerator<Watched> {
  const opened = openNflog(options);
  if (!opened.ok) {
    yield* unavailable(opened.problems);
    return;
  }
  using nflog = opened.value;
  for await (const { packets, lost } of nflog.follow(signal)) {
    if (lost > 0) yield { kind: 'lost', count: lost };
    for (const packet of packets) {
      const event = eventOf(packet, clock);
      if (event !== null) yield { kind: 'event', event };
    }
  }
}

/** The kernel stamps what arrives; what leaves may be unstamped, and is then of now. */
export function eventOf(packet: NflogPacket, clock: Clock): LoggedPacket | null {
  return packet.family === null ? null : parseNflogPacket(packet.payload, { ...packet, at: packet.at ?? clock.now() });
}
