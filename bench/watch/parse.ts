/**
 * Reading: processor time of whole processes that read a million lines of rsyslog's, beside `grep`; programs that cannot end with so many
 * read the first of them. palisade reads all fields of each.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { freshProcess } from '../harness/fresh-process.ts';
import { type Machine, openMachine } from '../harness/machine.ts';
import { compare } from '../harness/ratio.ts';
import { makeLines } from './lines.ts';

const root = join(import.meta.dirname, '../..');
const million = 1_000_000;
const runs = 5;

/** A program that reads logs, and of how many lines it is asked. */
interface Reader {
  readonly name: string;
  readonly program: string;
  readonly lines: number;
  readonly runs: number;
  argv(log: string): readonly [string, ...string[]];
  configure?(machine: Machine): void;
}

const strict = String.raw`kernel: \[\s*\d+\.\d{6}\] \S+\s*\S* ?IN=\S* OUT=\S* MAC=\S+ SRC=<HOST> DST=\S+ LEN=\d+ .*PROTO=\S+`;
const others: readonly Reader[] = [
  {
    name: 'fail2ban-regex',
    program: 'usr/bin/fail2ban-regex',
    lines: 20_000,
    runs: 2,
    argv: (log) => ['/usr/bin/python3', '/usr/bin/fail2ban-regex', '--no-check-all', log, strict],
  },
  {
    name: 'psad -A',
    program: 'usr/sbin/psad',
    lines: 2000,
    runs: 2,
    argv: (log) => ['/usr/sbin/psad', '--Analyze-msgs', '--messages-file', log, '--no-whois', '--no-rdns', '--no-netstat'],
    configure(machine) {
      machine.write('/etc/psad/auto_dl', '');
      // It wants to tell somebody.
      machine.write('/usr/bin/mail', '#!/bin/sh\nexec cat >/dev/null\n', 0o755);
      const seen = machine.seen('/etc/psad/psad.conf');
      execFileSync('sed', ['-i', 's/_CHANGEME_/fw1/; s/^ENABLE_MAC_ADDR.*/ENABLE_MAC_ADDR_REPORTING N;/', seen]);
      for (const folder of ['/var/lib/psad', '/var/log/psad', '/run/psad']) execFileSync('mkdir', ['-p', machine.seen(folder)]);
      execFileSync('sh', ['-c', `[ -p "$1" ] || mkfifo "$1"`, 'sh', machine.seen('/var/lib/psad/psadfifo')]);
    },
  },
  { name: 'fwlogwatch', program: 'usr/sbin/fwlogwatch', lines: 20_000, runs: 2, argv: (log) => ['/usr/sbin/fwlogwatch', log] },
];

const folder = mkdtempSync(join(tmpdir(), 'palisade-bench-'));
const log = join(folder, 'log');
const head = (lines: number): string => join(folder, `log-${lines}`);
try {
  process.stdout.write(`  load of the last minute, on ${availableParallelism()} processors: ${loadavg()[0]?.toFixed(1)}\n`);
  const file = openSync(log, 'w');
  makeLines(1, million, (piece) => void writeSync(file, piece));
  closeSync(file);
  for (const { lines } of others) execFileSync('sh', ['-c', 'head -n "$1" "$2" >"$3"', 'sh', String(lines), log, head(lines)]);
  // As it is shipped: bundled, without types.
  const bundle = join(folder, 'read.mjs');
  const bundler = join(root, 'node_modules/rolldown/bin/cli.mjs');
  const entry = join(import.meta.dirname, 'read.ts');
  execFileSync(process.execPath, [bundler, entry, '-o', bundle, '--platform', 'node', '--logLevel', 'warn']);
  const peers = join(root, 'node_modules/.cache/log-readers/root');
  await using machine = await openMachine({ disk: folder, ...(existsSync(peers) ? { over: peers } : {}) });
  await measure(machine, bundle);
} finally {
  rmSync(folder, { recursive: true });
}

async function measure(machine: Machine, bundle: string): Promise<void> {
  const read = [process.execPath, '/disk/read.mjs', '/disk/log'] as const;
  const [own, grep, wc, rssMb]: [number[], number[], number[], number[]] = [[], [], [], []];
  for (let run = 0; run < runs; run += 1) {
    // grep says nothing of what it finds, but its output is no /dev/null: then it would end with the first line.
    grep.push((await machine.run(['grep', '-c', 'SRC=', '/disk/log'])).cpuMs);
    const { cpuMs, stdout } = await machine.run(read);
    if (!stdout.startsWith(`${million} 0 `)) throw new Error(`not every line was read: ${stdout}`);
    own.push(cpuMs);
    wc.push((await machine.run(['wc', '-l', '/disk/log'])).cpuMs);
  }
  for (let run = 0; run < 2; run += 1) rssMb.push((await freshProcess([process.execPath, bundle, log])).rssMb);
  const least = (values: readonly number[]): number[] => [Math.min(...values)];
  const beside = { peer: 'grep -c SRC=', peerMs: least(grep) };
  compare({ what: `wc -l, a million lines, processor, least of ${runs}`, ms: least(wc), ...beside });
  const speed = (million / 1000 / Math.min(...own)).toFixed(2);
  compare({
    what: `palisade, all fields of a million lines (${speed} million a second), processor, least of ${runs}`,
    ms: least(own),
    ...beside,
    rssMb,
    atMost: { ratio: 4.2, rssMb: 80 },
  });
  for (const other of others) {
    if (!existsSync(machine.seen(`/${other.program}`))) {
      process.stdout.write(`  ${other.name}: not measured, it cannot be fetched here\n`);
      continue;
    }
    other.configure?.(machine);
    const ms: number[] = [];
    for (let run = 0; run < other.runs; run += 1)
      ms.push(((await machine.run(other.argv(`/disk/log-${other.lines}`))).cpuMs * million) / other.lines);
    compare({ what: `${other.name}, of ${other.lines} lines as if of a million, processor`, ms, ...beside });
  }
}
