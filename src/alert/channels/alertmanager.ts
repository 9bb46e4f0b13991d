import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Channel } from '../channel.ts';
import type { Alert, Message } from '../message.ts';
import { fitted, visibleLine } from '../text/index.ts';
import { authorizationOf, bodyFor, deliver, httpSettings, objectOf, secretText, senderOf } from '../wire/index.ts';
import { factsOf } from '../words/index.ts';

const settings = z.strictObject({
  url: z.string().min(1).describe('Where it answers, such as http://127.0.0.1:9093, which needs "allow-private".'),
  authorization: secretText.optional().describe('The Authorization header, such as "Bearer TOKEN".'),
  ...httpSettings,
});

/** Firing alerts are said again so often, and are over by themselves once they were not for four times as long. */
const renewMs = 120_000;
const livesMs = 4 * renewMs;
/** A test is seen, and over soon. */
const testLivesMs = 120_000;

/** Each alert as one of Alertmanager's, which groups, silences and routes it. */
export const alertmanager: Channel<typeof settings> = {
  type: 'alertmanager',
  summary: 'alerts of Prometheus’ Alertmanager',
  settings,
  renewMs,
  open: (said, context) =>
    senderOf(async (message, signal) =>
      deliver(
        {
          url: `${said.url.replace(/\/+$/, '')}/api/v2/alerts`,
          headers: await authorizationOf(said.authorization, context),
          body: bodyFor(alertmanagerBody(message, context.clock.now())),
        },
        said,
        context,
        signal,
        // Nothing, or in some versions a little JSON.
        ({ status, body }) => (status === 200 && (body.trim() === '' || objectOf(body) !== null) ? { kind: 'delivered' } : null),
      ),
    ),
};

/** What is posted. The labels of an alert are the same from its first message to its last: by them Alertmanager knows it. */
export function alertmanagerBody(message: Message, nowMs: number): readonly object[] {
  if (message.alerts.length > 0) return message.alerts.map((alert) => ofAlert(message, alert, nowMs));
  return [
    {
      labels: labelsOf(message, 'PalisadeTest', message.severity, message.thread),
      annotations: { summary: annotation(message.title) },
      startsAt: timeOf(message.at),
      endsAt: timeOf(Math.max(message.at, message.state === 'resolved' ? message.at : nowMs + testLivesMs)),
    },
  ];
}

function ofAlert(message: Message, alert: Alert, nowMs: number): object {
  const isTest = message.kind === 'test';
  const { lines, evidence } = factsOf(alert);
  const isOver = alert.state === 'resolved';
  const endsAt = isOver ? Math.min(alert.resolvedAt ?? message.at, nowMs) : nowMs + (isTest ? testLivesMs : livesMs);
  return {
    labels: {
      ...labelsOf(message, isTest ? 'PalisadeTest' : nameOf(alert.detector), alert.severity, alert.key),
      detector: label(alert.detector),
    },
    annotations: {
      summary: annotation(alert.title),
      description: annotation(alert.why),
      remedy: annotation(alert.remedy),
      details: annotation(lines.map(({ label: name, text }) => `${name}: ${text}`).join('; ')),
      evidence: annotation(evidence.join(' | ')),
    },
    startsAt: timeOf(Math.min(alert.since, endsAt)),
    endsAt: timeOf(endsAt),
  };
}

function labelsOf(message: Message, alertname: string, severity: Message['severity'], key: string): Record<string, string> {
  return { alertname, severity, instance: label(message.host), incident: label(key) };
}

/** `vertical-scan` is PalisadeVerticalScan. */
function nameOf(detector: string): string {
  const words = detector.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
  return fitted(`Palisade${words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')}`, { points: 100 });
}

/** Two labels that differ must not become one by being cut. An empty one would be none. */
function label(text: string): string {
  const shown = visibleLine(text);
  if (shown === '') return 'unknown';
  return fitted(shown, { points: 200 }) === shown ? shown : createHash('sha256').update(text).digest('hex');
}

/**
 * Annotations reach whatever Alertmanager tells, by templates that others have written: mail in HTML is escaped there, Slack's `<!channel>` is not.
 */
function annotation(text: string): string {
  return fitted(visibleLine(text), { points: 2000 }).replace(/<(?=[!@#])/g, '‹');
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
