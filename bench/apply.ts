/**
 * palisade beside ufw, ferm, shorewall, firehol and what is written by hand, on one description (bench/apply/reference.ts): how long a
 * change takes, and what a packet costs behind it. Each has a network and files of its own, over those of this machine.
 *
 * palisade's change takes until it waits for `confirm`, with all its proofs, on a disk; others write to memory, and prove nothing.
 * The peers are what bench/harness/fetch.sh unpacked. BENCH_QUICK=1 measures little, once: to see whether it runs.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { measureChanges, measureKernelPart, type Place } from './apply/changes.ts';
import { measurePackets } from './apply/packets.ts';
import { openMachine } from './harness/machine.ts';
import { installRelease } from './harness/release.ts';

const isQuick = process.env['BENCH_QUICK'] === '1';
const counts = isQuick ? [50, 100] : [1000, 10_000];
const [runs, rounds] = isQuick ? [1, 2] : [5, 8];
const folder = mkdtempSync(join(tmpdir(), 'palisade-bench-'));
try {
  const refused = await whyRefused();
  if (refused !== null) process.stdout.write(`  not measured: ${refused}\n`);
  else {
    process.stdout.write(`  load of the last minute, on ${availableParallelism()} processors: ${loadavg()[0]?.toFixed(1)}\n`);
    const peers = join(import.meta.dirname, '../node_modules/.cache/peers/root');
    const place: Place = { launcher: installRelease(join(folder, 'release')), peers, folder };
    await measurePackets(place, counts, rounds);
    for (const count of counts) {
      await measureKernelPart(place, count, runs, count === counts.at(-1));
      await measureChanges(place, count, runs);
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}

async function whyRefused(): Promise<string | null> {
  try {
    await using _machine = await openMachine();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
