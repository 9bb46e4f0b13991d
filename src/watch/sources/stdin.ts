import { type Clock, systemClock } from '../../clock.ts';
import { LineClock, LineReader } from '../events/index.ts';
import { localZone } from './local-zone.ts';
import { Pieces, takeStream } from './pieces.ts';
import type { Source } from './source.ts';

/** Lines that somebody pipes in, of any form. Whoever can write them can forge them. */
export function openStdin(
  stream: AsyncIterable<Uint8Array>,
  settings: { readonly clock?: Clock; readonly trusted?: boolean } = {},
): Source {
  const clock = settings.clock ?? systemClock;
  const trusted = settings.trusted === true;
  return {
    name: 'stdin',
    trusted,
    async *follow(_after, signal) {
      const pieces = new Pieces(new LineReader(new LineClock(clock.now(), { zone: localZone })), trusted);
      yield* takeStream(stopped(stream, signal), pieces, () => clock.now());
    },
  };
}

/** The same stream, that ends when the signal aborts, also while it has nothing to say. */
export async function* stopped(stream: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const iterator = stream[Symbol.asyncIterator]();
  const { promise, resolve } = Promise.withResolvers<null>();
  const stop = (): void => resolve(null);
  signal.addEventListener('abort', stop, { once: true });
  try {
    while (!signal.aborted) {
      const next = await Promise.race([iterator.next(), promise]);
      if (next === null || next.done === true) return;
      yield next.value;
    }
  } finally {
    signal.removeEventListener('abort', stop);
    // Not waited for: a stream that has nothing to say would not answer before it has.
    void iterator.return?.();
  }
}
