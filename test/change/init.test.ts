import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeLinks, type Namespace, start } from '../../src/kernel/index.ts';
import { kernel, saved, tool } from './changing.fixture.ts';
import { launcher, launcherEnv, palisadeIn } from './palisade.fixture.ts';

/** A server with listeners, and an administrator who is logged in from elsewhere, as palisade init finds them. */
const folder = mkdtempSync(join(tmpdir(), 'palisade-init-'));
const stack = new AsyncDisposableStack();
let ns: Namespace;
let session: AsyncIterator<string>;

/** Plays a program in a namespace until the tests end; its first line says that it is ready. */
async function play(where: Namespace, name: string, script: string): Promise<AsyncIterator<string>> {
  const program = `process.title = '${name}'; const net = require('node:net'); ${script}; process.stdin.on('end', () => process.exit(0)).resume();`;
  const [enter, ...args] = [...where.enter, process.execPath, '-e', program] as [string, ...string[]];
  const child = stack.use(start({ argv: [enter, ...args], env: where.env }));
  const lines = child.lines[Symbol.asyncIterator]();
  await lines.next();
  return lines;
}

const listen = (...at: readonly (readonly [number, string])[]): string =>
  `let left = ${at.length}; const ready = () => { left -= 1; if (left === 0) console.log('ready'); };
   for (const [port, host] of ${JSON.stringify(at)}) net.createServer((socket) => socket.on('error', () => {}).pipe(socket)).listen(port, host, ready)`;

beforeAll(async () => {
  ns = stack.use(await kernel.namespace());
  const outside = stack.use(await kernel.namespace({ beside: ns }));
  const peer = { namespace: outside, name: 'eth0', addresses: ['198.51.100.66/24'] };
  await makeLinks(ns, [{ name: 'eth0', addresses: ['198.51.100.10/24', '2001:db8::10/64'], peer }]);
  await tool(ns, ['ip', 'route', 'add', 'default', 'via', '198.51.100.66', 'dev', 'eth0']);
  await play(ns, 'sshd', listen([2222, '::']));
  await play(ns, 'nginx', listen([80, '::'], [5432, '0.0.0.0'], [3306, '127.0.0.1']));
  // Says what it hears once a tenth of a second: whether the connection lives.
  session = await play(
    outside,
    'client',
    `const socket = net.connect(2222, '198.51.100.10', () => setInterval(() => socket.write('x'), 100));
     socket.on('data', () => console.log('heard'))`,
  );
}, 30_000);
afterAll(async () => {
  await stack.disposeAsync();
  rmSync(folder, { recursive: true, force: true });
});

async function palisade(name: string, ...args: string[]) {
  const file = join(folder, name, 'policy.yaml');
  const { status, said } = await palisadeIn(ns, '--state', join(folder, 'state'), '--policy', file, ...args);
  return { status, said, text: existsSync(file) ? readFileSync(file, 'utf8') : '' };
}

it('what the host suggests becomes a policy that can be applied without losing whoever is there', {
  timeout: 60_000,
}, async () => {
  const { status, said, text } = await palisade('suggested', 'init');
  expect({ status, said }).toEqual({ status: 0, said: expect.stringContaining('its 5 tests hold, and whoever manages') });
  expect(text).toContain('interfaces: { internet: eth0 }');
  expect(text).toContain('admins: ["198.51.100.66"]');
  expect(text).toContain('- { allow: 2222/tcp, from: admins }\n  - { allow: http }\n  - { allow: postgresql, from: admins }');
  // It listens for the host itself alone.
  expect(text).not.toContain('mysql');
  expect(statSync(join(folder, 'suggested/policy.yaml')).mode & 0o777).toBe(0o600);
  expect(await palisade('suggested', 'init')).toEqual({ status: 4, said: expect.stringContaining('--force'), text });
  expect((await palisade('suggested', 'apply', '--yes')).status).toBe(0);
  expect(await saved(ns, 'nft', 4)).toContain('-A INPUT -j PAL-IN');
  for (let heard = 0; heard < 3; heard += 1) expect((await session.next()).value).toBe('heard');
});

it('nothing is written that locks out whoever manages the host now', async () => {
  expect(await palisade('locked', 'init', '--admins', '203.0.113.0/24')).toEqual({
    status: 4,
    said: expect.stringContaining('198.51.100.66, who manages this host now, could not connect to port 2222 again'),
    text: '',
  });
});

it('at a terminal five questions are asked, again where an answer means nothing or would lock out', {
  timeout: 60_000,
}, async () => {
  const answers = ['eth7', '', '10.0.0.300', '203.0.113.0/24', '203.0.113.0/24 198.51.100.66', '', 'a', 'nob', 'no', 'log'];
  const file = join(folder, 'asked/policy.yaml');
  const result = await ns.run({
    argv: ['script', '-qec', `'${launcher}' --policy '${file}' init`, '/dev/null'],
    input: `${answers.join('\n')}\n`,
    timeoutMs: 60_000,
    env: launcherEnv,
  });
  if (result.kind !== 'exited') throw new Error(result.kind);
  const said = result.stdout;
  expect(said).toContain('1. Which interface faces the internet? Here: eth0. Or none. [eth0]');
  expect(said).toContain('There is no interface "eth7"; here are eth0; or write none.');
  expect(said).toContain('"10.0.0.300" is no address');
  expect(said).toContain('198.51.100.66, who manages this host now, is not among them and would be locked out');
  expect(said).toContain('http (80/tcp, nginx): [anyone]');
  expect(said).toContain('"a" is no address; write anyone, admins or nobody');
  expect({ status: result.status, said }).toEqual({ status: 0, said: expect.stringMatching(/palisade\s+apply\.\s+$/) });
  const text = readFileSync(file, 'utf8');
  expect(text).toContain('admins: ["203.0.113.0/24", "198.51.100.66"]');
  expect(text).toContain('open to nobody: postgresql');
  expect(text).not.toMatch(/^protect:/m);
});
