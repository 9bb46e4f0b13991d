/**
 * How long a source that attacks is let through once it has done too much: 2,000 packets a second from 120 sources, one after another, against a host in a namespace whose
 * packets go by NFLOG to the process that watches, which puts the source into the kernel's set. Told by the sender's own clock: from the packet that was one too
 * many to the last one that was let through, by what the set has counted. And what watching costs where nothing happens.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { start } from '../src/kernel/index.ts';
import { createAttacked } from '../test/soak/attacked.ts';

const runs = 120;
const packets = 200;
const ratePerSecond = 2000;
/** Milliseconds, and percent of a core. */
const most = { p50: 1, p99: 5, idle: 0.5 } as const;
const idleSeconds = 60;

interface Sent {
  readonly source: string;
  readonly times: readonly number[];
}

await using attacked = await createAttacked('nft', {});
const { host, far, run, said, watcher } = attacked;
const mac = JSON.parse(await run(host, ['ip', '-j', 'link', 'show', 'eth0']))[0].address as string;
const program = fileURLToPath(new URL('./watch/paced.ts', import.meta.url));
const sends: Sent[] = [];
{
  await using sender = start({
    argv: [...far.enter, process.execPath, program, mac, String(runs), String(packets), String(ratePerSecond)],
  });
  for await (const line of sender.lines) sends.push(JSON.parse(line) as Sent);
}
await sleep(1000);
const saved = await run(host, ['ipset', 'save', 'PALISADE-BAN4']);
const waits: number[] = [];
let missed = 0;
for (const { source, times } of sends) {
  const incident = said.flatMap(({ told }) =>
    told.kind === 'incident' && told.incident.sources.includes(source) ? [told.incident] : [],
  )[0];
  const [ban] = attacked.bansOf(`${source}/32`);
  const dropped = new RegExp(`^add PALISADE-BAN4 ${source.replaceAll('.', '\\.')} .* packets (\\d+) `, 'm').exec(saved)?.[1];
  if (incident === undefined || ban === undefined || dropped === undefined) {
    missed += 1;
    continue;
  }
  // The kernel stamps packets as they arrive: how far behind the first one, and so which of them, the one too many was.
  const behind = (ban.at - incident.first) * 1000;
  const first = times[0] as number;
  const tooMany = times.findLastIndex((time) => time - first <= behind + 0.2);
  const through = packets - Number(dropped) - 1;
  waits.push((times[Math.max(through, tooMany)] as number) - (times[tooMany] as number));
}
waits.sort((one, other) => one - other);
const at = (part: number): number => waits[Math.min(waits.length - 1, Math.floor(part * waits.length))] ?? Number.NaN;
const verdict = (is: boolean): string => (is ? 'ok' : 'TOO MUCH');
const [p50, p99] = [at(0.5), at(0.99)];
process.stdout.write(
  `  one packet too many to the last one let through, ${waits.length} runs at ${ratePerSecond.toLocaleString('en')} packets/s: p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms, most ${at(1).toFixed(2)} ms (at most ${most.p50} and ${most.p99})  ${verdict(p50 <= most.p50 && p99 <= most.p99)}\n`,
);
if (missed > 0) process.stdout.write(`  ${missed} sources were not shut out  TOO MUCH\n`);

/** Of a process and its children that have ended: proc(5), fields 14 to 17 of stat, in hundredths of a second. */
function spent(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return [11, 12, 13, 14].reduce((sum, field) => sum + Number(fields[field]), 0) / 100;
}

// Incidents end, and what they took is settled.
await sleep(20_000);
const before = spent(watcher.pid);
await sleep(idleSeconds * 1000);
const idle = (100 * (spent(watcher.pid) - before)) / idleSeconds;
process.stdout.write(
  `  watching where nothing happens: ${idle.toFixed(2)} % of a core (at most ${most.idle})  ${verdict(idle <= most.idle)}\n`,
);
if (missed > 0 || p50 > most.p50 || p99 > most.p99 || idle > most.idle) process.exitCode = 1;
