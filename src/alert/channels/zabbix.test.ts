import { expect, test } from 'vitest';
import { type Body, counted, type FakeServer, startFakeServer } from '../../monitor/zabbix/server.fixture.ts';
import type { Delivery } from '../channel.ts';
import { contextOf, messageOf, resolvedScan, scan } from './message.fixture.ts';
import { zabbix } from './zabbix.ts';

interface Sent {
  readonly host: string;
  readonly key: string;
  readonly value: string;
  readonly id: number;
}

const open = ({ server }: FakeServer, more: Body = {}) =>
  zabbix.open(zabbix.settings.parse({ server, 'timeout-seconds': 1, ...more }), contextOf());
const deliver = (sender: ReturnType<typeof open>, ...message: Parameters<typeof messageOf>): Promise<Delivery> =>
  sender.send(messageOf(...message), AbortSignal.timeout(5000));
const valuesIn = ({ asked }: FakeServer): readonly (readonly Sent[])[] => asked.map(({ data }) => data as Sent[]);

test('each alert is a value of its own, that says what became of it', async () => {
  await using server = await startFakeServer(() => counted(1));
  expect(await deliver(open(server), [scan, resolvedScan])).toEqual({ kind: 'delivered' });
  const [first, second] = valuesIn(server).flat();
  expect(first).toMatchObject({ host: 'web1.example.net', key: 'iptables.event', id: 1 });
  expect(JSON.parse(first?.value ?? '')).toMatchObject({
    incident: scan.key,
    state: 'firing',
    severity: 'high',
    sources: ['203.0.113.9'],
  });
  expect(JSON.parse(second?.value ?? '')).toMatchObject({ incident: scan.key, state: 'resolved' });
});

test('tests are no problems, renewals say nothing, and a message without alerts is shown', async () => {
  await using server = await startFakeServer(() => counted(1));
  const sender = open(server);
  for (const [alerts, kind] of [
    [[scan], 'test'],
    [[scan], 'renewal'],
    [[], 'test'],
  ] as const)
    expect(await deliver(sender, alerts, { kind })).toEqual({ kind: 'delivered' });
  expect(
    valuesIn(server)
      .flat()
      .map(({ value }) => (JSON.parse(value) as { state: string }).state),
  ).toEqual(['test', 'test']);
});

test('what the server counts as failed is no delivery, and goes in another session', async () => {
  let known = false;
  await using server = await startFakeServer(() => (known ? counted(1) : counted(0, 1)));
  const sender = open(server);
  expect(await deliver(sender)).toMatchObject({ kind: 'again', why: expect.stringContaining('of "web1.example.net"') });
  known = true;
  expect(await deliver(sender)).toEqual({ kind: 'delivered' });
  expect(new Set(server.asked.map(({ session }) => session)).size).toBe(2);
});

test('what went without an answer goes again in the same session, and is told from what is not known', async () => {
  const answers: (() => unknown)[] = [() => counted(1), () => null, () => counted(1, 1)];
  await using server = await startFakeServer(() => answers.shift()?.());
  const sender = open(server);
  expect(await deliver(sender, [scan, resolvedScan])).toMatchObject({ kind: 'again' });
  // The first was taken and does not go again; the second goes with another behind it.
  expect(await deliver(sender, [scan, resolvedScan])).toEqual({ kind: 'delivered' });
  expect(valuesIn(server).map((values) => values.map(({ id }) => id))).toEqual([[1], [3], [3, 4]]);
  expect(new Set(server.asked.map(({ session }) => session)).size).toBe(1);

  const unknown: (() => unknown)[] = [() => null, () => counted(0, 2)];
  await using other = await startFakeServer(() => unknown.shift()?.());
  const second = open(other);
  expect(await deliver(second)).toMatchObject({ kind: 'again' });
  expect(await deliver(second)).toMatchObject({ kind: 'again', why: expect.stringContaining('palisade integrate zabbix') });
});

test.each([
  ['garbage', Buffer.from('HTTP/1.1 500\r\n\r\n'), 'no Zabbix'],
  ['a refusal', { response: 'failed', info: 'connection of type "unencrypted" is not allowed' }, 'unencrypted'],
  ['success that counts nothing', { response: 'success' }, 'does not count'],
  ['nothing', undefined, 'no answer within 1 s'],
])('%s is no delivery', async (_, said, why) => {
  await using server = await startFakeServer(() => said);
  expect(await deliver(open(server))).toMatchObject({ kind: 'again', why: expect.stringContaining(why) });
});

test('settings that lack something are said', async () => {
  await using server = await startFakeServer(() => counted(1));
  expect(await deliver(open(server, { tls: 'cert' }))).toMatchObject({ why: 'tls: cert needs ca-file, cert-file and key-file' });
  const psk = { tls: 'psk', 'psk-identity': 'x', 'psk-file': '/etc/palisade/psk' };
  expect(await deliver(open(server, psk))).toMatchObject({ why: expect.stringContaining('holds no key of 32 to 512') });
  for (const bad of ['a b', 'host:x', '[::1', 'host:1:2']) expect(zabbix.settings.safeParse({ server: bad }).success).toBe(false);
});
