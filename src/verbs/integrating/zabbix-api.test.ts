import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { openApi } from './zabbix-api.ts';

interface Asked {
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: IncomingHttpHeaders;
}

async function fakeApi(version: string) {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (piece) => {
      text += String(piece);
    });
    request.on('end', () => {
      const body = JSON.parse(text) as Asked['body'];
      asked.push({ body, headers: request.headers });
      const results: Readonly<Record<string, unknown>> = { 'apiinfo.version': version, 'user.login': 'session-1' };
      if (body['method'] === 'moved') return response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end();
      if (body['method'] === 'broken') return response.writeHead(502).end('<html>');
      if (body['method'] === 'refused')
        return response.end(JSON.stringify({ error: { message: 'Invalid params.', data: 'No permissions.' } }));
      return response.end(JSON.stringify({ result: results[String(body['method'])] ?? true }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    asked,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api_jsonrpc.php`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

const login = { kind: 'password', user: 'Admin', password: 'secret' } as const;

test.each([
  ['6.0.14', true],
  ['6.2.9', true],
  ['6.4.0', false],
  ['7.0.22', false],
])('version %s is shown who asks %s in the body', async (version, inBody) => {
  await using fake = await fakeApi(version);
  const opened = await openApi(fake.url, login, AbortSignal.timeout(5000));
  if (!opened.ok) throw new Error(opened.problems[0]?.message);
  {
    await using api = opened.value;
    await api.call('host.get', {});
  }
  expect(fake.asked.map(({ body }) => body['method'])).toEqual(['apiinfo.version', 'user.login', 'host.get', 'user.logout']);
  // Whoever shows too much before he is asked is refused.
  for (const { body, headers } of fake.asked.slice(0, 2))
    expect([body['auth'], headers.authorization]).toEqual([undefined, undefined]);
  for (const { body, headers } of fake.asked.slice(2))
    expect([body['auth'], headers.authorization]).toEqual(inBody ? ['session-1', undefined] : [undefined, 'Bearer session-1']);
});

test('a token needs no login, and no end', async () => {
  await using fake = await fakeApi('7.0.0');
  const opened = await openApi(fake.url, { kind: 'token', token: 'abc' }, AbortSignal.timeout(5000));
  if (opened.ok) await opened.value[Symbol.asyncDispose]();
  expect(fake.asked.map(({ body }) => body['method'])).toEqual(['apiinfo.version']);
});

test('what is said against it, and what is no answer, is an error; it follows no redirection', async () => {
  await using fake = await fakeApi('7.0.0');
  const opened = await openApi(fake.url, { kind: 'token', token: 'abc' }, AbortSignal.timeout(5000));
  if (!opened.ok) throw new Error(opened.problems[0]?.message);
  await expect(opened.value.call('refused', {})).rejects.toThrow('Invalid params. No permissions.');
  await expect(opened.value.call('broken', {})).rejects.toThrow('it answers 502, and no JSON');
  await expect(opened.value.call('moved', {})).rejects.toThrow();
  expect(await openApi('http://127.0.0.1:1/', login, AbortSignal.timeout(5000))).toMatchObject({
    problems: [{ message: expect.stringContaining('cannot be asked'), hint: expect.stringContaining('--set url=') }],
  });
});
