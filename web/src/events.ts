import type { LiveNews, LoggedPacketJson } from '../../src/verbs/event.ts';
import type { BanJson, IncidentJson } from '../../src/verbs/incident-shape.ts';

/** What the live stream says: the news, and about itself. */
export type StreamMessage =
  | LiveNews
  | {
      readonly kind: 'hello';
      readonly at: number;
      readonly events: readonly LoggedPacketJson[];
      readonly incidents: readonly IncidentJson[];
      readonly bans: readonly BanJson[];
    }
  | { readonly kind: 'skipped'; readonly count: number };

export type StreamState = 'live' | 'reconnecting' | 'refused';

/** The server sends something at least every 15 s; longer silence than this means that the connection is dead. */
const silenceMs = 40_000;
const firstWaitMs = 500;
const longestWaitMs = 10_000;

/**
 * Follows the live stream until the signal aborts, connecting anew whenever it ends. `EventSource` cannot send the
 * Authorization header, so the stream is read by fetch. A refused token ends it: trying again cannot help.
 */
export async function follow(
  token: string,
  on: { message(message: StreamMessage): void; state(state: StreamState): void },
  signal: AbortSignal,
): Promise<void> {
  let waitMs = firstWaitMs;
  while (!signal.aborted) {
    const silence = new AbortController();
    const either = AbortSignal.any([signal, silence.signal]);
    let timer = setTimeout(() => silence.abort(), silenceMs);
    try {
      const response = await fetch('/api/v1/stream', { headers: { Authorization: `Bearer ${token}` }, signal: either });
      if (response.status === 401 || response.status === 429) {
        on.state('refused');
        return;
      }
      if (response.ok && response.body !== null) {
        on.state('live');
        waitMs = firstWaitMs;
        const parse = sseParser((data) => on.message(JSON.parse(data) as StreamMessage));
        for await (const text of chunks(response.body)) {
          clearTimeout(timer);
          timer = setTimeout(() => silence.abort(), silenceMs);
          parse(text);
        }
      }
    } catch (error) {
      // Aborted, silent too long, or the connection broke: all of them end in trying again or in the signal.
      if (!(error instanceof DOMException || error instanceof TypeError)) throw error;
    } finally {
      clearTimeout(timer);
    }
    if (signal.aborted) return;
    on.state('reconnecting');
    await pause(waitMs * (0.75 + Math.random() / 2), signal);
    waitMs = Math.min(waitMs * 2, longestWaitMs);
  }
}

/** Reads server-sent events (WHATWG HTML §9.2.6) whose text comes in pieces; says the data of each whole one. */
export function sseParser(onData: (data: string) => void): (text: string) => void {
  let rest = '';
  let data: string[] = [];
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0) onData(data.join('\n'));
        data = [];
      } else if (line.startsWith('data:')) data.push(line.slice(line[5] === ' ' ? 6 : 5));
    }
  };
}

async function* chunks(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield decoder.decode(value, { stream: true });
    }
  } finally {
    reader.releaseLock();
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
