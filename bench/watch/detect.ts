/**
 * Reading and detecting: processor time of whole processes that read a labelled log of a million lines and show each to all detectors, beside
 * `grep` over the same. Half of its lines are of sources that have an open incident.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { generate } from '../../test/detection/generator/index.ts';
import { freshProcess } from '../harness/fresh-process.ts';
import { openMachine } from '../harness/machine.ts';
import { compare } from '../harness/ratio.ts';

const root = join(import.meta.dirname, '../..');
const runs = 5;
/** 600,000 lines a second, by what grep takes for a million (reference/detection.md, 3). */
const mostRatio = 10.4;

const folder = mkdtempSync(join(tmpdir(), 'palisade-bench-'));
try {
  process.stdout.write(`  load of the last minute, on ${availableParallelism()} processors: ${loadavg()[0]?.toFixed(1)}\n`);
  const { files, labels } = generate({ seed: 77, folder });
  const log = files[0] as string;
  const bundle = bundled('detecting');
  await using machine = await openMachine({ disk: folder });
  const [own, grep, rssMb]: [number[], number[], number[]] = [[], [], []];
  for (let run = 0; run < runs; run += 1) {
    grep.push((await machine.run(['grep', '-c', 'SRC=', `/disk/${basename(log)}`])).cpuMs);
    const { cpuMs, stdout } = await machine.run([process.execPath, '/disk/detecting.mjs', `/disk/${basename(log)}`]);
    const [events, incidents] = stdout.split(' ').map(Number);
    // Some of the lines that were forged cannot be told from the kernel's.
    if (Math.abs((events ?? 0) - labels.packets) > 200 || (incidents ?? 0) < 50)
      throw new Error(`${labels.packets} packets were written, and not all were read: ${stdout}`);
    own.push(cpuMs);
  }
  for (let run = 0; run < 2; run += 1) rssMb.push((await freshProcess([process.execPath, bundle, log])).rssMb);
  const least = (values: readonly number[]): number[] => [Math.min(...values)];
  const perSecond = Math.round(labels.packets / Math.min(...own));
  compare({
    what: `palisade, all fields and all detectors, ${labels.packets} events (${perSecond},000 a second), processor, least of ${runs}`,
    ms: least(own),
    peer: 'grep -c SRC=',
    peerMs: least(grep),
    rssMb,
    atMost: { ratio: mostRatio, rssMb: 150 },
  });
  const flood = await freshProcess([process.execPath, bundled('flood')]);
  process.stdout.write(`  ${flood.stdout.trim()}\n`);
} finally {
  rmSync(folder, { recursive: true });
}

/** As it is shipped: bundled, without types. */
function bundled(name: string): string {
  const bundle = join(folder, `${name}.mjs`);
  const bundler = join(root, 'node_modules/rolldown/bin/cli.mjs');
  const entry = join(import.meta.dirname, `${name}.ts`);
  execFileSync(process.execPath, [bundler, entry, '-o', bundle, '--platform', 'node', '--logLevel', 'warn']);
  return bundle;
}
