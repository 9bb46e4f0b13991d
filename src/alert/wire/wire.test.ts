import { describe, expect, test } from 'vitest';
import { startHttp } from '../channels/receiver.fixture.ts';
import { judged } from './judged.ts';
import { post } from './post.ts';
import { standingOf } from './reachable.ts';
import { resolve } from './resolve.ts';

describe('an address', () => {
  test.each([
    ['169.254.169.254', 'never'],
    ['100.100.100.200', 'never'],
    ['168.63.129.16', 'never'],
    ['192.0.0.192', 'never'],
    ['0.0.0.0', 'never'],
    ['255.255.255.255', 'never'],
    ['224.0.0.1', 'never'],
    ['fe80::1', 'never'],
    ['fe80::1%eth0', 'never'],
    ['fd00:ec2::254', 'never'],
    ['fd20:ce::254', 'never'],
    ['ff02::1', 'never'],
    ['::', 'never'],
    ['::169.254.169.254', 'never'],
    ['::ffff:169.254.169.254', 'never'],
    ['64:ff9b::a9fe:a9fe', 'never'],
    ['2002:a9fe:a9fe::1', 'never'],
    ['127.0.0.1', 'private'],
    ['127.8.8.8', 'private'],
    ['10.0.0.1', 'private'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.1.1', 'private'],
    ['100.64.0.1', 'private'],
    ['::1', 'private'],
    ['::ffff:127.0.0.1', 'private'],
    ['::ffff:7f00:1', 'private'],
    ['fd12::1', 'private'],
    ['64:ff9b::7f00:1', 'private'],
    ['172.32.0.1', 'public'],
    ['8.8.8.8', 'public'],
    ['2606:4700::1111', 'public'],
    ['64:ff9b::808:808', 'public'],
  ])('%s is %s', (address, standing) => {
    expect(standingOf(address)).toBe(standing);
  });
});

describe('a name', () => {
  const answers =
    (...addresses: string[]) =>
    () =>
      Promise.resolve(addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })));
  const kindOf = async (host: string, isPrivate: boolean, isPlain: boolean, ...addresses: string[]) => {
    const found = await resolve(host, { isPrivate, isPlain }, answers(...addresses));
    return found.kind === 'barred' ? found.kind : found.addresses.map(({ address }) => address).join(' ');
  };

  test('leads only to addresses that are allowed', async () => {
    expect(await kindOf('hook.example', false, false, '8.8.8.8')).toBe('8.8.8.8');
    expect(await kindOf('hook.example', false, false, '127.0.0.1')).toBe('barred');
    expect(await kindOf('hook.example', true, false, '127.0.0.1')).toBe('127.0.0.1');
    expect(await kindOf('hook.example', true, false, '169.254.169.254')).toBe('barred');
    expect(await kindOf('hook.example', false, false, '10.0.0.1', '8.8.8.8', '::1')).toBe('8.8.8.8');
    expect(await kindOf('hook.example', false, false)).toBe('barred');
  });

  test('on the Internet is sent nothing without TLS', async () => {
    expect(await kindOf('hook.example', true, true, '8.8.8.8')).toBe('barred');
    expect(await kindOf('hook.example', true, true, '8.8.8.8', '10.0.0.1')).toBe('10.0.0.1');
  });

  test('that is an address is asked nobody about, however it is written', async () => {
    for (const url of ['http://0x7f.1/', 'http://2130706433/', 'http://[::ffff:127.0.0.1]/', 'http://0/', 'http://127.1/'])
      expect(await kindOf(new URL(url).hostname, false, false, '8.8.8.8')).toBe('barred');
  });
});

describe('an answer', () => {
  const now = Date.UTC(2026, 10, 22);
  const judge = (status: number, more: object = {}) =>
    judged({ kind: 'answered', status, body: '', isWhole: true, retryAfter: null, location: null, ...more }, 'host', now);

  test.each([200, 202, 204])('of %i has taken it', (status) => expect(judge(status)).toEqual({ kind: 'delivered' }));
  test.each([408, 425, 429, 500, 502, 503, 504, 599])('of %i is for later', (status) => expect(judge(status).kind).toBe('again'));
  test.each([400, 401, 403, 404, 410, 413, 422])('of %i is for never', (status) => expect(judge(status).kind).toBe('refused'));
  test('may say when', () => {
    expect(judge(429, { retryAfter: '7' })).toMatchObject({ afterMs: 7000 });
    expect(judge(503, { retryAfter: new Date(now + 90_000).toUTCString() })).toMatchObject({ afterMs: 90_000 });
    expect(judge(503, { retryAfter: new Date(now - 90_000).toUTCString() })).toMatchObject({ afterMs: 0 });
    expect(judge(429, { retryAfter: '999999999' })).toMatchObject({ afterMs: 86_400_000 });
    for (const retryAfter of ['soon', '-5', '1e9', '7.5', '']) expect(judge(429, { retryAfter })).not.toHaveProperty('afterMs');
  });
  test('that redirects is not followed, and does not tell a secret path', () => {
    const moved = judge(302, { location: 'https://evil.example/secret' });
    expect(moved).toMatchObject({ kind: 'again', why: expect.stringContaining('evil.example') });
    expect(moved).toMatchObject({ why: expect.not.stringContaining('secret') });
    expect(judge(308, { location: '/there' }).kind).toBe('refused');
  });
});

test('a name is looked up once, and connected to is what was found then', async () => {
  await using receiver = await startHttp({ status: 200, body: 'here' });
  let asked = 0;
  const ask = (...answers: readonly string[]) =>
    post(
      {
        url: new URL(`http://rebinds.example:${receiver.port}/hook`),
        headers: {},
        body: '{}',
        timeoutMs: 20_000,
        allowPrivate: true,
        lookup: async () => {
          asked += 1;
          return [{ address: answers[asked - 1] ?? '169.254.169.254', family: 4 }];
        },
      },
      new AbortController().signal,
    );
  expect(await ask('127.0.0.1')).toMatchObject({ kind: 'answered', status: 200, body: 'here' });
  expect(asked).toBe(1);
  expect(receiver.received[0]?.headers['host']).toBe(`rebinds.example:${receiver.port}`);
  expect(await ask()).toMatchObject({ kind: 'failed', why: expect.stringContaining('metadata') });
  expect(receiver.received).toHaveLength(1);
});

test('a body of 64 KiB is read, and no more', async () => {
  await using receiver = await startHttp({ status: 200, body: 'x'.repeat(100_000) });
  const url = new URL(`http://127.0.0.1:${receiver.port}/`);
  const answer = await post(
    { url, headers: {}, body: '{}', timeoutMs: 20_000, allowPrivate: true },
    new AbortController().signal,
  );
  expect(answer).toMatchObject({ kind: 'answered', isWhole: false, body: 'x'.repeat(65_536) });
});
