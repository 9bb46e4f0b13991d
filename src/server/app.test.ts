import { expect, test } from 'vitest';
import type { Served } from '../verbs/index.ts';
import { createApp } from './app.ts';
import type { Page } from './page.ts';
import { dropped, servedFixture } from './served.fixture.ts';
import { createToken } from './token.ts';

const file = (text: string, immutable: boolean) => ({
  body: new TextEncoder().encode(text),
  type: 'text/html; charset=utf-8',
  etag: `"${text}"`,
  immutable,
});
const builtPage: Page = new Map([
  ['/', file('page', false)],
  ['/assets/index-abc.js', file('script', true)],
]);

function app(over: Partial<Served> = {}, page: Page = builtPage) {
  const { served } = servedFixture(over);
  const clock = { now: () => 1000 };
  const hono = createApp({
    served,
    token: createToken(clock, 'secret'),
    page,
    clock,
    listening: '127.0.0.1',
    signal: new AbortController().signal,
  });
  return (path: string, headers: Record<string, string> = {}, init: RequestInit = {}) =>
    hono.request(`http://127.0.0.1:7272${path}`, { ...init, headers: { host: '127.0.0.1:7272', ...headers } });
}

const authorized = { authorization: 'Bearer secret' };
const json = { ...authorized, 'content-type': 'application/json' };
const packet = { hook: 'input', src: '203.0.113.9', dst: '198.51.100.10', proto: 'tcp', dport: 22 };

test.each(['status', 'audit', 'show'])('GET /api/v1/%s is what the verb answers', async (name) => {
  const response = await app()(`/api/v1/${name}`, authorized);
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ answers: name });
});

test('GET /api/v1/events says addresses as text and times in seconds', async () => {
  const { events } = (await (await app()('/api/v1/events', authorized)).json()) as { events: unknown[] };
  expect(events).toEqual([
    { ...dropped, at: 1_795_438_800, src: '203.0.113.9', dst: '198.51.100.10', proto: 'tcp', flags: ['SYN'] },
  ]);
});

test('POST /api/v1/trace hands the packet on as it came', async () => {
  const response = await app()('/api/v1/trace', json, { method: 'POST', body: JSON.stringify(packet) });
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ traced: packet });
});

test('a packet that cannot be read is the sender’s error, in the verb’s own words', async () => {
  const request = app({ trace: async () => ({ ok: false, message: 'the packet’s src cannot be read; write an address' }) });
  const response = await request('/api/v1/trace', json, { method: 'POST', body: '{}' });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({
    code: 'packet-invalid',
    message: 'the packet’s src cannot be read; write an address',
  });
});

test.each([
  ['no token', '/api/v1/status', {}, {}, 401, 'token-missing'],
  ['a wrong token', '/api/v1/status', { authorization: 'Bearer guess' }, {}, 401, 'token-wrong'],
  ['no token on a path that is not there', '/api/v1/nothing', {}, {}, 401, 'token-missing'],
  ['a path that is not there', '/api/v1/nothing', authorized, {}, 404, 'not-found'],
  ['a page that is not there', '/nothing.html', {}, {}, 404, 'not-found'],
  ['another site’s name', '/api/v1/status', { ...authorized, host: 'evil.example:7272' }, {}, 421, 'host-refused'],
  ['another site’s name for the page', '/', { host: 'evil.example' }, {}, 421, 'host-refused'],
  ['another site’s page', '/api/v1/status', { ...authorized, origin: 'http://evil.example' }, {}, 403, 'origin-refused'],
  ['a method that changes', '/api/v1/status', authorized, { method: 'DELETE' }, 405, 'method-refused'],
  ['a trace by GET', '/api/v1/trace', authorized, {}, 405, 'method-refused'],
  ['a page by POST', '/', {}, { method: 'POST', body: 'x' }, 405, 'method-refused'],
  ['a stream by HEAD', '/api/v1/stream', authorized, { method: 'HEAD' }, 405, undefined],
  ['a form', '/api/v1/trace', authorized, { method: 'POST', body: 'a=b' }, 415, 'not-json'],
  ['broken JSON', '/api/v1/trace', json, { method: 'POST', body: '{"hook":' }, 415, 'not-json'],
  ['too much', '/api/v1/trace', json, { method: 'POST', body: `{"mac":"${'x'.repeat(65_536)}"}` }, 413, 'body-too-large'],
] as const)('%s is refused', async (_, path, headers, init, status, code) => {
  const response = await app()(path, headers, init);
  expect(response.status).toBe(status);
  if (code === undefined) return;
  expect(response.headers.get('content-type')).toContain('application/json');
  expect(await response.json()).toEqual({ code, message: expect.stringMatching(/\S/), hint: expect.stringMatching(/\S/) });
});

test('too many wrong tokens are told to wait, the right one is not', async () => {
  const request = app();
  for (let count = 0; count < 10; count += 1) await request('/api/v1/status', { authorization: 'Bearer guess' });
  const response = await request('/api/v1/status', { authorization: 'Bearer guess' });
  expect([response.status, response.headers.get('retry-after')]).toEqual([429, '1']);
  expect((await request('/api/v1/status', authorized)).status).toBe(200);
});

test.each(['/', '/api/v1/status', '/api/v1/nothing', '/nothing'])('every response is guarded: %s', async (path) => {
  const { headers } = await app()(path, authorized);
  const policy = headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toMatch(/unsafe|\*|http|data:/);
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('referrer-policy')).toBe('no-referrer');
  expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  if (path.startsWith('/api')) expect(headers.get('cache-control')).toBe('no-store');
});

test('files: hashed ones for ever, the page asked for anew, nothing sent twice', async () => {
  const request = app();
  const page = await request('/');
  expect([page.status, await page.text(), page.headers.get('cache-control')]).toEqual([200, 'page', 'no-cache']);
  const script = await request('/assets/index-abc.js');
  expect(script.headers.get('cache-control')).toContain('immutable');
  const again = await request('/', { 'if-none-match': page.headers.get('etag') ?? '' });
  expect([again.status, await again.text()]).toEqual([304, '']);
});

test.each([
  '/../package.json',
  '/..%2fpackage.json',
  '/assets/../../package.json',
  '/assets/%2e%2e/%2e%2e/package.json',
  '//etc/passwd',
])('no path leads out of the page: %s', async (path) => {
  expect((await app()(path)).status).toBe(404);
});

test('without a built page, the API works and / says what to do', async () => {
  const request = app({}, new Map());
  const response = await request('/');
  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({ code: 'page-not-built' });
  expect((await request('/api/v1/status', authorized)).status).toBe(200);
});

test('a bug below is an answer too', async () => {
  const request = app({
    status: async () => {
      throw new Error('the disk is gone');
    },
  });
  const response = await request('/api/v1/status', authorized);
  expect(response.status).toBe(500);
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  expect(await response.json()).toMatchObject({ code: 'internal', message: 'palisade failed while answering: the disk is gone' });
});

test.each([
  ['/api/v1/status', 'no-cors', 403],
  ['/api/v1/status', 'navigate', 403],
  ['/assets/index-abc.js', 'no-cors', 403],
  ['/', 'no-cors', 403],
  // A link to the page, followed from a mail or a terminal in the browser.
  ['/', 'navigate', 200],
])('another site’s page gets %s by %s: %i', async (path, mode, status) => {
  const asked = { ...authorized, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': mode };
  expect((await app()(path, asked)).status).toBe(status);
  expect((await app()(path, { ...asked, 'sec-fetch-site': 'same-origin' })).status).toBe(200);
});
