import { existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createRun } from './run.ts';

const run = createRun();

test('says status, output and errors apart', async () => {
  expect(await run({ argv: ['sh', '-c', 'echo out; echo err >&2; exit 7'] })).toMatchObject({
    kind: 'exited',
    status: 7,
    stdout: 'out\n',
    stderr: 'err\n',
  });
});

test('arguments are never seen by a shell', async () => {
  expect(await run({ argv: ['echo', '$(id)', '; id', '*'] })).toMatchObject({ stdout: '$(id) ; id *\n' });
});

test('a tool that is not there, and one that cannot be started', async () => {
  expect(await run({ argv: ['no-such-tool-at-all'] })).toEqual({ kind: 'missing', tool: 'no-such-tool-at-all' });
  expect(await run({ argv: ['/etc/passwd'] })).toMatchObject({ kind: 'exited', status: 126 });
});

test('bytes pass through unchanged, both ways', async () => {
  const all = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).join('');
  expect(await run({ argv: ['cat'], input: all })).toMatchObject({ status: 0, stdout: all });
  expect(await run({ argv: ['cat'], input: Uint8Array.of(0, 255, 128) })).toMatchObject({ stdout: '\x00\xff\x80' });
});

test('standard input is not ours', async () => {
  expect(await run({ argv: ['readlink', '/proc/self/fd/0'] })).toMatchObject({ stdout: '/dev/null\n' });
});

test('the environment is minimal', async () => {
  process.env['PALISADE_TEST_LEAK'] = '1';
  const result = await run({ argv: ['env'], env: { GIVEN: 'yes' } });
  delete process.env['PALISADE_TEST_LEAK'];
  expect(result.kind === 'exited' && result.stdout.trim().split('\n').sort()).toEqual([
    'GIVEN=yes',
    'LC_ALL=C',
    'PATH=/usr/sbin:/usr/bin:/sbin:/bin',
  ]);
});

test('a tool that does not read its input', async () => {
  expect(await run({ argv: ['true'], input: 'x'.repeat(1_000_000) })).toMatchObject({ kind: 'exited', status: 0 });
});

test('a time-out ends children and grandchildren', async () => {
  const script = 'sh -c "sleep 300 & echo \\$!; echo \\$\\$; wait" > /tmp/palisade-run-$$; true';
  const tag = `palisade-run-test-${process.pid}`;
  const file = `/tmp/${tag}`;
  const result = await run({ argv: ['sh', '-c', script.replace('palisade-run-$$', tag)], timeoutMs: 300 });
  expect(result).toEqual({ kind: 'timeout', tool: 'sh', timeoutMs: 300 });
  const pids = readFileSync(file, 'utf8').trim().split('\n');
  await run({ argv: ['rm', file] });
  expect(pids).toHaveLength(2);
  for (const pid of pids) await gone(pid);
});

test('a program that left its group and holds the pipe does not hold us', async () => {
  const result = await run({ argv: ['sh', '-c', 'setsid sleep 3 & exit 0'], timeoutMs: 200 });
  expect(result).toEqual({ kind: 'timeout', tool: 'sh', timeoutMs: 200 });
});

test('output is capped, and exactly the cap passes', async () => {
  const argv = ['head', '-c', '1000', '/dev/zero'] as const;
  expect(await run({ argv, maxBytes: 999 })).toEqual({ kind: 'too-large', tool: 'head', maxBytes: 999 });
  expect(await run({ argv, maxBytes: 1000 })).toMatchObject({ kind: 'exited', status: 0 });
  expect(await run({ argv: ['cat', '/dev/zero'] })).toEqual({ kind: 'too-large', tool: 'cat', maxBytes: 64 * 1024 * 1024 });
});

test('64 MiB are read whole; errors beyond 1 MiB are dropped without harm', async () => {
  const result = await run({ argv: ['sh', '-c', 'head -c 67108864 /dev/zero; head -c 3000000 /dev/zero >&2'] });
  expect(result.kind === 'exited' && [result.stdout.length, result.stderr.length]).toEqual([67_108_864, 1_048_576]);
});

test('an abort ends it, before and during', async () => {
  expect(await run({ argv: ['sleep', '300'], signal: AbortSignal.abort() })).toMatchObject({ kind: 'signalled' });
  expect(await run({ argv: ['sleep', '300'], signal: AbortSignal.timeout(100) })).toEqual({
    kind: 'signalled',
    tool: 'sleep',
    signal: 'SIGKILL',
  });
});

test('a tool that a signal ends', async () => {
  expect(await run({ argv: ['sh', '-c', 'kill -TERM $$'] })).toEqual({ kind: 'signalled', tool: 'sh', signal: 'SIGTERM' });
});

/** Waits until the process is no more, or is only a zombie that nobody reaped yet. */
async function gone(pid: string): Promise<void> {
  await expect
    .poll(() => !existsSync(`/proc/${pid}`) || / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8')), { timeout: 2000 })
    .toBe(true);
}

test('what must come to its end writes into a file, and neither time, size nor a signal stops it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'palisade-run-'));
  const path = join(folder, 'log');
  const outputTo = openSync(path, 'wx', 0o600);
  // A daemon stays behind and holds the file.
  const script = 'sleep 0.2; sleep 600 & echo $! $$ $(ps -o sid= -p $$); echo err >&2; exit 3';
  const limits = { timeoutMs: 1, maxBytes: 1, signal: AbortSignal.abort() };
  expect(await run({ argv: ['sh', '-c', script], outputTo, ...limits })).toMatchObject({ kind: 'exited', status: 3 });
  const [numbers = '', errors] = readFileSync(path, 'latin1').split('\n');
  const [daemon = 0, self, session] = numbers.split(/\s+/).map(Number);
  expect([session, errors]).toEqual([self, 'err']);
  expect(process.kill(daemon, 'SIGKILL')).toBe(true);
  expect(await run({ argv: ['no-such-tool-at-all'], outputTo })).toMatchObject({ kind: 'missing' });
  rmSync(folder, { recursive: true });
});
