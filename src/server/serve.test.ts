import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createServe, serve } from './serve.ts';
import { dropped, servedFixture } from './served.fixture.ts';

/** Asks until it is so; other tests may use the same processors meanwhile. */
const eventually = <T>(ask: () => T | Promise<T>) => expect.poll(ask, { timeout: 10_000 });

async function start(options: { port?: number; host?: string; halfOpenMs?: number } = {}) {
  const fixture = servedFixture();
  const stop = new AbortController();
  const open = options.halfOpenMs === undefined ? serve : createServe(undefined, options.halfOpenMs);
  const server = await open(fixture.served, { port: options.port ?? 0, host: options.host ?? '127.0.0.1' }, stop.signal);
  if (!server.ok) throw new Error(server.detail);
  onTestFinished(async () => {
    stop.abort();
    await server.closed;
  });
  const [base = '', token = ''] = server.url.split('/#token=');
  const get = (path: string, init: RequestInit = {}) =>
    fetch(`${base}/api/v1/${path}`, { headers: { authorization: `Bearer ${token}` }, ...init });
  return { ...fixture, ...server, stop, base, token, get };
}

/** Speaks HTTP by hand, for what fetch refuses to say; resolves with all that comes before the connection ends. */
async function raw(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.setEncoding('latin1');
  let heard = '';
  socket.on('data', (piece: string) => {
    heard += piece;
  });
  socket.write(text.replaceAll('\n', '\r\n'));
  await once(socket, 'close');
  return heard;
}

test('the URL that it prints opens the API, and says the token in the fragment only', async () => {
  const { url, port, get } = await start();
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#token=[A-Za-z0-9_-]{43}$/);
  expect(new URL(url).port).toBe(String(port));
  const response = await get('status');
  expect([response.status, await response.json()]).toEqual([200, { answers: 'status' }]);
});

test('IPv6 loopback works the same', async () => {
  const { url, get } = await start({ host: '::1' });
  expect(url).toMatch(/^http:\/\/\[::1\]:\d+\/#token=/);
  expect((await get('status')).status).toBe(200);
});

test('a port that is taken is a value that says so', async () => {
  const { port } = await start();
  const second = await serve(servedFixture().served, { port, host: '127.0.0.1' }, new AbortController().signal);
  expect(second).toMatchObject({ ok: false, why: 'port-in-use', detail: expect.stringContaining(String(port)) });
});

test('an address that is not ours is a value too', async () => {
  const answer = await serve(servedFixture().served, { port: 0, host: '192.0.2.1' }, new AbortController().signal);
  expect(answer).toMatchObject({ ok: false, why: 'failed' });
});

test('one that was stopped before it began does not listen', async () => {
  expect(await serve(servedFixture().served, { port: 0, host: '127.0.0.1' }, AbortSignal.abort())).toMatchObject({
    ok: false,
    why: 'failed',
  });
});

test('two starts have two tokens', async () => {
  const [one, two] = [await start(), await start()];
  expect(one.token).not.toBe(two.token);
  expect((await two.get('status', { headers: { authorization: `Bearer ${one.token}` } })).status).toBe(401);
});

test('on the wire: a rebound name is refused, a forwarded port is not', async () => {
  const { port, token } = await start();
  const ask = (host: string) =>
    raw(port, `GET /api/v1/status HTTP/1.1\nHost: ${host}\nAuthorization: Bearer ${token}\nConnection: close\n\n`);
  expect(await ask('evil.example')).toMatch(/^HTTP\/1\.1 421 /);
  expect(await ask('localhost:18080')).toMatch(/^HTTP\/1\.1 200 /);
  expect(await raw(port, `GET http://evil.example/ HTTP/1.1\nHost: localhost\nConnection: close\n\n`)).not.toContain(
    'access-control',
  );
});

test.each([
  ['no host', 'GET / HTTP/1.1\nConnection: close\n\n'],
  ['two hosts', 'GET / HTTP/1.1\nHost: localhost\nHost: evil.example\nConnection: close\n\n'],
  ['nonsense', 'hello\n\n'],
  [
    'a body with two lengths',
    'POST /api/v1/trace HTTP/1.1\nHost: localhost\nContent-Length: 3\nTransfer-Encoding: chunked\nConnection: close\n\n0\n\n',
  ],
  ['a header without end', `GET / HTTP/1.1\nHost: localhost\nX: ${'x'.repeat(20_000)}\n\n`],
  ['an authority that is no URL', 'GET / HTTP/1.1\nHost: [::\nConnection: close\n\n'],
])('on the wire: %s is refused and nothing breaks', async (_, text) => {
  const { port, get } = await start();
  expect(await raw(port, text)).toMatch(/^HTTP\/1\.1 4\d\d /);
  expect((await get('status')).status).toBe(200);
});

test('a body that is too large is cut off, with a length and without', async () => {
  const { base, token } = await start();
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const large = new TextEncoder().encode(`{"mac":"${'x'.repeat(100_000)}"}`);
  expect((await fetch(`${base}/api/v1/trace`, { method: 'POST', headers, body: large })).status).toBe(413);
  const stream = new Blob([large]).stream();
  expect((await fetch(`${base}/api/v1/trace`, { method: 'POST', headers, body: stream, duplex: 'half' })).status).toBe(413);
});

test('the stream carries news as they happen, and frees what it held when the reader goes', async () => {
  const { get, tell, listening } = await start();
  const gone = new AbortController();
  const live = await get('stream', { signal: gone.signal });
  expect(live.headers.get('content-type')).toBe('text/event-stream');
  const reader = (live.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader();
  expect((await reader.read()).value).toMatch(/^data: \{"kind":"hello"/);
  tell({ kind: 'event', event: dropped });
  expect((await reader.read()).value).toContain('"src":"203.0.113.9"');
  expect(listening()).toBe(1);
  gone.abort();
  await expect(reader.read()).rejects.toThrow();
  await eventually(listening).toBe(0);
});

test('sixteen streams at once, then no more until one closes', async () => {
  const { get, listening } = await start();
  const gone = Array.from({ length: 16 }, () => new AbortController());
  const open = await Promise.all(gone.map(({ signal }) => get('stream', { signal })));
  expect(open.map(({ status }) => status)).toEqual(Array(16).fill(200));
  expect((await get('stream')).status).toBe(503);
  gone[0]?.abort();
  await eventually(listening).toBe(15);
  const next = await get('stream', { signal: gone[1]?.signal ?? null });
  expect(next.status).toBe(200);
  for (const one of gone) one.abort();
  await eventually(listening).toBe(0);
});

test('a reader that stops reading holds up nobody, and later hears how much it missed', async () => {
  const { port, token, tell, listening, get } = await start();
  const stuck = connect(port, '127.0.0.1');
  await once(stuck, 'connect');
  stuck.pause();
  stuck.write(`GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n\r\n`);
  await eventually(listening).toBe(1);
  for (let round = 0; round < 200; round += 1) {
    for (let count = 0; count < 1000; count += 1) tell({ kind: 'event', event: dropped });
    await new Promise(setImmediate);
  }
  expect((await get('status')).status).toBe(200);
  let heard = '';
  stuck.setEncoding('latin1').on('data', (text: string) => {
    heard += text;
  });
  stuck.resume();
  // What the sockets hold beside the 500 waiting news is some megabytes; each event is some 250 bytes.
  await eventually(() =>
    [...heard.matchAll(/"kind":"skipped","count":(\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0),
  ).toBeGreaterThan(100_000);
  stuck.destroy();
  await eventually(listening).toBe(0);
});

test('the signal ends it at once: streams close, the port is free', async () => {
  const { get, stop, closed, port, listening } = await start();
  const live = await get('stream');
  const reader = (live.body as ReadableStream<Uint8Array>).getReader();
  await reader.read();
  stop.abort();
  expect((await reader.read()).done).toBe(true);
  await closed;
  expect(listening()).toBe(0);
  await start({ port });
});

test('a client in mid-request does not hold the end up', async () => {
  const { port, token, stop, closed } = await start();
  const slow = connect(port, '127.0.0.1');
  await once(slow, 'connect');
  slow.on('error', () => slow.destroy());
  const head = `POST /api/v1/trace HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json`;
  slow.write(`${head}\r\nExpect: 100-continue\r\nContent-Length: 100\r\n\r\n`);
  // The server has taken the request and waits for its body.
  await once(slow, 'data');
  stop.abort();
  await closed;
});

test('connections that say nothing, or only begin to, keep others out for a moment only', async () => {
  const { port, get } = await start({ halfOpenMs: 300 });
  const silent = Array.from({ length: 256 }, (_, index) => {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    if (index % 2 === 0) socket.write('GET /api/v1/status HTTP/1.1\r\nHost: 127.0.0.1\r\n');
    return socket;
  });
  await Promise.all(silent.map((socket) => once(socket, 'connect')));
  await expect(get('status')).rejects.toThrow('fetch failed');
  await eventually(() =>
    get('status').then(
      ({ status }) => status,
      () => 'kept out',
    ),
  ).toBe(200);
  for (const socket of silent) socket.destroy();
});

test.each([
  ['without a token', 'Host: 127.0.0.1\n'],
  ['under another name', 'Host: evil.example\n'],
  ['for another site', 'Host: 127.0.0.1\nSec-Fetch-Site: cross-site\nSec-Fetch-Mode: no-cors\n'],
])('whoever asks %s is answered and hung up on', async (_, headers) => {
  const { port } = await start();
  // It resolves when the connection ends, and nobody here ends it.
  expect(await raw(port, `GET /api/v1/status HTTP/1.1\n${headers}\n`)).toMatch(/^HTTP\/1\.1 4\d\d .*Connection: close\r\n/is);
});
