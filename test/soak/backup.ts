/**
 * `npm run soak -- backup [--only corrupt|kills|disk] [--corrupted 10000] [--kills 200] [--seed 1]`: snapshots are flipped, cut and
 * spliced thousands of times, and none of them may be restored; palisade is killed at random moments while it takes, prunes and
 * restores snapshots, and its disk filled; every snapshot that is left must be whole.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { backupsFolder, listSnapshots, readSnapshot } from '../../src/change/snapshots/index.ts';
import { commandLine } from '../../src/cli/command-line.ts';
import type { Terminal } from '../../src/cli/terminal.ts';
import { createKernel } from '../../src/kernel/index.ts';
import { makeDisk } from '../change/faults/disk.ts';
import { launcher } from '../change/palisade.fixture.ts';
import { randomOf } from '../fuzz/random.ts';
import setup from '../namespace-guard.ts';
import { createHolding } from './holding.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    corrupted: { type: 'string', default: '10000' },
    kills: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
  },
});
const wanted = (part: string): boolean => values.only === undefined || values.only === part;
const { say, holds, end } = createHolding();
await setup();
const kernel = createKernel();
const random = randomOf(Number(values.seed), 0);
const below = random.nat;
const folder = mkdtempSync(join(tmpdir(), 'palisade-soak-backup-'));
const state = join(folder, 'state');

async function tool(argv: readonly [string, ...string[]], input?: string): Promise<string> {
  const ran = await kernel.run(input === undefined ? { argv } : { argv, input });
  if (ran.kind !== 'exited' || ran.status !== 0)
    throw new Error(`${argv.join(' ')}: ${ran.kind === 'exited' ? ran.stderr : ran.kind}`);
  return ran.stdout;
}

/** The command line in this process: what it says on standard error, and its exit code. */
async function palisade(
  ...argv: readonly string[]
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  let [out, err] = ['', ''];
  const into = (take: (piece: string) => void) => ({
    interactive: false,
    columns: null,
    async write(piece: string | Uint8Array) {
      take(typeof piece === 'string' ? piece : Buffer.from(piece).toString('latin1'));
    },
  });
  const terminal: Terminal = {
    clock: { now: () => Date.now() },
    out: into((piece) => {
      out += piece;
    }),
    err: into((piece) => {
      err += piece;
    }),
    env: {},
    stdin: async () => new Uint8Array(),
    conversation: () => null,
    canvas: () => null,
    readFile: async (path) => readFileSync(path),
    onFault: () => ({ [Symbol.dispose]: () => undefined }),
    onInterrupt: () => ({ [Symbol.dispose]: () => undefined }),
  };
  const serve = async (): Promise<never> => {
    throw new Error('nobody serves here');
  };
  const code = await commandLine(['--state', state, ...argv], { kernel: async () => kernel, serve }, terminal);
  return { code, out, err };
}

/** Rules that differ from time to time, with a set that has members. */
async function layRules(turn: number): Promise<void> {
  const members = Array.from({ length: 300 }, (_, index) => `add office 198.51.${turn % 200}.${index % 250}/32 -exist\n`);
  await tool(['ipset', '-exist', 'restore'], `create office hash:net timeout 0\nflush office\n${members.join('')}`);
  const rules = Array.from(
    { length: 60 },
    (_, index) => `-A INPUT -s 10.${turn % 250}.${index}.0/24 -p tcp -m tcp --dport ${1000 + index} -j ACCEPT\n`,
  );
  await tool(
    ['iptables-nft-restore'],
    `*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT -i lo -j ACCEPT\n-A INPUT -m set --match-set office src -j ACCEPT\n${rules.join('')}COMMIT\n`,
  );
}

const live = async (): Promise<string> =>
  (await tool(['iptables-nft-save'])).replaceAll(/^#.*\n|\[\d+:\d+\]/gm, '') + (await tool(['ipset', '-sorted', 'save']));

/** What is wrong with any snapshot of the folder. */
function wrongOnes(): readonly string[] {
  const store = listSnapshots(backupsFolder(state));
  if (!store.ok) return store.problems.map(({ message }) => message);
  const unread = store.value.kept.flatMap(({ path }) => {
    const read = readSnapshot(path);
    return read.ok ? [] : read.problems.map(({ message }) => `${path}: ${message}`);
  });
  return [...store.value.strange.map(({ message }) => message), ...unread];
}

async function corrupt(): Promise<void> {
  const count = Number(values.corrupted);
  const files: Buffer[] = [];
  for (const turn of [1, 2, 3, 4]) {
    await layRules(turn);
    if (turn === 3) await palisade('backup', 'keygen');
    const { out } = await palisade('backup', 'create', '--json');
    files.push(readFileSync((JSON.parse(out) as { path: string }).path));
  }
  await layRules(9);
  const before = await live();
  const path = join(folder, 'corrupted.snapshot');
  const seen = new Map<string, number>();
  let taken = 0;
  let odd = '';
  for (let turn = 0; turn < count; turn += 1) {
    const bytes = corrupted(files);
    writeFileSync(path, bytes, { mode: 0o600 });
    // By its path, and by its name in the folder of snapshots, where the name is right.
    const { code, out, err } = await palisade('backup', 'restore', path, '--yes', '--unsigned');
    seen.set(
      `${code} ${err.replaceAll(path, 'FILE').slice(0, 90)}`,
      (seen.get(`${code} ${err.replaceAll(path, 'FILE').slice(0, 90)}`) ?? 0) + 1,
    );
    if (code !== 2 || out !== '' || err.trim().split('\n').length !== 1) {
      taken += 1;
      odd ||= `turn ${turn}: exit ${code}, ${out}${err}`;
    }
    if (turn % 500 === 499 && (await live()) !== before) odd ||= `turn ${turn}: the firewall is another`;
  }
  for (const [what, times] of seen) say(`      ${times} times: exit ${what.trim()}`);
  holds(`${count} corrupted snapshots: 0 restored, 0 crashes, each refused in one line`, taken === 0 && odd === '', odd);
  holds('and the firewall is as it was', (await live()) === before, await live());
}

/** Bits flipped, bytes cut out, put in or doubled, the end cut off, two files joined; never one of the files as it is. */
function corrupted(files: readonly Buffer[]): Buffer {
  const one = files[below(files.length)] as Buffer;
  const other = files[below(files.length)] as Buffer;
  const at = below(one.length);
  let made: Buffer;
  switch (below(7)) {
    case 0:
    case 1:
      made = Buffer.from(one);
      for (let flips = 1 + below(3); flips > 0; flips -= 1) {
        const where = below(made.length);
        made[where] = (made[where] ?? 0) ^ (1 << below(8));
      }
      break;
    case 2:
      made = one.subarray(0, at);
      break;
    case 3:
      made = Buffer.concat([one.subarray(0, at), one.subarray(at + 1 + below(200))]);
      break;
    case 4:
      made = Buffer.concat([one.subarray(0, at), one.subarray(Math.max(0, at - below(200)))]);
      break;
    case 5:
      made = Buffer.concat([one.subarray(0, at), other.subarray(below(other.length))]);
      break;
    default: {
      // The lines of one before the body of another.
      const line = (from: Buffer, lines: number): number => {
        let end = 0;
        for (let left = lines; left > 0; left -= 1) end = from.indexOf(10, end) + 1;
        return end;
      };
      const lines = 1 + below(3);
      made = Buffer.concat([one.subarray(0, line(one, lines)), other.subarray(line(other, lines))]);
    }
  }
  return files.some((file) => file.equals(made)) ? corrupted(files) : made;
}

/** Starts palisade, and kills it so many milliseconds later. Whether it had come to its end. */
async function killed(afterMs: number, ...argv: readonly string[]): Promise<boolean> {
  const child = spawn(launcher, ['--state', state, ...argv], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  const isOver = await Promise.race([ended.then(() => true), sleep(afterMs).then(() => false)]);
  child.kill('SIGKILL');
  await ended;
  return isOver;
}

async function kills(): Promise<void> {
  const count = Number(values.kills);
  const bad: string[] = [];
  const over = { create: 0, prune: 0, restore: 0 };
  const times = { create: 0, prune: 0, restore: 0 };
  await layRules(100);
  const began = performance.now();
  await killed(60_000, 'backup', 'create');
  const startMs = performance.now() - began;
  for (let turn = 0; turn < count; turn += 1) {
    await layRules(turn);
    if (turn % 3 !== 0) await palisade('backup', 'create');
    const what = (['create', 'prune', 'restore'] as const)[turn % 3] ?? 'create';
    const argv = {
      create: ['create'],
      prune: [
        'prune',
        '--keep-last',
        '3',
        '--keep-hourly',
        '0',
        '--keep-daily',
        '0',
        '--keep-weekly',
        '0',
        '--keep-monthly',
        '0',
      ],
      restore: ['restore', 'latest', '--yes', '--timeout', '5'],
    }[what];
    const restored = await live();
    if (what === 'restore') await layRules(turn + 1);
    const before = await live();
    times[what] += 1;
    if (await killed(startMs * (what === 'restore' ? 2.5 : 1.3) * (below(1000) / 1000), 'backup', ...argv)) over[what] += 1;
    if (what === 'restore') {
      const after = await settledAs();
      if (after !== before && after !== restored) bad.push(`turn ${turn}: the firewall is neither as before nor as restored`);
    }
    const wrong = wrongOnes();
    if (wrong.length > 0) bad.push(`turn ${turn}, ${what}: ${wrong.join('; ')}`);
  }
  // The next one takes away what was left half-written.
  await palisade('backup', 'create');
  const left = readdirSync(backupsFolder(state)).filter((name) => !name.endsWith('.snapshot'));
  say(
    `      ${Object.entries(times)
      .map(([what, all]) => `${what}: ${all} times, ${over[what as keyof typeof over]} of them over before`)
      .join('; ')}`,
  );
  holds(`killed at ${count} random moments, every snapshot that is left is as it was written`, bad.length === 0, bad.join('\n'));
  holds('nothing half-written is left behind', left.length === 0, left.join('\n'));
}

/** Waits until nobody is left who would undo a change; palisade run again settles what was left halfway. */
async function settledAs(): Promise<string> {
  for (let turn = 0; turn < 150; turn += 1) {
    const { code } = await palisade('rollback', '--list');
    const pending = readdirSync(state).includes('pending');
    if (code === 0 && !pending) break;
    await palisade('rollback', '--yes');
    await sleep(100);
  }
  return await live();
}

async function disk(): Promise<void> {
  await using small = await makeDisk();
  mkdirSync(join(small.path, 'state'), { mode: 0o700 });
  const on = (...argv: readonly string[]) => palisade('--state', join(small.path, 'state'), ...argv);
  await layRules(1);
  const first = await on('backup', 'create', '--json');
  small.fill();
  await layRules(2);
  const refused = await on('backup', 'create');
  holds(
    'on a full disk none is taken, in one line',
    refused.code === 4 && /no room/.test(refused.err) && refused.err.trim().split('\n').length === 1,
    refused.err,
  );
  const still = await on('backup', 'verify', (JSON.parse(first.out) as { id: string }).id);
  holds('and the one before is whole', still.code === 0, still.out + still.err);
  const names = readdirSync(join(small.path, 'state', 'backups'));
  holds('and nothing else is there', names.length === 1, names.join('\n'));
  small.empty();
  const again = await on('backup', 'create');
  holds('with room it is taken', again.code === 0, again.err);
}

try {
  if (wanted('corrupt')) await corrupt();
  if (wanted('kills')) await kills();
  if (wanted('disk')) await disk();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
end();
