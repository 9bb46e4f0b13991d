import type { Clock } from '../../clock.ts';
import { createDetection, unknownSurroundings } from '../../watch/index.ts';
import type { Source } from '../../watch/sources/source.ts';
import { createPipeline } from './pipeline.ts';
import type { Told } from './told.ts';

/** Events that wait for whoever hears them; incidents and losses always do. */
const mostWaiting = 1000;

/** Watches one source in this very process, and neither remembers anything nor shuts anybody out: for a network that is gone with the process. */
export async function* watchWithin(source: Source, clock: Clock, seed: number, signal: AbortSignal): AsyncGenerator<Told> {
  let waiting: Told[] = [];
  let wake = (): void => undefined;
  const tell = (told: Told): boolean => {
    if (told.kind === 'event' && waiting.length >= mostWaiting) return false;
    waiting.push(told);
    wake();
    return true;
  };
  const detection = createDetection({ seed, surroundings: unknownSurroundings });
  const pipeline = createPipeline({ clock, detection, acting: () => null, store: null, tell });
  tell({
    kind: 'watching',
    pid: process.pid,
    sources: [{ name: source.name, trusted: source.trusted }],
    known: { incidents: [], bans: [] },
  });
  let isOver = false;
  const reading = (async () => {
    try {
      for await (const said of source.follow(null, signal)) pipeline.take(source.name, said);
    } finally {
      pipeline[Symbol.dispose]();
      isOver = true;
      wake();
    }
  })();
  for (;;) {
    const next = waiting;
    waiting = [];
    yield* next;
    if (waiting.length > 0) continue;
    if (isOver) break;
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
  await reading;
}
