import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Certificates, makeCertificates } from '../../../test/alert/certificates.ts';
import type { Channel, Delivery } from '../channel.ts';
import { alertmanager } from './alertmanager.ts';
import { contextOf, messageOf } from './message.fixture.ts';
import { ntfy } from './ntfy.ts';
import { pagerduty } from './pagerduty.ts';
import { type GoodAnswer, type HttpFault, startHttp } from './receiver.fixture.ts';
import { slack } from './slack.ts';
import { teams } from './teams.ts';
import { telegram } from './telegram.ts';
import { webhook } from './webhook.ts';

let certificates: Certificates;
beforeAll(() => {
  certificates = makeCertificates();
});
afterAll(() => certificates[Symbol.dispose]());

interface Known {
  readonly channel: Channel;
  readonly good: GoodAnswer;
  readonly settings: (url: string) => Record<string, unknown>;
  /** It has nothing but the status to judge by. */
  readonly believesStatus?: boolean;
}

const all: readonly Known[] = [
  { channel: webhook, good: { status: 204, body: '' }, settings: (url) => ({ url, secret: 's' }), believesStatus: true },
  { channel: slack, good: { status: 200, body: 'ok' }, settings: (url) => ({ url }) },
  { channel: teams, good: { status: 202, body: '' }, settings: (url) => ({ url }) },
  {
    channel: telegram,
    good: { status: 200, body: '{"ok":true,"result":{"message_id":7}}' },
    settings: (url) => ({ url, token: '123:abc', chat: -100 }),
  },
  { channel: ntfy, good: { status: 200, body: '{"id":"x","event":"message"}' }, settings: (url) => ({ url, topic: 'alerts' }) },
  {
    channel: pagerduty,
    good: { status: 202, body: '{"status":"success","dedup_key":"k"}' },
    settings: (url) => ({ url, 'routing-key': 'r' }),
  },
  { channel: alertmanager, good: { status: 200, body: '' }, settings: (url) => ({ url }) },
];

async function send(known: Known, url: string, more: Record<string, unknown> = {}): Promise<Delivery> {
  const said = { ...known.settings(url), 'timeout-seconds': 30, 'allow-private': true, ca: certificates.ca, ...more };
  await using sender = known.channel.open(known.channel.settings.parse(said), contextOf());
  return await sender.send(messageOf(), new AbortController().signal);
}

/** What each fault is to be taken for; where two are said, the second is for a channel that believes a status. */
const faults: readonly (readonly [HttpFault, Delivery['kind'], Delivery['kind']?])[] = [
  ['ok', 'delivered'],
  [408, 'again'],
  [429, 'again'],
  [500, 'again'],
  [503, 'again'],
  [400, 'refused'],
  [404, 'refused'],
  ['never', 'again'],
  ['dribble', 'again'],
  ['garbage', 'again'],
  ['portal', 'again', 'delivered'],
  ['huge', 'again', 'delivered'],
  ['cut', 'again', 'delivered'],
  ['reset', 'again'],
  ['redirect', 'again'],
];

function isSlow(fault: HttpFault): boolean {
  return fault === 'never' || fault === 'dribble';
}

// All at once: what takes longest is waiting for those who never answer.
vi.setConfig({ maxConcurrency: 40 });

describe.concurrent.each(all)('$channel.type', (known) => {
  test('says what became of a message, whatever the receiver does, and leaves no connection', async () => {
    const kinds = await Promise.all(
      faults.map(async ([fault]) => {
        await using receiver = await startHttp(known.good, certificates.good);
        receiver.fault = fault;
        const delivery = await send(known, receiver.url, isSlow(fault) ? { 'timeout-seconds': 1 } : {});
        if (typeof fault === 'number' && delivery.kind === 'again') expect(delivery.afterMs).toBe(7000);
        if (isSlow(fault)) expect(delivery).toMatchObject({ why: expect.stringContaining('within 1 second') });
        // Text of the receiver's is visible text too, and no secret of ours is told.
        expect(JSON.stringify(delivery)).not.toMatch(/\\u001b|123:abc|meta-data/);
        expect(await receiver.open()).toBe(0);
        return [fault, delivery.kind];
      }),
    );
    expect(kinds).toEqual(
      faults.map(([fault, kind, believing]) => [fault, known.believesStatus === true ? (believing ?? kind) : kind]),
    );
  });

  test('takes no certificate that nobody it trusts has signed', async () => {
    await using receiver = await startHttp(known.good, certificates.good);
    // The authority of the test is none that this machine trusts.
    const delivery = await send(known, receiver.url, { ca: undefined });
    expect(delivery).toMatchObject({ kind: 'again', why: expect.stringContaining('certificate') });
    expect(receiver.received).toEqual([]);
  });

  test('goes nowhere private unless that is meant, and nowhere without TLS otherwise', async () => {
    await using receiver = await startHttp(known.good);
    expect(await send(known, receiver.url, { 'allow-private': false })).toMatchObject({
      kind: 'again',
      why: expect.stringContaining('allow-private'),
    });
    expect(await send(known, 'http://169.254.169.254')).toMatchObject({ kind: 'again' });
    expect(await send(known, 'http://[::ffff:a9fe:a9fe]')).toMatchObject({ kind: 'again' });
    expect(await send(known, 'file:///etc/passwd')).toMatchObject({ kind: 'again' });
    expect(receiver.received).toEqual([]);
    expect(await send(known, receiver.url)).toEqual({ kind: 'delivered' });
    const { port } = receiver;
    await receiver[Symbol.asyncDispose]();
    expect(await send(known, `http://127.0.0.1:${port}`)).toMatchObject({ why: expect.stringContaining('nobody listens') });
  });

  test('stops at once when it is told to', async () => {
    await using receiver = await startHttp(known.good, certificates.good);
    receiver.fault = 'never';
    const stop = new AbortController();
    const said = { ...known.settings(receiver.url), 'timeout-seconds': 60, 'allow-private': true, ca: certificates.ca };
    const sender = known.channel.open(known.channel.settings.parse(said), contextOf());
    const first = sender.send(messageOf(), stop.signal);
    setTimeout(() => stop.abort(), 100);
    expect(await first).toMatchObject({ kind: 'again', why: expect.stringContaining('stopped') });
    const second = sender.send(messageOf(), new AbortController().signal);
    setTimeout(() => void sender[Symbol.asyncDispose](), 100);
    expect((await second).kind).toBe('again');
    expect((await sender.send(messageOf(), new AbortController().signal)).kind).toBe('again');
    expect(await receiver.open()).toBe(0);
  });
});

test.concurrent.each([
  ['misnamed', 'for another name'],
  ['expired', 'run out'],
  ['stranger', 'nobody that is trusted'],
] as const)('a certificate that is %s is not taken, and the reason says so', async (kind, why) => {
  const known = all[0] as Known;
  await using receiver = await startHttp(known.good, certificates[kind]);
  expect(await send(known, receiver.url)).toMatchObject({ kind: 'again', why: expect.stringContaining(why) });
  expect(receiver.received).toEqual([]);
  expect(await receiver.open()).toBe(0);
});
