import { systemClock } from '../../clock.ts';
import { collectNflog } from '../../kernel/collect.ts';
import { eventOf } from './nflog.ts';
import { unavailable, type Watched } from './watched.ts';

/** As {@link followNflog}, for a namespace that only a helper process can enter: one of a user namespace of its own. */
export async function* followCollected(
  namespace: Parameters<typeof collectNflog>[0],
  group: number,
  signal: AbortSignal,
  clock = systemClock,
): AsyncGenerator<Watched> {
  if (signal.aborted) return;
  await using collection = collectNflog(namespace, group);
  // Its lines end with it, and so does the loop below.
  const stop = (): void => void collection[Symbol.asyncDispose]();
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const batch of collection.follow()) {
      if (!batch.ok) {
        if (!signal.aborted) yield* unavailable(batch.problems);
        return;
      }
      if (batch.value.lost > 0) yield { kind: 'lost', count: batch.value.lost };
      for (const packet of batch.value.packets) {
        const event = eventOf(packet, clock);
        if (event !== null) yield { kind: 'event', event };
      }
    }
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
