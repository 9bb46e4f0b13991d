import { Batch, type Carrier, formatLoggedPacket, LineClock, LineReader, packetAt, readLines } from './index.ts';

/** What a text holds, as people read it, with the time in full; and how many lines hold nothing. */
export interface Held {
  readonly events: readonly string[];
  readonly passed: number;
  readonly form: string | null;
  readonly reader: LineReader;
}

/** Reads a text as a source does: of the form it shows, unless one is given. */
export function held(
  text: string | Uint8Array,
  clock = new LineClock(Date.UTC(2026, 11, 1)),
  carrier: Carrier | null = null,
): Held {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  const batch = new Batch(4096);
  const reader = new LineReader(clock, carrier);
  readLines(bytes, 0, bytes.length, reader, batch);
  const events = Array.from({ length: batch.length }, (_, row) => {
    const packet = packetAt(batch, row);
    return `${new Date(packet.at).toISOString()} ${formatLoggedPacket(packet).slice('23:23:15Z '.length)}`;
  });
  return { events, passed: reader.passed, form: reader.carrier?.name ?? null, reader };
}
