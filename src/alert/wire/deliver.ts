import type { ChannelContext, Delivery } from '../channel.ts';
import { judged } from './judged.ts';
import { type Answer, post } from './post.ts';
import { type HttpSaid, urlOf } from './settings.ts';

type Answered = Extract<Answer, { kind: 'answered' }>;

/** One request of a channel. */
export interface Request {
  /** As the settings say it. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
  /** Of what is left of the attempt's time, where it takes several requests; else all that the settings allow. */
  readonly timeoutMs?: number;
}

/** Posts, and says what the answer means: see {@link judged}. `waitMs` reads off an answer when to try again, where no header says so. */
export async function deliver(
  { url: text, headers = {}, body, timeoutMs }: Request,
  said: HttpSaid,
  context: ChannelContext,
  signal: AbortSignal,
  taken?: (answer: Answered) => Delivery | null,
  waitMs?: (answer: Answered) => number | null,
): Promise<Delivery> {
  const url = urlOf(text);
  if (!url.ok) return { kind: 'again', why: url.why };
  const most = said['timeout-seconds'] * 1000;
  const answer = await post(
    {
      url: url.value,
      headers,
      body,
      timeoutMs: Math.max(1, Math.ceil(timeoutMs ?? most)),
      allowPrivate: said['allow-private'],
      ca: said.ca,
    },
    signal,
  );
  const delivery = judged(answer, url.value.host, context.clock.now(), taken);
  if (delivery.kind !== 'again' || delivery.afterMs !== undefined || answer.kind === 'failed') return delivery;
  const afterMs = waitMs?.(answer) ?? null;
  return afterMs === null ? delivery : { ...delivery, afterMs };
}

/** The members of a JSON object that was answered, or `null`. */
export function objectOf(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
