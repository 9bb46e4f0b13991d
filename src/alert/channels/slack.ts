import { z } from 'zod';
import type { Channel } from '../channel.ts';
import type { Alert, Message } from '../message.ts';
import { fitted, visibleLine } from '../text/index.ts';
import { bodyFor, deliver, httpSettings, secretText, senderOf } from '../wire/index.ts';
import { factsOf, headline, leftOut, momentOf, severityWord } from '../words/index.ts';

const settings = z.strictObject({
  url: secretText.describe('The URL of an incoming webhook, https://hooks.slack.com/services/…, which is a secret.'),
  ...httpSettings,
});

/** Posts each message to a channel of Slack by an incoming webhook. */
export const slack: Channel<typeof settings> = {
  type: 'slack',
  summary: 'a channel of Slack',
  settings,
  open: (said, context) =>
    senderOf(async (message, signal) =>
      deliver(
        { url: await context.secret(said.url), body: bodyFor(slackBody(message)) },
        said,
        context,
        signal,
        // Slack answers "ok" and nothing else.
        ({ body, isWhole }) => (isWhole && body.trim() === 'ok' ? { kind: 'delivered' } : null),
      ),
    ),
};

// Slack's own limits, in characters: header, section, blocks.
const headerPoints = 150;
const sectionPoints = 3000;
const mostBlocks = 50;
/** A digest shows evidence of so many alerts. */
const mostWithEvidence = 5;

/** What is posted. The text beside the blocks is what notifications show. */
export function slackBody(message: Message): Readonly<Record<string, unknown>> {
  const shown = message.alerts.slice(0, mostBlocks - 3 - mostWithEvidence);
  const sections = shown.flatMap((alert, at) => [section(said(alert)), ...(at < mostWithEvidence ? evidenceOf(alert) : [])]);
  const more = leftOut(message.more + message.alerts.length - shown.length);
  return {
    text: fitted(headline(message, 500), { points: 2000 }, escaped),
    blocks: [
      {
        type: 'header',
        text: { type: 'plain_text', emoji: false, text: fitted(headline(message, 150), { points: headerPoints }, escaped) },
      },
      ...sections,
      ...(more === '' ? [] : [section(more)]),
      {
        type: 'context',
        elements: [mrkdwn(`${fitted(visibleLine(message.host), { points: 300 }, escaped)}, ${momentOf(message.at)}`)],
      },
    ],
    unfurl_links: false,
    unfurl_media: false,
    parse: 'none',
    link_names: false,
  };
}

function said(alert: Alert): string {
  const { lines } = factsOf(alert);
  // Each line has its share, so that a long one leaves room for what to do.
  return [
    `*${severityWord(alert.severity)}:* ${fitted(visibleLine(alert.title), { points: 500 }, escaped)}`,
    ...lines.map(
      ({ label, text }) =>
        `*${label}:* ${fitted(text, { points: label === 'Why' || label === 'What to do' ? 500 : 150 }, escaped)}`,
    ),
  ].join('\n');
}

function evidenceOf(alert: Alert): readonly object[] {
  const { evidence } = factsOf(alert);
  if (evidence.length === 0) return [];
  const text = evidence.map((line) => fitted(line, { points: 250 }, escaped)).join('\n');
  return [section(`\`\`\`${fitted(text, { points: sectionPoints - 6 })}\`\`\``)];
}

function section(text: string): object {
  return { type: 'section', text: mrkdwn(text) };
}

/** `verbatim`: names and addresses become neither mentions nor links. */
function mrkdwn(text: string): object {
  return { type: 'mrkdwn', verbatim: true, text };
}

/**
 * What Slack reads as its own: `<!channel>`, `<@U…>` and links begin with `<`. A grave accent would end text that is shown as it is; an `@` before the
 * names of everybody would call them where somebody's settings say so.
 */
function escaped(character: string): string {
  return { '&': '&amp;', '<': '&lt;', '>': '&gt;', '`': 'ˋ', '@': '＠' }[character] ?? character;
}
