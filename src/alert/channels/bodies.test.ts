import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { messageDocument } from '../words/index.ts';
import { alertmanagerBody } from './alertmanager.ts';
import { contextOf, messageOf, resolvedScan, scan } from './message.fixture.ts';
import { ntfyBody } from './ntfy.ts';
import { pagerdutyEvents } from './pagerduty.ts';
import { startHttp } from './receiver.fixture.ts';
import { slackBody } from './slack.ts';
import { teamsBody } from './teams.ts';
import { telegram, telegramText } from './telegram.ts';
import { webhook } from './webhook.ts';

const acknowledged = { ...scan, state: 'acknowledged' as const, acknowledgedBy: 'ada' };
const now = messageOf().at + 1000;

test('a webhook is signed as openssl would, with the same key at every attempt', async () => {
  await using receiver = await startHttp({ status: 200, body: '' });
  const settings = webhook.settings.parse({
    url: `${receiver.url}/hook?a=b`,
    secret: 'a secret',
    authorization: 'Bearer x',
    'allow-private': true,
  });
  await using sender = webhook.open(settings, contextOf());
  for (let turn = 0; turn < 2; turn += 1) await sender.send(messageOf(), new AbortController().signal);
  const [first, second] = receiver.received;
  expect(first?.path).toBe('/hook?a=b');
  expect(messageDocument.parse(JSON.parse(first?.body ?? ''))).toMatchObject({ title: scan.title, alerts: [{ key: scan.key }] });
  expect(first?.headers).toMatchObject({
    'idempotency-key': messageOf().id,
    authorization: 'Bearer x',
    'content-type': 'application/json',
  });
  expect(second?.headers['idempotency-key']).toBe(first?.headers['idempotency-key']);
  const signature = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(first?.headers['x-signature']));
  expect(Number(signature?.[1])).toBe(Math.floor(now / 1000));
  const digest = execFileSync('openssl', ['dgst', '-sha256', '-hmac', 'a secret', '-r'], {
    input: `${signature?.[1]}.${first?.body}`,
  });
  expect(digest.toString().split(' ')[0]).toBe(signature?.[2]);
});

test('what would break a header is said, and not sent', async () => {
  await using receiver = await startHttp({ status: 200, body: '' });
  const settings = webhook.settings.parse({ url: receiver.url, authorization: 'Bearer x\r\nX-Evil: 1', 'allow-private': true });
  await using sender = webhook.open(settings, contextOf());
  expect(await sender.send(messageOf(), new AbortController().signal)).toMatchObject({
    kind: 'again',
    why: expect.stringContaining('authorization'),
  });
  expect(receiver.received).toEqual([]);
});

test('Telegram is told where, and its own way to say when is understood', async () => {
  await using receiver = await startHttp({ status: 429, body: '{"ok":false,"parameters":{"retry_after":31}}' });
  const settings = telegram.settings.parse({
    url: receiver.url,
    token: '12:ab',
    chat: '@palisade',
    topic: 3,
    'allow-private': true,
  });
  await using sender = telegram.open(settings, contextOf());
  expect(await sender.send(messageOf(), new AbortController().signal)).toMatchObject({ kind: 'again', afterMs: 31_000 });
  expect(receiver.received[0]?.path).toBe('/bot12:ab/sendMessage');
  expect(JSON.parse(receiver.received[0]?.body ?? '')).toMatchObject({
    chat_id: '@palisade',
    message_thread_id: 3,
    parse_mode: 'HTML',
    link_preview_options: { is_disabled: true },
  });
});

describe('PagerDuty', () => {
  test.each([
    [scan, 'trigger'],
    [acknowledged, 'acknowledge'],
    [resolvedScan, 'resolve'],
  ])('is told of each state by the same key', (alert, action) => {
    expect(pagerdutyEvents(messageOf([alert]))).toMatchObject([{ event_action: action, dedup_key: scan.key }]);
  });
  test('gets an event an alert, and of a test nothing that stays', () => {
    const other = { ...scan, key: 'k'.repeat(300), severity: 'critical' as const };
    const events = pagerdutyEvents(messageOf([other, scan]));
    expect(events).toMatchObject([
      { payload: { severity: 'critical' } },
      { payload: { severity: 'error', class: 'vertical-scan' } },
    ]);
    expect(events[0]?.['dedup_key']).toMatch(/^[0-9a-f]{64}$/);
    expect(pagerdutyEvents(messageOf([], { kind: 'test' })).map((event) => event['event_action'])).toEqual([
      'trigger',
      'resolve',
    ]);
  });
});

describe('Alertmanager', () => {
  const labels = { alertname: 'PalisadeVerticalScan', severity: 'high', instance: 'web1.example.net', incident: scan.key };
  test('knows an alert by the same labels until it is over', () => {
    expect(alertmanagerBody(messageOf(), now)).toMatchObject([{ labels, endsAt: new Date(now + 480_000).toISOString() }]);
    expect(alertmanagerBody(messageOf([acknowledged]), now)).toMatchObject([{ labels }]);
    const later = (resolvedScan.resolvedAt ?? 0) + 60_000;
    expect(alertmanagerBody(messageOf([resolvedScan]), later)).toMatchObject([{ labels, endsAt: '2026-11-22T10:20:00.000Z' }]);
  });
  test('is never told of an end before the beginning, and of a test by its name', () => {
    const odd = { ...resolvedScan, since: now + 99_000, resolvedAt: now - 99_000 };
    const [alert] = alertmanagerBody(messageOf([odd]), now) as { startsAt: string; endsAt: string }[];
    expect(Date.parse(alert?.startsAt ?? '')).toBeLessThanOrEqual(Date.parse(alert?.endsAt ?? ''));
    expect(alertmanagerBody(messageOf([], { kind: 'test' }), now)).toMatchObject([{ labels: { alertname: 'PalisadeTest' } }]);
  });
});

describe('people', () => {
  test('see in Slack what, why and what to do', () => {
    const { text, blocks } = slackBody(messageOf([scan], { more: 3 })) as { text: string; blocks: readonly unknown[] };
    expect(text).toBe('[web1.example.net] High: 203.0.113.9 tried 400 ports of 198.51.100.10');
    expect(blocks).toMatchObject([
      { type: 'header', text: { type: 'plain_text', text } },
      { type: 'section', text: { type: 'mrkdwn', verbatim: true, text: expect.stringContaining('*What to do:* Shut it out') } },
      { type: 'section', text: { text: expect.stringMatching(/^```kernel: DROP.*```$/) } },
      { type: 'section', text: { text: '3 more are not listed here.' } },
      { type: 'context' },
    ]);
    const many = Array.from({ length: 100 }, () => scan);
    const all = slackBody(messageOf(many)) as { blocks: readonly { text?: { text: string } }[] };
    expect(all.blocks).toHaveLength(50);
    expect(all.blocks.at(-2)?.text?.text).toBe('58 more are not listed here.');
  });

  test('see in Teams a card, and of too much what fits', () => {
    const card = JSON.parse(teamsBody(messageOf([resolvedScan]))) as {
      attachments: { contentType: string; content: { body: object[] } }[];
    };
    expect(card.attachments[0]?.contentType).toBe('application/vnd.microsoft.card.adaptive');
    expect(card.attachments[0]?.content.body[0]).toMatchObject({ inlines: [{ type: 'TextRun', color: 'good' }] });
    const long = { ...scan, evidence: Array.from({ length: 20 }, () => '😀'.repeat(1000)), why: '😀'.repeat(3000) };
    expect(Buffer.byteLength(teamsBody(messageOf(Array.from({ length: 50 }, () => long))))).toBeLessThan(28_000);
  });

  test('see in Telegram and by ntfy what, why and what to do', () => {
    const text = telegramText(messageOf());
    expect(text).toContain(`<b>High:</b> <code>${scan.title}</code>`);
    expect(text).toContain('<b>What to do:</b> <code>Shut it out');
    expect(telegramText(messageOf(Array.from({ length: 100 }, () => scan)))).toMatch(/\d+ more are not listed here\.$/);
    expect(ntfyBody(messageOf())).toMatchObject({
      priority: 4,
      tags: ['rotating_light'],
      title: expect.stringContaining('High'),
    });
    expect(ntfyBody(messageOf([resolvedScan]))).toMatchObject({ priority: 2, tags: ['white_check_mark'] });
  });
});
