import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { guideState, readAt } from '../../monitor/state/state.fixture.ts';
import { problemLine } from '../../result.ts';
import { readPublished } from './read.ts';

const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'published-'));
  onTestFinished(() => rmSync(made, { recursive: true }));
  return made;
};

/** A socket at which somebody answers so. */
async function answering(answer: RequestListener): Promise<string> {
  const socket = join(folder(), 'state.sock');
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return socket;
}

const says = (body: string, status = 200) => answering((_, answer) => answer.writeHead(status).end(body));
const at = (seconds: number) => ({ now: () => seconds * 1000, timeoutMs: 300 });
const why = async (socket: string, seconds = readAt): Promise<string> => {
  const read = await readPublished(socket, at(seconds));
  return read.ok ? 'read' : problemLine(read.problem);
};

test('the state is what was published, until another was due', async () => {
  const socket = await says(JSON.stringify(guideState()));
  expect(await readPublished(socket, at(readAt + 180))).toEqual({ ok: true, state: guideState() });
  expect(await why(socket, readAt + 181)).toMatch(
    /is stale: it is of 2025-12-01T00:46:40Z, and another was due by .*Z; see why palisade up \(process 812\)/,
  );
});

test('where nobody publishes it says so, and how to begin', async () => {
  expect(await why(join(folder(), 'state.sock'))).toMatch(
    /^nobody publishes the state of this host: there is no .*; start palisade up as root/,
  );
});

test.each([
  ['no JSON', '<html>'],
  ['another thing', '{"status":"ok"}'],
  ['another form', JSON.stringify({ ...guideState(), form: 2 })],
  ['a state without a part', JSON.stringify({ ...guideState(), alerts: undefined })],
  ['a part that is neither known nor unknown', JSON.stringify({ ...guideState(), audit: { known: true } })],
])('%s is no state', async (_, body) => {
  expect(await why(await says(body))).toMatch(/is no state of palisade's; /);
});

test('another status is none either', async () => {
  expect(await why(await says(JSON.stringify(guideState()), 404))).toMatch(/answers 404 instead of a state/);
});

test('whoever does not answer, or does not come to an end, is waited for so long', async () => {
  expect(await why(await answering(() => undefined))).toMatch(/did not answer .* within 0.3 s; see whether it hangs/);
  expect(await why(await answering((_, answer) => void answer.writeHead(200).write('{"form":')))).toMatch(/did not answer/);
});

test('who breaks off is no state', async () => {
  const socket = await answering((_, answer) => {
    answer.writeHead(200, { 'content-length': 1000 }).write('{');
    setTimeout(() => answer.destroy(), 20);
  });
  expect(await why(socket)).toMatch(/could not be read \(aborted\); try again/);
});

test('a socket that somebody has left is not taken for one that answers', async () => {
  const socket = join(folder(), 'state.sock');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  chmodSync(socket, 0o600);
  // Closed without being removed, as by kill -9.
  const { renameSync } = await import('node:fs');
  renameSync(socket, `${socket}.kept`);
  await new Promise((resolve) => server.close(resolve));
  renameSync(`${socket}.kept`, socket);
  expect(await why(socket)).toMatch(/^palisade up has ended: nobody answers at .*; start palisade up as root/);
});
