import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const commands = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block]) => (block ?? '').trim().split('\n'));

test('the README shows commands', () => {
  expect(commands.length).toBeGreaterThan(8);
  // These two set up the machine; test/fresh-machine.sh runs them on a new one.
  expect(commands.filter((command) => !command.startsWith('bin/palisade'))).toEqual(['npm start', 'npm test']);
});

test.each(commands.filter((command) => command.startsWith('bin/palisade')))('%s', (command) => {
  const [tool, ...args] = command.split(' ');
  const { status, stdout, stderr } = spawnSync(join(root, tool ?? ''), args, { cwd: root, encoding: 'utf8', timeout: 60_000 });
  // 0 nothing, 1 findings, 3 something unknown: answers all. 2 would be a wrong README.
  expect([0, 1, 3], stderr).toContain(status);
  expect(stdout).not.toBe('');
  expect(stderr).toBe('');
});
