/**
 * `palisade trace` of one packet that meets each of 100,000 rules, as a user runs it, beside reading and printing their
 * text: what it takes beyond that is understanding every rule.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freshProcess } from './harness/fresh-process.ts';
import { largeRuleset } from './harness/large-ruleset.ts';
import { compare } from './harness/ratio.ts';

const rules = 100_000;
const runs = 5;
const program = join(import.meta.dirname, 'programs/parse-print.ts');
const palisade = join(import.meta.dirname, '../src/daemon/main.ts');
const packet = ['--src', '203.0.113.9', '--dst', '198.51.100.1', '--dport', '22', '--in', 'eth0', '--json'];
const folder = mkdtempSync(join(tmpdir(), 'palisade-bench-'));
try {
  for (const kind of ['full', 'addr'] as const) {
    const file = join(folder, `${kind}.save`);
    writeFileSync(file, largeRuleset(kind, rules), 'latin1');
    const ms: number[] = [];
    const rssMb: number[] = [];
    const peerMs: number[] = [];
    for (let run = 0; run < runs; run += 1) {
      peerMs.push((await freshProcess([process.execPath, program, file])).wallMs);
      const own = await freshProcess([process.execPath, palisade, 'trace', '--ruleset', file, ...packet]);
      ms.push(own.wallMs);
      rssMb.push(own.rssMb);
    }
    compare({ what: `${kind}, trace of one packet`, ms, peer: 'parse + print, the whole process', peerMs, rssMb });
  }
} finally {
  rmSync(folder, { recursive: true });
}
