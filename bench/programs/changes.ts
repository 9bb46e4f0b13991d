/**
 * `changes.ts idle BACKEND RULES ENTRIES SECONDS` follows a firewall of so many rules in each family, and a set of so many entries, in which
 * nothing happens. `changes.ts late PART COUNT` has another process change it so often, and says how late each was noticed: from before
 * the command was started, so that its own few milliseconds are in it. `changes.ts starts PER-SECOND SECONDS` has so many programs started.
 * What it took is printed as JSON: processor time of this process as a share of one processor, and milliseconds.
 *
 * Each in a process and a namespace of its own; run inside another namespace, as `npm run bench` does.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Change, createKernel, type Namespace } from '../../src/kernel/index.ts';
import { kinds } from '../firewalls.ts';

const [, , what = 'idle', ...args] = process.argv;
const kernel = createKernel();
const stop = new AbortController();
await using namespace = await kernel.namespace();

if (what === 'idle') await idle(args[0] ?? 'nft', Number(args[1] ?? 2500), Number(args[2] ?? 0), Number(args[3] ?? 20));
else if (what === 'late') await late(args[0] ?? 'nft', Number(args[1] ?? 200));
else await starts(Number(args[0] ?? 200), Number(args[1] ?? 10));
stop.abort();

async function idle(backend: string, rules: number, entries: number, seconds: number): Promise<void> {
  if (rules > 0) {
    await restore([`iptables-${backend}-restore`], kinds.policy(rules));
    await restore([`ip6tables-${backend}-restore`], inIpv6(kinds.policy(rules)));
  }
  if (entries > 0) {
    const lines = Array.from({ length: entries }, (_, index) => `add s 10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`);
    await restore(['ipset', 'restore'], `create s hash:ip maxelem ${entries}\n${lines.join('\n')}\n`);
  }
  const began = performance.now();
  const changes = await kernel.changes({ namespace, signal: stop.signal });
  const openMs = performance.now() - began;
  let notices = 0;
  void (async () => {
    for await (const _change of changes) notices += 1;
  })();
  // The first looks of a new process are dear.
  await sleep(3000);
  const share = await shareOf(() => sleep(seconds * 1000));
  const memoryMb = process.memoryUsage.rss() / 1024 / 1024;
  print({ backend, rules, entries, openMs, share, memoryMb, notices, watched: JSON.stringify(changes.watched()) });
}

async function late(part: string, count: number): Promise<void> {
  const command = {
    nft: 'iptables-nft -A INPUT -s 10.0.$1.1 -j ACCEPT',
    legacy: 'iptables-legacy -A INPUT -s 10.0.$1.1 -j ACCEPT',
    sets: 'ipset create s$1 hash:ip',
  }[part];
  if (command === undefined) throw new Error(`there is no part ${part}`);
  await restore(['sh', '-c', 'iptables-nft -P INPUT ACCEPT; iptables-legacy -P INPUT ACCEPT'], '');
  const changes = await kernel.changes({ namespace, signal: stop.signal });
  const noticed: { readonly at: number; readonly known: boolean }[] = [];
  void (async () => {
    for await (const change of changes) if (change.kind === part) noticed.push({ at: Date.now(), known: isKnown(change) });
  })();
  const [tool, ...enter] = namespace.enter;
  const script = `i=0; while [ $i -lt ${count} ]; do i=$((i+1)); date +%s%N; set -- $i; ${command}; sleep 0.2$((i * 7 % 10)); done`;
  const child = spawn(tool, [...enter, 'sh', '-c', script], { env: { ...process.env, ...namespace.env } });
  const began: number[] = [];
  let rest = '';
  child.stdout.setEncoding('latin1').on('data', (data: string) => {
    const lines = (rest + data).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) began.push(Number(line) / 1e6);
  });
  await once(child, 'exit');
  await sleep(2500);
  const lates = began
    .map((at) => (noticed.find((each) => each.at >= at)?.at ?? Number.NaN) - at)
    .sort((left, right) => left - right);
  const at = (share: number): number => lates[Math.min(lates.length - 1, Math.floor(lates.length * share))] ?? Number.NaN;
  const known = noticed.filter((each) => each.known).length / noticed.length;
  print({ part, changes: lates.length, p50Ms: at(0.5), p95Ms: at(0.95), maxMs: at(1), notices: noticed.length, known });
}

/** How dear it is that others start programs, of which none is the firewall's. */
async function starts(perSecond: number, seconds: number): Promise<void> {
  const changes = await kernel.changes({ namespace, signal: stop.signal });
  const child = spawn('sh', ['-c', `while :; do /bin/true; sleep ${1 / (perSecond / 2)}; done`], {
    stdio: 'ignore',
    detached: true,
  });
  await sleep(2000);
  const share = await shareOf(() => sleep(seconds * 1000));
  child.kill();
  print({ perSecond, share, problems: changes.problems.length });
}

/** The command and its parents were seen. */
function isKnown(change: Change): boolean {
  return 'by' in change && change.by.processes.some(({ command, parents }) => command !== null && parents.length > 0);
}

async function shareOf(act: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  const from = performance.now();
  await act();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / (performance.now() - from);
}

function inIpv6(text: string): string {
  return text.replace(/ (\d+)\.(\d+)\.(\d+)\.(\d+)(\/\d+)/g, (_all, a, b, c, d, length) => {
    const half = (left: string, right: string): string => (Number(left) * 256 + Number(right)).toString(16);
    return ` 2001:db8::${half(a, b)}:${half(c, d)}/${96 + Number(length.slice(1))}`;
  });
}

async function restore(argv: readonly [string, ...string[]], input: string): Promise<void> {
  const result = await (namespace satisfies Namespace).run({ argv, input, timeoutMs: 120_000 });
  if (result.kind !== 'exited' || result.status !== 0)
    throw new Error(`${argv.join(' ')}: ${JSON.stringify(result).slice(0, 500)}`);
}

function print(told: Readonly<Record<string, number | string>>): void {
  const rounded = Object.entries(told).map(([name, value]) => [
    name,
    typeof value === 'number' ? Number(value.toPrecision(4)) : value,
  ]);
  process.stdout.write(`${JSON.stringify(Object.fromEntries(rounded))}\n`);
}
