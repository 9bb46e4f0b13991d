import type { Clock } from '../clock.ts';
import { type LiveNews, type LoggedPacketJson, liveNews } from '../verbs/event.ts';
import type { BanJson, IncidentJson } from '../verbs/incident-shape.ts';
import type { Served } from '../verbs/serve.ts';

export interface StreamOptions {
  readonly clock: Clock;
  /** Ends the stream; the page then connects anew. */
  readonly signal: AbortSignal;
  /** Silence after which a comment line is sent, so that both ends notice a dead connection. */
  readonly heartbeatMs?: number;
  /** Called once, when the stream is over for whatever reason. */
  readonly onEnd?: () => void;
  /** News that wait for a slow reader; older ones then give way and are counted. */
  readonly capacity?: number;
}

/** What the stream says beyond the news: how things stand at its start, and what it had to leave out. */
export type StreamMessage =
  | LiveNews
  /** First of all; `events` are the latest, newest first. No news is missing or doubled between it and what follows. */
  | {
      readonly kind: 'hello';
      readonly at: number;
      readonly events: readonly LoggedPacketJson[];
      readonly incidents: readonly IncidentJson[];
      readonly bans: readonly BanJson[];
    }
  /** The reader was too slow; so many news are not in the stream. */
  | { readonly kind: 'skipped'; readonly count: number };

/**
 * News as server-sent events, one `data:` line of JSON each. Bounded whatever the reader does: it writes when the
 * reader asks, holds `capacity` news meanwhile, then lets the oldest go and says how many.
 */
export function newsStream(served: Served, options: StreamOptions): ReadableStream<Uint8Array> {
  const { clock, heartbeatMs = 15_000, capacity = 500 } = options;
  const cancelled = new AbortController();
  const over = AbortSignal.any([options.signal, cancelled.signal]);
  const encoder = new TextEncoder();
  let greeting: StreamMessage[] = [];
  let waiting: StreamMessage[] = [];
  let skipped = 0;
  let silent = false;
  let wake = (): void => {};

  const heartbeat = setInterval(() => {
    silent = true;
    wake();
  }, heartbeatMs);
  heartbeat.unref();
  const end = (): void => {
    clearInterval(heartbeat);
    options.onEnd?.();
    wake();
  };
  if (over.aborted) end();
  else {
    over.addEventListener('abort', end, { once: true });
    // Subscribed before the latest events are taken, in one go: nothing can come between.
    served.subscribe((news) => {
      if (waiting.length >= capacity) {
        waiting.shift();
        skipped += 1;
      }
      waiting.push(liveNews(news));
      wake();
    }, over);
    greeting = [{ kind: 'hello', at: clock.now() / 1000, events: served.events(), ...served.happened() }];
  }

  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        while (greeting.length + waiting.length === 0 && !silent && !over.aborted) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
        if (over.aborted) {
          if (!cancelled.signal.aborted) controller.close();
          return;
        }
        const gap: StreamMessage[] = skipped > 0 ? [{ kind: 'skipped', count: skipped }] : [];
        const text = [...greeting, ...gap, ...waiting].map((message) => `data: ${JSON.stringify(message)}\n\n`).join('');
        greeting = [];
        waiting = [];
        skipped = 0;
        silent = false;
        controller.enqueue(encoder.encode(text === '' ? ': still here\n\n' : text));
      },
      cancel() {
        cancelled.abort();
      },
    },
    { highWaterMark: 0 },
  );
}
