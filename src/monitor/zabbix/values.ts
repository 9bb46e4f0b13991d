import { type Answer, call, type Where } from './call.ts';

/** A value of an item, as `sender data` and `agent data` carry it. */
export interface Value {
  readonly host: string;
  readonly key: string;
  readonly value: string;
  /** Epoch seconds, and nanoseconds beside them. */
  readonly clock: number;
  readonly ns: number;
  /** Rising within a session: the server takes none a second time. */
  readonly id: number;
  /** 1: the item cannot be read, and `value` says why. */
  readonly state?: 1;
  /** Of items that are logs. */
  readonly source?: string;
  readonly severity?: number;
}

/** What the server made of values, as its own reply counts them. */
export interface Counts {
  readonly processed: number;
  readonly failed: number;
  readonly total: number;
}

export type Sent =
  /** The server has answered. Values that it had before it counts as failed. */
  | { readonly kind: 'counted'; readonly counts: Counts; readonly info: string }
  /** It took none, and says why. */
  | { readonly kind: 'refused'; readonly why: string }
  /** Nobody knows: there was no answer. The same values may be sent again in the same session. */
  | { readonly kind: 'unanswered'; readonly why: string };

/** As many values go in one packet; so many Zabbix's own sender takes too. */
export const batchOf = 250;

interface Packet {
  readonly request: 'sender data' | 'agent data';
  /** 32 hexadecimal digits. With the values' ids it tells the server what it has already. */
  readonly session: string;
  readonly values: readonly Value[];
  /** Epoch milliseconds. */
  readonly at: number;
}

/** Sends one packet of values, at most {@link batchOf}. */
export async function sendValues(where: Where, { request, session, values, at }: Packet, signal: AbortSignal): Promise<Sent> {
  const body = {
    ...{ request, session, data: values, clock: Math.floor(at / 1000), ns: (at % 1000) * 1_000_000 },
  };
  return sentOf(await call(where, body, signal));
}

/** Reads a server's reply to values. A reply that does not count is no success. */
export function sentOf(answer: Answer): Sent {
  if (!answer.ok) return { kind: 'unanswered', why: answer.why };
  const { response, info } = answer.value;
  const text = typeof info === 'string' ? info.slice(0, 300) : '';
  if (response !== 'success') return { kind: 'refused', why: text === '' ? 'it answers without success' : text };
  const counts = countsOf(text);
  if (counts === null) return { kind: 'refused', why: 'its reply does not count what it took' };
  return { kind: 'counted', counts, info: text };
}

/** `processed: 1; failed: 0; total: 1; seconds spent: 0.000041` */
export function countsOf(info: string): Counts | null {
  const found = /\bprocessed: (\d{1,9}); failed: (\d{1,9}); total: (\d{1,9})\b/.exec(info);
  return found === null ? null : { processed: Number(found[1]), failed: Number(found[2]), total: Number(found[3]) };
}
