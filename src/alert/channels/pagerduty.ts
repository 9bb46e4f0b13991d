import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Channel, Delivery } from '../channel.ts';
import type { Alert, Message } from '../message.ts';
import { fitted, visibleLine } from '../text/index.ts';
import { bodyFor, deliver, httpSettings, objectOf, secretText, senderOf } from '../wire/index.ts';
import { factsOf, headline } from '../words/index.ts';

const settings = z.strictObject({
  'routing-key': secretText.describe('The integration key of a service, "Events API v2".'),
  url: z
    .string()
    .min(1)
    .default('https://events.pagerduty.com/v2/enqueue')
    .describe('Where events are taken; accounts in Europe: https://events.eu.pagerduty.com/v2/enqueue.'),
  ...httpSettings,
});

/**
 * An event for each alert of a message, so that each is an incident there and is resolved when it is over. The same event twice is one for PagerDuty,
 * so that all are sent again where one was not taken.
 */
export const pagerduty: Channel<typeof settings> = {
  type: 'pagerduty',
  summary: 'incidents of PagerDuty, by Events API v2',
  settings,
  open: (said, context) =>
    senderOf(async (message, signal) => {
      const key = (await context.secret(said['routing-key'])).trim();
      const until = performance.now() + said['timeout-seconds'] * 1000;
      let last: Delivery = { kind: 'delivered' };
      for (const event of pagerdutyEvents(message)) {
        const body = bodyFor({ routing_key: key, ...event });
        last = await deliver(
          { url: said.url, body, timeoutMs: until - performance.now() },
          said,
          context,
          signal,
          ({ status, body: told }) => (status === 202 && objectOf(told)?.['status'] === 'success' ? { kind: 'delivered' } : null),
        );
        if (last.kind !== 'delivered') return last;
      }
      return last;
    }),
};

type Event = Readonly<Record<string, unknown>>;

const summaryPoints = 1024;
const keyPoints = 255;
const severities: Readonly<Record<Message['severity'], string>> = {
  critical: 'critical',
  high: 'error',
  medium: 'warning',
  low: 'info',
  info: 'info',
};

/** The events of a message. A test calls whoever is on call, and leaves nothing open. */
export function pagerdutyEvents(message: Message): readonly Event[] {
  const events = message.alerts.length === 0 ? [ofMessage(message)] : message.alerts.map((alert) => ofAlert(message, alert));
  if (message.kind !== 'test') return events;
  return events.flatMap((event) => [
    { ...event, event_action: 'trigger' },
    { event_action: 'resolve', dedup_key: event['dedup_key'] },
  ]);
}

function ofAlert(message: Message, alert: Alert): Event {
  const dedup = { dedup_key: dedupKey(alert.key) };
  if (alert.state === 'resolved') return { event_action: 'resolve', ...dedup };
  if (alert.state === 'acknowledged') return { event_action: 'acknowledge', ...dedup };
  const { lines, evidence } = factsOf(alert);
  return {
    event_action: 'trigger',
    ...dedup,
    payload: {
      summary: fitted(`${visibleLine(message.host)}: ${visibleLine(alert.title)}`, { points: summaryPoints }),
      source: sourceOf(message),
      severity: severities[alert.severity],
      timestamp: new Date(alert.since).toISOString(),
      component: 'iptables',
      class: fitted(visibleLine(alert.detector), { points: 100 }),
      custom_details: { ...Object.fromEntries(lines.map(({ label, text }) => [label, text])), Evidence: evidence },
    },
    client: 'palisade',
  };
}

function ofMessage(message: Message): Event {
  const action = { firing: 'trigger', acknowledged: 'acknowledge', resolved: 'resolve' }[message.state];
  const dedup = { dedup_key: dedupKey(message.thread) };
  if (action !== 'trigger') return { event_action: action, ...dedup };
  return {
    event_action: action,
    ...dedup,
    payload: {
      summary: headline(message, summaryPoints),
      source: sourceOf(message),
      severity: severities[message.severity],
      timestamp: new Date(message.at).toISOString(),
      component: 'iptables',
    },
    client: 'palisade',
  };
}

/** It may not be empty. */
function sourceOf(message: Message): string {
  return fitted(visibleLine(message.host), { points: 255 }) || 'unknown';
}

function dedupKey(key: string): string {
  const shown = visibleLine(key);
  return fitted(shown, { points: keyPoints }) === shown && shown !== '' ? shown : createHash('sha256').update(key).digest('hex');
}
