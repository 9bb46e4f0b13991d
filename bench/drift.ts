/**
 * What watching for drift costs a host with 5,000 rules on which nothing happens, on each backend: processor time of palisade and of whatever it
 * starts, and the memory that it holds, as a release runs it. Beside it, what people do by cron and scripts: list all rules and sets every
 * two seconds and compare sums. And how long it takes from a command that opens the firewall until palisade has said so.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { createKernel, type Namespace } from '../src/kernel/index.ts';
import { median } from './harness/ratio.ts';
import { installRelease } from './harness/release.ts';

/** Of one core, and megabytes. */
const most = { nft: 1, legacy: 3, mb: 120 } as const;
const seconds = 60;
const folder = mkdtempSync(join(tmpdir(), 'palisade-bench-'));
const kernel = createKernel();

function rules(family: 4 | 6): string {
  const lines = Array.from({ length: 2500 }, (_, index) => {
    const [high, low] = [Math.floor(index / 250), index % 250];
    const source = family === 4 ? `10.${high}.${low}.0/24` : `2001:db8:${high}:${low}::/64`;
    return `-A INPUT -s ${source} -p tcp -m tcp --dport ${1000 + index} -m comment --comment "rule ${index}" -j ACCEPT\n`;
  });
  return `*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT -i lo -j ACCEPT\n${lines.join('')}COMMIT\n`;
}

async function tool(ns: Namespace, argv: readonly [string, ...string[]], input = ''): Promise<void> {
  const ran = await ns.run({ argv, input, timeoutMs: 60_000 });
  if (ran.kind !== 'exited' || ran.status !== 0)
    throw new Error(`${argv.join(' ')}: ${ran.kind === 'exited' ? ran.stderr : ran.kind}`);
}

/** Seconds of processor time, its own and that of children that have ended (proc(5), fields 14 to 17 of stat; ticks are 1/100 s). */
function spent(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return [11, 12, 13, 14].reduce((sum, field) => sum + Number(fields[field]), 0) / 100;
}

function heldMb(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) / 1024;
}

function start(ns: Namespace, argv: readonly string[]): ChildProcess {
  const [enter, ...args] = [...ns.enter, ...argv];
  return spawn(enter as string, args, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...ns.env } });
}

async function stop(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

/** Percent of one core while nothing happens. */
async function idle(child: ChildProcess): Promise<{ readonly percent: number; readonly mb: number }> {
  const { pid } = child;
  if (pid === undefined) throw new Error('it did not start');
  const before = spent(pid);
  await sleep(seconds * 1000);
  return { percent: (100 * (spent(pid) - before)) / seconds, mb: heldMb(pid) };
}

/** The same watch without palisade: all of it listed and summed, every two seconds. */
const polling = (backend: string): string =>
  `while :; do { iptables-${backend}-save; ip6tables-${backend}-save; ipset save; } | sed 's/\\[[0-9:]*\\]//' | sha256sum >/dev/null; sleep 2; done`;

function line(
  what: string,
  percent: number,
  mb: number | null,
  limits: { readonly percent?: number; readonly mb?: number } = {},
): void {
  const said = (value: number, limit: number | undefined): string =>
    limit === undefined ? '' : value <= limit ? ` (at most ${limit})` : ` (MORE than ${limit})`;
  const memory = mb === null ? '' : ` · ${Math.round(mb)} MB${said(mb, limits.mb)}`;
  process.stdout.write(`  ${what}: ${percent.toFixed(2)} % of a core${said(percent, limits.percent)}${memory}\n`);
  if (percent > (limits.percent ?? Number.POSITIVE_INFINITY) || (mb ?? 0) > (limits.mb ?? Number.POSITIVE_INFINITY))
    process.exitCode = 1;
}

try {
  const palisade = installRelease(join(folder, 'release'));
  for (const backend of ['nft', 'legacy'] as const) {
    await using ns = await kernel.namespace();
    await tool(ns, [`iptables-${backend}-restore`], rules(4));
    await tool(ns, [`ip6tables-${backend}-restore`], rules(6));
    const limits = { percent: most[backend], mb: most.mb };
    const peer = start(ns, ['sh', '-c', polling(backend)]);
    const polled = await idle(peer);
    await stop(peer);
    for (const verb of [
      ['drift', '--watch', '--json'],
      ['up', '--no-web', '--json'],
    ]) {
      const child = start(ns, [palisade, '--state', join(folder, `state-${backend}-${verb[0]}`), ...verb]);
      const drifts: number[] = [];
      let watching = 0;
      createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (text) => {
        if (text.includes('"kind":"watching"')) watching += 1;
        if (text.includes('everything is now accepted')) drifts.push(performance.now());
      });
      // It has read, kept a snapshot and audited, and only waits.
      for (let left = 1200; left > 0 && watching < (verb[0] === 'up' ? 2 : 1); left -= 1) await sleep(100);
      await sleep(5000);
      const { percent, mb } = await idle(child);
      line(`${backend}, palisade ${verb[0]}`, percent, mb, limits);
      process.stdout.write(
        `    beside listing all rules every two seconds: ${polled.percent.toFixed(2)} %, ratio ${(percent / polled.percent).toFixed(3)}\n`,
      );
      const took: number[] = [];
      for (let turn = 0; turn < 5; turn += 1) {
        const [before, at] = [drifts.length, performance.now()];
        await tool(ns, [`iptables-${backend}`, '-w', '5', '-I', 'INPUT', '-j', 'ACCEPT']);
        for (let left = 1000; left > 0 && drifts.length === before; left -= 1) await sleep(10);
        took.push((drifts.at(-1) ?? Number.NaN) - at);
        await tool(ns, [`iptables-${backend}`, '-w', '5', '-D', 'INPUT', '1']);
        await sleep(4000);
      }
      process.stdout.write(`    "everything is now accepted" is said after ${Math.round(median(took))} ms, median of 5\n`);
      await stop(child);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
