import { type Clock, systemClock } from '../../clock.ts';
import { collectNflog } from '../../kernel/collect.ts';
import type { NflogPacket } from '../../kernel/index.ts';
import { Batch, parsePacketInto } from '../events/index.ts';
import type { Source } from './source.ts';
import { unavailable } from './unavailable.ts';

/** As {@link openNflog}, for a namespace that only a helper process can enter: one of a user namespace of its own. */
export function openCollected(namespace: Parameters<typeof collectNflog>[0], group: number, clock: Clock = systemClock): Source {
  return { name: `nflog:${group}`, trusted: true, follow: (_after, signal) => follow(namespace, group, signal, clock) };
}

async function* follow(
  namespace: Parameters<typeof collectNflog>[0],
  group: number,
  signal: AbortSignal,
  clock: Clock,
): ReturnType<Source['follow']> {
  if (signal.aborted) return;
  await using collection = collectNflog(namespace, group);
  // Its lines end with it, and so does the loop below.
  const stop = (): void => void collection[Symbol.asyncDispose]();
  signal.addEventListener('abort', stop, { once: true });
  const batch = new Batch();
  batch.trusted = true;
  try {
    for await (const collected of collection.follow()) {
      if (!collected.ok) {
        if (!signal.aborted) yield* unavailable(collected.problems);
        return;
      }
      const { packets, lost } = collected.value;
      if (lost > 0) yield { kind: 'lost', count: lost, of: 'packets', at: clock.now() };
      for (let from = 0; from < packets.length; from += batch.capacity) {
        const some = packets.slice(from, from + batch.capacity);
        batch.clear();
        for (const packet of some) put(packet, batch, clock.now());
        yield { kind: 'batch', batch, cursor: null, passed: some.length - batch.length };
      }
    }
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function put(packet: NflogPacket, batch: Batch, now: number): void {
  const { names } = batch;
  const prefix = Buffer.from(packet.prefix, 'latin1');
  const meta = {
    at: packet.at ?? now,
    prefix: names.of(prefix, 0, prefix.length),
    in: names.named(packet.in ?? ''),
    out: names.named(packet.out ?? ''),
    mark: packet.mark,
  };
  if (packet.family === null || !parsePacketInto(packet.payload, meta, batch)) return;
  batch.textLength[batch.length] = 0;
  batch.length += 1;
}
