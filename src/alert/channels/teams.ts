import { z } from 'zod';
import type { Channel } from '../channel.ts';
import type { Alert, Message } from '../message.ts';
import { fitted, sizeOf, visibleLine } from '../text/index.ts';
import { bodyFor, deliver, httpSettings, secretText, senderOf } from '../wire/index.ts';
import { factsOf, headline, leftOut, momentOf } from '../words/index.ts';

const settings = z.strictObject({
  url: secretText.describe(
    'The URL of a workflow "Post to a channel when a webhook request is received", which is a secret; it may end in …webhook.office.com, too.',
  ),
  ...httpSettings,
});

/** Posts each message as an Adaptive Card to a channel of Microsoft Teams. */
export const teams: Channel<typeof settings> = {
  type: 'teams',
  summary: 'a channel of Microsoft Teams',
  settings,
  open: (said, context) =>
    senderOf(async (message, signal) =>
      deliver(
        { url: await context.secret(said.url), body: teamsBody(message) },
        said,
        context,
        signal,
        // Workflows answer 202. What there was before them answered 200 and `1`, and 200 with words where it had failed.
        ({ status, body }) => (status === 202 || ['', '1'].includes(body.trim()) ? { kind: 'delivered' } : null),
      ),
    ),
};

/** About 28 kB are taken; what Teams counts is not said, so that some are left. */
const mostBytes = 26_000;
const mostAlerts = 20;

/** What is posted: as much of it as there is room for, least evidence first. */
export function teamsBody(message: Message): string {
  for (const [alerts, evidence] of [
    [mostAlerts, 20],
    [mostAlerts, 3],
    [mostAlerts, 0],
    [5, 0],
  ] as const) {
    const body = bodyFor(card(message, alerts, evidence, 1000));
    if (sizeOf(body).bytes <= mostBytes) return body;
  }
  return bodyFor(card(message, 5, 0, 100));
}

function card(message: Message, most: number, evidence: number, points: number): object {
  const shown = message.alerts.slice(0, most);
  const more = leftOut(message.more + message.alerts.length - shown.length);
  const colour =
    message.state === 'firing' ? (['critical', 'high'].includes(message.severity) ? 'attention' : 'warning') : 'good';
  return {
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        contentUrl: null,
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          msteams: { width: 'Full' },
          body: [
            paragraph({ text: harmless(headline(message, 300)), weight: 'bolder', size: 'medium', color: colour }),
            ...shown.flatMap((alert) => about(alert, evidence, points)),
            ...(more === '' ? [] : [paragraph({ text: more })]),
            paragraph({
              text: `${harmless(fitted(visibleLine(message.host), { points: 100 }))}, ${momentOf(message.at)}`,
              isSubtle: true,
              size: 'small',
            }),
          ],
        },
      },
    ],
  };
}

function about(alert: Alert, mostEvidence: number, points: number): readonly object[] {
  const facts = factsOf(alert);
  const evidence = facts.evidence.slice(0, mostEvidence);
  return [
    paragraph({ text: harmless(fitted(visibleLine(alert.title), { points })), weight: 'bolder' }),
    ...facts.lines.map(({ label, text }) =>
      paragraph({ text: `${label}: `, weight: 'bolder' }, { text: harmless(fitted(text, { points })) }),
    ),
    ...evidence.map((line) => paragraph({ text: harmless(fitted(line, { points })), fontType: 'monospace', size: 'small' })),
  ];
}

/** Text in runs is no markdown: a block of text would be. */
function paragraph(...runs: readonly object[]): object {
  return { type: 'RichTextBlock', spacing: 'small', inlines: runs.map((run) => ({ type: 'TextRun', ...run })) };
}

/** Cards put dates where `{{DATE(…)}}` stands, and templates what `${…}` says. */
function harmless(text: string): string {
  return text.replace(/([{$])(?=\{)/g, '$1 ');
}
