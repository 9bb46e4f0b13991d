import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/**
 * A real process with real pipes and signals around the command line.
 * `count` writes a part a turn; `wait` says one and then only waits; `stuck` hears nothing; `stray` fails where nobody
 * catches it; `slow` answers after a second and a half.
 */
const program = `
  import { commandLine } from ${JSON.stringify(join(import.meta.dirname, 'command-line.ts'))};
  import { z } from ${JSON.stringify(join(import.meta.dirname, '../../node_modules/zod/index.js'))};
  const common = { group: 'look', summary: 's', description: 'd', input: z.object({}), output: z.unknown(), exits: {}, examples: [] };
  const verbs = [
    { ...common, name: 'count', streams: true, async run(context) {
      for (let n = 0; !context.signal.aborted; n += 1) { await context.part({ n }); await new Promise(setImmediate); }
      return { kind: 'done', value: null };
    } },
    { ...common, name: 'wait', streams: true, async run(context) {
      await context.part({ ready: true });
      const alive = setInterval(() => {}, 1000);
      await new Promise((resolve) => context.signal.addEventListener('abort', resolve));
      clearInterval(alive);
      await context.part({ ended: true });
      return { kind: 'done', value: null };
    } },
    { ...common, name: 'stuck', streams: true, async run(context) {
      await context.part({ ready: true });
      await new Promise(() => setInterval(() => {}, 1000));
    } },
    { ...common, name: 'stray', streams: true, async run() {
      setTimeout(() => { throw new Error('nobody waits for me'); }, 10);
      await new Promise(() => setInterval(() => {}, 1000));
    } },
    { ...common, name: 'slow', streams: false, async run(context) {
      context.progress('counting sheep');
      await new Promise((resolve) => setTimeout(resolve, 1500));
      return { kind: 'done', value: { sheep: Buffer.from(await context.stdin()).toString() } };
    } },
  ];
  process.exitCode = await commandLine(process.argv.slice(1), { kernel: async () => ({}), serve: async () => ({}), verbs });
`;
const node = [process.execPath, '--input-type=module', '-e', program, '--'] as const;

function quoted(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
}

test('a reader that stops reading, as head does, ends it with exit 0 and not a word', () => {
  const run = spawnSync('bash', ['-c', `${quoted([...node, 'count', '--json'])} | head -n 2; echo "exit \${PIPESTATUS[0]}"`], {
    encoding: 'utf8',
  });
  expect(run.stderr).toBe('');
  expect(run.stdout).toBe('{"n":0}\n{"n":1}\nexit 0\n');
});

/** Starts a verb, sends signals once it has said its first line, and tells how it ended. */
async function interrupted(verb: string, signals: readonly NodeJS.Signals[]) {
  const child = spawn(node[0], [...node.slice(1), verb, '--json'], { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stderr.on('data', (piece: Buffer) => {
    err += piece.toString();
  });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  await new Promise<void>((resolve) => {
    child.stdout.on('data', (piece: Buffer) => {
      out += piece.toString();
      resolve();
    });
  });
  for (const signal of signals) {
    child.kill(signal);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { code: await ended, out, err };
}

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s lets the verb tidy up and end as it wants', async (signal) => {
  expect(await interrupted('wait', [signal])).toEqual({ code: 0, out: '{"ready":true}\n{"ended":true}\n', err: '' });
});

test('a second Ctrl-C ends at once what does not end', async () => {
  expect(await interrupted('stuck', ['SIGINT', 'SIGINT'])).toEqual({ code: 130, out: '{"ready":true}\n', err: '' });
});

test('progress shows on a terminal only, after a second, and is gone before the answer', () => {
  const slow = quoted([...node, 'slow', '--json']);
  const piped = spawnSync('bash', ['-c', `${slow} </dev/null`], { encoding: 'utf8' });
  expect({ out: piped.stdout, err: piped.stderr }).toEqual({ out: '{"sheep":""}\n', err: '' });
  // script(1) gives it a terminal.
  const seen = spawnSync('script', ['-qefc', `bash -c ${quoted([`${slow} </dev/null`])}`, '/dev/null'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  expect(seen.stdout).toBe('\r\u001b[2Kcounting sheep…\r\u001b[2K{"sheep":""}\r\n');
});

test('a full disk is said in one line', () => {
  const run = spawnSync('bash', ['-c', `${quoted([...node, 'count', '--json'])} > /dev/full`], { encoding: 'utf8' });
  expect({ status: run.status, err: run.stderr }).toEqual({
    status: 3,
    err: 'palisade: the answer could not be written whole (ENOSPC); make room where it goes and ask again\n',
  });
});

test('an error that nobody waits for is one line and exit 3, without a stack', () => {
  const run = spawnSync(node[0], [...node.slice(1), 'stray'], { encoding: 'utf8' });
  expect({ status: run.status, out: run.stdout, err: run.stderr }).toEqual({
    status: 3,
    out: '',
    err: 'palisade: this is a fault of palisade: nobody waits for me; please report it with what PALISADE_DEBUG=1 adds to this command\n',
  });
});

test('standard input is read whole', () => {
  const run = spawnSync(node[0], [...node.slice(1), 'slow', '--json'], { encoding: 'utf8', input: 'x'.repeat(200_000) });
  expect(JSON.parse(run.stdout)).toEqual({ sheep: 'x'.repeat(200_000) });
});
