import type { Delivery } from '../channel.ts';
import { fitted, visibleLine } from '../text/index.ts';
import type { Answer } from './post.ts';

type Answered = Extract<Answer, { kind: 'answered' }>;

/** Longer waits are the outbox's to decide about. */
const longestWaitMs = 24 * 3_600_000;

/**
 * What an answer means for the message. `taken` judges answers of 2xx: a receipt, or `null` if it is not what the receiver says when it has taken
 * something (a portal, a proxy or a stranger answered).
 */
export function judged(
  answer: Answer,
  where: string,
  nowMs: number,
  taken: (answer: Answered) => Delivery | null = () => ({ kind: 'delivered' }),
): Delivery {
  if (answer.kind === 'failed') return { kind: 'again', why: answer.why };
  const { status } = answer;
  if (status >= 200 && status < 300)
    return (
      taken(answer) ?? { kind: 'again', why: `${where} answers ${status}, but not as such a receiver does${quoted(answer)}` }
    );
  if (status >= 300 && status < 400) {
    const target = answer.location === null ? 'another place' : fitted(hostOf(answer.location), { points: 100 });
    const why = `${where} redirects to ${target}, which is not followed: set the address that is meant`;
    // 301 and 308 are for ever; the others can be a portal that is in the way just now.
    return status === 301 || status === 308 ? { kind: 'refused', why } : { kind: 'again', why };
  }
  const why = `${where} answers ${status}${quoted(answer)}`;
  if (status === 408 || status === 425 || status === 429 || status >= 500 || status < 200) {
    const afterMs = waitOf(answer.retryAfter, nowMs);
    return afterMs === null ? { kind: 'again', why } : { kind: 'again', why, afterMs };
  }
  return { kind: 'refused', why };
}

/** What Retry-After says, in seconds or as a date of HTTP (RFC 9110 §10.2.3), in milliseconds from now; `null`: nothing that can be read. */
function waitOf(text: string | null, nowMs: number): number | null {
  if (text === null) return null;
  if (/^\d{1,9}$/.test(text.trim())) return Math.min(Number(text) * 1000, longestWaitMs);
  if (!/^[A-Za-z]{3,9}, /.test(text.trim())) return null;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : Math.min(Math.max(0, at - nowMs), longestWaitMs);
}

function quoted({ body }: Answered): string {
  const text = fitted(visibleLine(body.trim().slice(0, 1000)), { points: 160 });
  return text === '' ? '' : `: ${text}`;
}

/** A redirect's URL can hold secrets of ours: only whose it is, is said. */
function hostOf(location: string): string {
  return visibleLine(URL.parse(location)?.host ?? 'another path');
}
