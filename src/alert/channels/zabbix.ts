import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { type Event, eventKey, eventLine, sendValues } from '../../monitor/zabbix/index.ts';
import { reached, serverSettings } from '../../monitor/zabbix/settings.ts';
import type { Channel, ChannelContext, Delivery } from '../channel.ts';
import type { Alert, Message } from '../message.ts';

const settings = z.strictObject({
  ...serverSettings,
  key: z
    .string()
    .regex(/^[\w.-]{1,200}$/)
    .default(eventKey)
    .describe('The trapper item that takes incidents; the template brings it.'),
});

type Settings = z.output<typeof settings>;

/**
 * What becomes of each incident, as a value of a trapper item: the template's triggers make a problem of each, and end it. A server that does not know
 * the host or the item takes nothing and says so only by counting: that is no delivery, and is tried again.
 */
export const zabbix: Channel<typeof settings> = {
  type: 'zabbix',
  summary: 'incidents to a trapper item of Zabbix',
  settings,
  open(said, context) {
    const sender = createSender(said, context);
    return { send: sender, [Symbol.asyncDispose]: () => Promise.resolve() };
  },
};

function createSender(said: Settings, context: ChannelContext): (message: Message, signal: AbortSignal) => Promise<Delivery> {
  const nonce = randomBytes(16).toString('hex');
  const attempts = new Map<string, Attempts>();
  return async (message, signal) => {
    const to = await reached(said, (file) => context.secret({ file }));
    if (!to.ok) return { kind: 'again', why: to.why };
    const host = said.host ?? message.host;
    const before = attempts.get(message.id) ?? { refused: 0, taken: 0, isUnanswered: false };
    // The same while nobody knows whether it arrived, so that the server tells a repetition by itself.
    const session = createHash('sha256').update(`${nonce} ${message.id} ${before.refused}`).digest('hex').slice(0, 32);
    const events = eventsOf(message);
    for (const [index, event] of events.entries()) {
      if (index < before.taken) continue;
      const at = context.clock.now();
      const stamp = { clock: Math.floor(message.at / 1000), ns: nanosecondOf(message) + 2 * index };
      const value = { host, key: said.key, value: eventLine(event), id: 2 * index + 1, source: 'palisade', ...stamp };
      const again = index === before.taken && before.isUnanswered;
      const values = again
        ? [value, { ...value, value: eventLine(saidAgain(event)), id: value.id + 1, ns: stamp.ns + 1 }]
        : [value];
      // One at a time: counts do not say which of several failed.
      const sent = await sendValues(to.where, { request: 'sender data', session, values, at }, signal);
      if (sent.kind === 'unanswered') {
        remember(attempts, message.id, { refused: before.refused, taken: index, isUnanswered: true });
        return { kind: 'again', why: `${said.server}: ${sent.why}` };
      }
      if (sent.kind === 'refused' || sent.counts.processed === 0) {
        // Ids that were refused are used up, though nothing was taken: what is sent next has another session.
        remember(attempts, message.id, { refused: before.refused + 1, taken: index, isUnanswered: false });
        return { kind: 'again', why: sent.kind === 'refused' ? `${said.server}: ${sent.why}` : remedyOf(said, host) };
      }
    }
    attempts.delete(message.id);
    return { kind: 'delivered' };
  };
}

/**
 * A nanosecond of the message's own within its millisecond. Incidents that begin together are told by messages of one moment, and triggers look only once
 * at the values that an item has at one nanosecond.
 */
function nanosecondOf({ id, at }: Message): number {
  return (at % 1000) * 1_000_000 + 2 * (createHash('sha256').update(id).digest().readUInt32BE() % 490_000);
}

/** What became of earlier attempts at a message. */
interface Attempts {
  readonly refused: number;
  /** So many of its events the server has. */
  readonly taken: number;
  /** The server may have the next one too: its answer did not come. */
  readonly isUnanswered: boolean;
}

/**
 * Goes behind an event that may have arrived already. A server counts what it has already as failed, just as what it does not know: if it takes this one it
 * has the other, and if it takes neither it knows none of them.
 */
function saidAgain(event: Event): Event {
  return { ...event, state: 'test', title: `Sent again, since no answer came: ${event.title}` };
}

/** Messages that wait are few; those that were given up are forgotten. */
function remember(attempts: Map<string, Attempts>, id: string, made: Attempts): void {
  attempts.delete(id);
  attempts.set(id, made);
  const [oldest] = attempts.keys();
  if (attempts.size > 1000 && oldest !== undefined) attempts.delete(oldest);
}

function remedyOf({ server, key }: Settings, host: string): string {
  return `Zabbix at ${server} does not take ${key} of "${host}"; link the template to a host of that name there (palisade integrate zabbix), see that host and item are enabled, and that the item’s allowed hosts and the host’s encryption let this machine send`;
}

function eventsOf(message: Message): readonly Event[] {
  // Renewals tell receivers that forget. Zabbix does not.
  if (message.kind === 'renewal') return [];
  const isTest = message.kind === 'test';
  if (message.alerts.length === 0) return [ofMessage(message)];
  return message.alerts.map((alert) => ofAlert(alert, isTest ? 'test' : alert.state));
}

function ofAlert(alert: Alert, state: Event['state']): Event {
  const { key, severity, detector, title, why, remedy, sources, events } = alert;
  return { incident: key, state, severity, detector, title, why, remedy, sources, events };
}

/** A message that lists nothing: to be seen, and no problem. */
function ofMessage({ id, severity, title }: Message): Event {
  return { incident: id, state: 'test', severity, detector: '', title, why: '', remedy: '', sources: [], events: 0 };
}
