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
  /** How often values of a message were refused, by its id. Its ids are then used up, though nothing was taken: the session is another. */
  const refusals = new Map<string, number>();
  return async (message, signal) => {
    const to = await reached(said, (file) => context.secret({ file }));
    if (!to.ok) return { kind: 'again', why: to.why };
    const host = said.host ?? message.host;
    const refused = refusals.get(message.id) ?? 0;
    // The same while nobody knows whether it arrived, so that the server tells a repetition by itself.
    const session = createHash('sha256').update(`${nonce} ${message.id} ${refused}`).digest('hex').slice(0, 32);
    for (const [index, event] of eventsOf(message).entries()) {
      const at = context.clock.now();
      const stamp = { clock: Math.floor(message.at / 1000), ns: (message.at % 1000) * 1_000_000 + index };
      const value = { host, key: said.key, value: eventLine(event), id: index + 1, source: 'palisade', ...stamp };
      // One at a time: counts do not say which of several failed.
      const sent = await sendValues(to.where, { request: 'sender data', session, values: [value], at }, signal);
      if (sent.kind !== 'counted') return { kind: 'again', why: `${said.server}: ${sent.why}` };
      if (sent.counts.failed > 0) {
        remember(refusals, message.id, refused + 1);
        return { kind: 'again', why: remedyOf(said, host) };
      }
    }
    refusals.delete(message.id);
    return { kind: 'delivered' };
  };
}

/** Messages that wait are few; those that were given up are forgotten. */
function remember(refusals: Map<string, number>, id: string, count: number): void {
  refusals.delete(id);
  refusals.set(id, count);
  const [oldest] = refusals.keys();
  if (refusals.size > 1000 && oldest !== undefined) refusals.delete(oldest);
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
