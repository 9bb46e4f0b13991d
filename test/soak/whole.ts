/**
 * `npm run soak -- whole [FILE…]`: all of those tests of which the usual run takes a slice, one file after the other.
 */
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';

const asked = process.argv.slice(2);
const sliced = globSync(['src/**/*.test.ts', 'test/**/*.test.ts']).filter((file) =>
  /from '[./]*(?:test\/)?slice\.ts'/.test(readFileSync(file, 'utf8')),
);
const files = asked.length > 0 ? asked : sliced.sort();
if (files.length === 0) throw new Error('no test takes a slice');
const { status } = spawnSync('vitest', ['run', '--configLoader', 'native', '--maxWorkers', '2', ...files], {
  stdio: 'inherit',
  env: { ...process.env, PALISADE_ALL: '1' },
});
process.exitCode = status ?? 1;
