import { once } from 'node:events';
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { createRun } from '../../kernel/index.ts';
import { guideState, readAt } from '../../monitor/state/state.fixture.ts';
import { createPublication } from './publication.ts';
import { type Opened, openMetrics, openSocket } from './socket.ts';

const run = createRun();

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'pub-'));
  chmodSync(made, 0o755);
  onTestFinished(() => rmSync(made, { recursive: true }));
  return made;
}

function published(more: Parameters<ReturnType<typeof createPublication>['put']>[0] = {}) {
  const publication = createPublication(() => readAt * 1000);
  publication.put({ ...guideState(), ...more });
  return publication;
}

async function open(socket: string, group = 'root', publication = published(), longestMs = 5000): Promise<Opened> {
  const opened = await openSocket(socket, group, publication, run, longestMs);
  if (!opened.ok) throw new Error(JSON.stringify(opened.problems));
  onTestFinished(() => opened.value[Symbol.asyncDispose]());
  return opened.value;
}

async function ask(socket: string, path = '/v1/state', method = 'GET', headers: Record<string, string> = {}) {
  const asked = request({ socketPath: socket, path, method, agent: false, headers });
  asked.end();
  const [answer] = await once(asked, 'response');
  let body = '';
  for await (const piece of answer) body += piece;
  return { status: answer.statusCode as number, type: String(answer.headers['content-type']), body };
}

const refusal = async (socket: string): Promise<string> => {
  const opened = await openSocket(socket, 'root', published(), run);
  if (opened.ok) await opened.value[Symbol.asyncDispose]();
  return opened.ok ? 'opened' : (opened.problems[0]?.message ?? '');
};

test('who may read it gets the state and the metrics, and nothing else', async () => {
  const socket = join(folder(), 'run/state.sock');
  await open(socket);
  expect(lstatSync(socket).mode & 0o7777).toBe(0o660);
  expect(statSync(join(socket, '..')).mode & 0o7777).toBe(0o755);
  expect(JSON.parse((await ask(socket)).body)).toEqual(guideState());
  expect(await ask(socket, '/metrics')).toMatchObject({
    status: 200,
    type: expect.stringContaining('version=0.0.4'),
    body: expect.stringContaining('iptables_scrape_success 1'),
  });
  const open1 = await ask(socket, '/metrics', 'GET', { accept: 'application/openmetrics-text' });
  expect(open1.body).toMatch(/# EOF\n$/);
  expect((await ask(socket, '/')).status).toBe(404);
  expect((await ask(socket, '/../v1/state')).status).toBe(404);
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) expect((await ask(socket, '/v1/state', method)).status).toBe(405);
  await expect(ask(socket, `/v1/state?${'x'.repeat(9000)}`)).rejects.toThrow();
});

test('before all of it is there, it says so; a stale one is no success for Prometheus', async () => {
  const socket = join(folder(), 'state.sock');
  const publication = createPublication(() => (readAt + 1000) * 1000);
  await open(socket, 'root', publication);
  expect((await ask(socket)).status).toBe(503);
  publication.put(guideState());
  expect((await ask(socket, '/metrics')).body).toMatch(/^iptables_scrape_success 0$/m);
});

test('without the group it is root’s alone, and says how to mend that', async () => {
  const socket = join(folder(), 'state.sock');
  const { notice } = await open(socket, 'no-such-group');
  expect(lstatSync(socket).mode & 0o7777).toBe(0o600);
  expect(notice).toMatch(
    /for root alone, since there is no group no-such-group.*groupadd --system no-such-group; usermod -aG no-such-group USER/,
  );
});

test('what a dead process has left is replaced, what lives is not stolen, and what is no socket stays', async () => {
  const socket = join(folder(), 'state.sock');
  const dead = createServer();
  await new Promise<void>((resolve) => dead.listen(socket, resolve));
  renameSync(socket, `${socket}.kept`);
  await new Promise((resolve) => dead.close(resolve));
  renameSync(`${socket}.kept`, socket);
  const first = await open(socket);
  expect(await first.isThere()).toBe(true);
  expect(await refusal(socket)).toMatch(/another palisade publishes there/);
  expect((await ask(socket)).status).toBe(200);
  rmSync(socket);
  expect(await first.isThere()).toBe(false);
  const second = await open(socket);
  // The first, which ends, leaves the other's alone.
  await first[Symbol.asyncDispose]();
  expect(await second.isThere()).toBe(true);
  await second[Symbol.asyncDispose]();
  expect(() => lstatSync(socket)).toThrow();
  writeFileSync(socket, 'mine');
  expect(await refusal(socket)).toMatch(/something else lies there/);
  rmSync(socket);
  symlinkSync('/etc/passwd', socket);
  expect(await refusal(socket)).toMatch(/something else lies there/);
});

test('it is not put where others could put theirs, nor where no socket can be', async () => {
  const base = folder();
  mkdirSync(join(base, 'shared'));
  chmodSync(join(base, 'shared'), 0o777);
  expect(await refusal(join(base, 'shared/state.sock'))).toMatch(/others could change this folder/);
  expect(await refusal(join(base, 'x'.repeat(120), 'state.sock'))).toMatch(/longer than a socket can have/);
  writeFileSync(join(base, 'file'), '');
  expect(await refusal(join(base, 'file/state.sock'))).not.toBe('opened');
});

test('whoever says nothing, or reads nothing, is hung up on, and others are answered meanwhile', async () => {
  const socket = join(folder(), 'state.sock');
  const many = Array.from({ length: 40_000 }, (_, each) => ({ proto: 'tcp', prefix: `${each} ${'x'.repeat(100)}`, count: each }));
  const log = { ...(guideState().log as Extract<ReturnType<typeof guideState>['log'], { known: true }>).value, events: many };
  await open(socket, 'root', published({ log: { known: true, value: log } }), 400);
  const holding: Socket[] = [];
  onTestFinished(() => {
    for (const one of holding) one.destroy();
  });
  const closed = Array.from({ length: 70 }, async (_, each) => {
    const one = connect(socket);
    holding.push(one);
    one.on('error', () => undefined);
    // Half of them ask, and read nothing of the answer.
    if (each % 2 === 0) one.write('GET /v1/state HTTP/1.1\r\nhost: x\r\n\r\n');
    if (each % 2 === 0) one.pause();
    else one.resume();
    await once(one, 'close');
  });
  await Promise.all(closed.filter((_, each) => each % 2 === 1));
  await sleep(500);
  expect((await ask(socket)).status).toBe(200);
});

test('the address for Prometheus has metrics alone', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void taken.close());
  const { port } = taken.address() as { port: number };
  expect(await openMetrics(`127.0.0.1:${port}`, published())).toMatchObject({ ok: false });
  await new Promise((resolve) => taken.close(resolve));
  const opened = await openMetrics(`127.0.0.1:${port}`, published());
  if (!opened.ok) throw new Error(JSON.stringify(opened.problems));
  onTestFinished(() => opened.value[Symbol.asyncDispose]());
  expect((await fetch(`http://127.0.0.1:${port}/metrics`)).status).toBe(200);
  expect((await fetch(`http://127.0.0.1:${port}/v1/state`)).status).toBe(404);
});
