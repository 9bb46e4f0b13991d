import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createKernel, type Namespace } from '../../src/kernel/index.ts';
import { isWhole } from '../slice.ts';
import type { Said } from './rehearsing.ts';

const kills = isWhole ? 50 : 20;
const begun: Said = 'begun';
/** How long a process that nobody holds may still need on a busy machine. */
const patience = { timeout: 20_000, interval: 20 };

/**
 * The rehearsing program runs in a UTS namespace of its own, which all that it starts inherits: so its holders and tools
 * are found among all processes of the machine, whoever their parent is by then.
 */
test(`kill -9 at ${kills} moments of a rehearsal leaves no process, namespace, link, set or file`, {
  timeout: 600_000,
}, async () => {
  await using ns = await createKernel().namespace();
  const folder = mkdtempSync(join(tmpdir(), 'palisade-killed-'));
  const before = await traces(ns);
  const lasting = await lastsMs(ns, folder);
  const caught = new Set<number>();
  for (let turn = 0; turn < kills; turn += 1) {
    const { child, uts, lines } = await begin(ns, folder);
    for await (const line of lines) if (line === begun) break;
    // Moments all over one rehearsal, in an order that is not that of time.
    await sleep((((turn * 31) % kills) / kills) * lasting);
    const others = members(uts).length - 1;
    expect(child.exitCode, 'still rehearsing').toBeNull();
    child.kill('SIGKILL');
    await once(child, 'exit');
    caught.add(others);
    await expect.poll(() => members(uts), patience).toEqual([]);
  }
  expect(readdirSync(folder)).toEqual([]);
  expect(await traces(ns)).toEqual(before);
  // Otherwise the moments were none of a rehearsal.
  expect(caught.size, `numbers of processes met: ${[...caught].join(' ')}`).toBeGreaterThan(2);
  rmSync(folder, { recursive: true });
});

async function begin(ns: Namespace, folder: string) {
  const [tool, ...args] = [...ns.enter, 'unshare', '--uts', process.execPath, join(import.meta.dirname, 'rehearsing.ts')];
  const child = spawn(tool as string, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TMPDIR: folder, NODE_NO_WARNINGS: '1' },
  });
  const own = readlinkSync('/proc/self/ns/uts');
  await expect.poll(() => utsOf(String(child.pid)), patience).not.toBe(own);
  const uts = utsOf(String(child.pid));
  if (uts === undefined) throw new Error('the rehearsing program ended at once');
  return { child, uts, lines: createInterface({ input: child.stdout }) };
}

/** From the beginning of the first rehearsal to its end. */
async function lastsMs(ns: Namespace, folder: string): Promise<number> {
  const { child, uts, lines } = await begin(ns, folder);
  let from = 0;
  for await (const line of lines) {
    if (line === begun) from = performance.now();
    else break;
  }
  const lasting = performance.now() - from;
  child.kill('SIGKILL');
  await once(child, 'exit');
  await expect.poll(() => members(uts), patience).toEqual([]);
  return lasting;
}

/** Links and sets of the namespace that the program was started in. */
async function traces(ns: Namespace): Promise<readonly string[]> {
  const outputs = [];
  for (const argv of [
    ['ip', '-o', 'link'],
    ['ipset', 'list', '-n'],
    ['nft', 'list', 'tables'],
  ] as const) {
    const result = await ns.run({ argv });
    if (result.kind !== 'exited' || result.status !== 0) throw new Error(`${argv.join(' ')}: ${result.kind}`);
    outputs.push(result.stdout);
  }
  return outputs;
}

/** Processes in the UTS namespace, and with them every network namespace that only they are in. */
function members(uts: string): string[] {
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && utsOf(pid) === uts);
}

function utsOf(pid: string): string | undefined {
  if (!existsSync(`/proc/${pid}`)) return undefined;
  try {
    return readlinkSync(`/proc/${pid}/ns/uts`);
  } catch {
    // It ended in between, or is another user's.
    return undefined;
  }
}
