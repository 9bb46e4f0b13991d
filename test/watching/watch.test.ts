import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { WatchPart } from '../../src/verbs/watch-shape.ts';
import { emulator } from './emulator.fixture.ts';
import { count, isThere, remembered, run } from './program.fixture.ts';
import { type WatchedHost, watchedHost } from './watched.fixture.ts';

let host: WatchedHost;
beforeAll(async () => {
  host = await watchedHost();
}, 60_000);
afterAll(() => host?.[Symbol.asyncDispose]());

test('packets on the wire become an incident; a watcher that is killed is started again, and nothing counts twice', async () => {
  await using watching = run<WatchPart>(host, 'watch');
  const { heard, until } = watching;
  const incidents = () => heard.filter((part) => part.kind === 'incident');
  const starts = () => heard.filter((part) => part.kind === 'watching').length;
  await until('it watches', () => starts() === 1);
  host.send(['203.0.113.9'], count(1, 40));
  await until('a scan is seen', () => incidents().some(({ detector }) => detector === 'vertical-scan'));
  await until('its packets are remembered', () => remembered(host) === 40);

  const watcher = await watching.watcher();
  process.kill(watcher, 'SIGKILL');
  await until('its death is said', () =>
    heard.some((part) => part.kind === 'notice' && part.text.includes('has ended (signal 9)')),
  );
  await until('it watches again', () => starts() === 2);
  host.send(['203.0.113.9'], count(100, 30));
  await until('the packets behind it are remembered', () => remembered(host) === 70);
  await until('the scan goes on', () => incidents().some(({ events }) => events >= 45));
  expect(new Set(incidents().map(({ id }) => id)).size).toBe(1);
  const second = await watching.watcher();
  expect(await watching.end()).toBe(0);
  await until('the watcher has ended with it', () => !isThere(second));
}, 120_000);

test('on a terminal of 80 by 24 it is a screen that keys move, and q gives the terminal back', async () => {
  const [columns, rows] = [80, 24];
  const words = [...host.firewall.enter, process.execPath, 'src/daemon/main.ts', 'watch', ...host.flags];
  const line = `stty cols ${columns} rows ${rows}; exec ${words.map((word) => `'${word}'`).join(' ')}`;
  const child = spawn('script', ['-qec', line, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...host.firewall.env, TERM: 'xterm-256color', NO_COLOR: '' },
  });
  await using _ended = { [Symbol.asyncDispose]: async () => void child.kill('SIGKILL') };
  const exit = once(child, 'exit');
  const terminal = emulator(columns, rows);
  child.stdout.setEncoding('utf8').on('data', (text: string) => terminal.write(text));
  const screen = (): string => terminal.lines().join('\n');
  const shows = async (text: string): Promise<void> => {
    for (const end = performance.now() + 60_000; !screen().includes(text); await sleep(20))
      if (performance.now() > end) throw new Error(`no "${text}" on the screen:\n${screen()}`);
  };

  await shows('203.0.113.9 scanned');
  await shows('● watching nflog:31');
  expect([terminal.isAlternate, terminal.hasCursor]).toEqual([true, false]);
  expect(terminal.lines()[23]).toBe(' q quit Tab panel ↑↓ move Enter details s sort / filter p pause b ban ? help');
  child.stdin.write('\r');
  await shows('seen by   vertical-scan');
  child.stdin.write('\u001b');
  await shows('Top sources');
  child.stdin.write('/192.0.2.7\r');
  await shows('No incident that has to do with 192.0.2.7.');
  child.stdin.write('q');
  expect(await exit).toEqual([0, null]);
  expect([terminal.isAlternate, terminal.hasCursor, terminal.faults]).toEqual([false, true, []]);
}, 120_000);

test('a set that is full is an incident', async () => {
  const members = count(1, 64).map((number) => `add visitors 192.0.2.${number}\n`);
  // The other lets one go for each that comes.
  const input = `create visitors hash:ip maxelem 64 timeout 600\n${members.join('')}create guests hash:ip maxelem 1 forceadd\nadd guests 192.0.2.1\n`;
  expect(await host.firewall.run({ argv: ['ipset', 'restore'], input })).toMatchObject({ kind: 'exited', status: 0 });
  await using watching = run<WatchPart>(host, 'watch');
  const { heard, until } = watching;
  const seen = () => heard.filter((part) => part.kind === 'incident' && part.detector === 'set-full');
  await until('it is seen', () => seen().length > 0);
  expect(seen()).toMatchObject([{ change: 'opened', severity: 'critical', title: 'The set visitors is 100 % full' }]);
  expect(await watching.end()).toBe(0);
}, 120_000);
