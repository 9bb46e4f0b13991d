/**
 * The text of 100,000 rules: read, parsed and printed, beside the real tool, which reads, parses and builds what the
 * kernel takes. Both take the same file, in turn.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freshProcess } from './harness/fresh-process.ts';
import { kinds, largeRuleset } from './harness/large-ruleset.ts';
import { compare } from './harness/ratio.ts';

const rules = 100_000;
const runs = 5;
const program = join(import.meta.dirname, 'programs/parse-print.ts');
const folder = mkdtempSync(join(tmpdir(), 'palisade-bench-'));
try {
  const env = { XTABLES_LOCKFILE: join(folder, 'lock') };
  for (const kind of kinds) {
    const file = join(folder, `${kind}.save`);
    const text = largeRuleset(kind, rules);
    writeFileSync(file, text, 'latin1');
    const tool = kind === 'v6' ? 'ip6tables-legacy-restore' : 'iptables-legacy-restore';
    const inside: number[] = [];
    const whole: number[] = [];
    const rssMb: number[] = [];
    const peerMs: number[] = [];
    for (let run = 0; run < runs; run += 1) {
      peerMs.push((await freshProcess([tool, '--test', file], env)).wallMs);
      const own = await freshProcess([process.execPath, program, file]);
      inside.push(Number(own.stdout));
      whole.push(own.wallMs);
      rssMb.push(own.rssMb);
    }
    const what = `${kind}, ${(text.length / 1e6).toFixed(1)} MB`;
    const peer = `${tool} --test`;
    // The target is said of the work; what it takes to start Node and load the TypeScript is told beside it.
    const atMost = kind === 'full' ? { ratio: 1.5, rssMb: 400 } : {};
    compare({ what: `${what}, parse + print`, ms: inside, peer, peerMs, rssMb, atMost });
    compare({ what: `${what}, the whole process`, ms: whole, peer, peerMs });
  }
} finally {
  rmSync(folder, { recursive: true });
}
