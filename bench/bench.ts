/**
 * `npm run bench [-- NAME…]` runs bench/NAME.ts, or all of them.
 *
 * A benchmark prints lines of one form (harness/ratio.ts): what was measured, beside what it is compared with, measured in
 * turn with it in the same run. What it may not exceed makes the exit status 1.
 */
import { readdirSync } from 'node:fs';

const known = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.ts') && file !== 'bench.ts')
  .map((file) => file.slice(0, -'.ts'.length))
  .sort();
const asked = process.argv.slice(2);
const unknown = asked.find((name) => !known.includes(name));
if (unknown === undefined) {
  for (const name of asked.length > 0 ? asked : known) {
    process.stdout.write(`${name}\n`);
    await import(`./${name}.ts`);
  }
} else {
  process.stderr.write(`bench: there is no benchmark ${unknown}; there are: ${known.join(', ')}\n`);
  process.exitCode = 2;
}
