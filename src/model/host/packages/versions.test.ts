import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareApk } from './version-apk.ts';
import { compareDpkg } from './version-dpkg.ts';
import { compareRpm } from './version-rpm.ts';

type Pair = readonly [string, string];

/** Versions of a few letters and numbers, so that many are nearly alike; the second is mostly the first with little changed. */
function pairs(pieces: readonly string[], begins: string, valid: (version: string) => boolean): readonly Pair[] {
  const version = fc
    .array(fc.constantFrom(...pieces), { minLength: 0, maxLength: 8 })
    .map((parts) => begins + parts.join(''))
    .filter(valid);
  const near = version.chain((one) =>
    fc
      .tuple(fc.nat(one.length), fc.nat(2), fc.constantFrom('', ...pieces))
      .map(([at, cut, put]): Pair => [one, one.slice(0, at) + put + one.slice(at + cut)])
      .filter(([, other]) => valid(other)),
  );
  return fc.sample(fc.oneof(fc.tuple(version, version), near), 4000);
}

function has(tool: string): boolean {
  try {
    execFileSync(tool, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function answers(argv: readonly [string, ...string[]], input: string): readonly number[] {
  const [tool, ...args] = argv;
  return execFileSync(tool, args, { input, encoding: 'latin1', env: { PATH: process.env['PATH'], LC_ALL: 'C' } })
    .trim()
    .split('\n')
    .map(Number);
}

const disagree = (all: readonly Pair[], oracle: readonly number[], compare: (a: string, b: string) => number) =>
  all.flatMap(([a, b], at) => (Math.sign(compare(a, b)) === oracle[at] ? [] : [`${a} ${b}: ${oracle[at]}`]));

test('Debian versions stand in the order of dpkg', ({ skip }) => {
  if (!has('dpkg')) return skip();
  // dpkg wants a digit first, behind the epoch too, no empty revision, and an epoch that an int can hold.
  const valid = (text: string): boolean => /^(\d{1,9}:)?\d[\w.+~-]*$/.test(text) && !/[-:]$/.test(text) && !text.includes('_');
  const pieces = [
    '0',
    '1',
    '9',
    '10',
    '007',
    '99999999999999999999',
    '.',
    '-',
    '~',
    '+',
    'a',
    'rc',
    'Z',
    'deb12u',
    '1:1',
    '~~',
    '+b',
  ];
  const all = pairs(pieces, '1', valid);
  const script =
    'while read -r a b; do if dpkg --compare-versions "$a" lt "$b"; then echo -1; elif dpkg --compare-versions "$a" eq "$b"; then echo 0; else echo 1; fi; done';
  const oracle = answers(['sh', '-c', script], `${all.map((pair) => pair.join(' ')).join('\n')}\n`);
  expect(oracle).toHaveLength(all.length);
  expect(new Set(oracle)).toEqual(new Set([-1, 0, 1]));
  expect(disagree(all, oracle, compareDpkg)).toEqual([]);
});

test('versions of rpm packages stand in the order of rpm', ({ skip }) => {
  if (!has('rpm')) return skip();
  const valid = (text: string): boolean => !/^.*-.*-|:.*:/.test(text) && /^(\d+:)?[\w.+~^]+(-[\w.+~^]+)?$/.test(text);
  const pieces = [
    '0',
    '1',
    '9',
    '10',
    '007',
    '99999999999999999999',
    '.',
    '-',
    '~',
    '^',
    'a',
    'rc',
    'Z',
    '.el9',
    '+',
    '_',
    '5:1',
  ];
  const all = pairs(pieces, '', valid);
  const folder = mkdtempSync(join(tmpdir(), 'palisade-rpm-'));
  const file = join(folder, 'pairs');
  writeFileSync(file, `${all.map((pair) => pair.join(' ')).join('\n')}\n`);
  const lua = `%{lua: for line in io.lines("${file}") do local a, b = line:match("(%S+) (%S+)"); print(rpm.vercmp(a, b) .. "\\n") end}`;
  const oracle = answers(['rpm', '--eval', lua], '');
  rmSync(folder, { recursive: true });
  expect(oracle).toHaveLength(all.length);
  expect(new Set(oracle)).toEqual(new Set([-1, 0, 1]));
  expect(disagree(all, oracle, compareRpm)).toEqual([]);
});

test('the order is one: reversed it is the reverse, and it can be chained', () => {
  const version = fc.array(fc.constantFrom('0', '1', '20', '.', '~', 'a', '-', '+', '^', '_rc', '_p', '-r'), { maxLength: 6 });
  fc.assert(
    fc.property(version, version, version, (...words) => {
      const [a, b, c] = words.map((parts) => `1${parts.join('')}`) as [string, string, string];
      for (const compare of [compareDpkg, compareRpm, (x: string, y: string) => compareApk(x, y) ?? 0]) {
        expect(Math.sign(compare(a, b))).toBe(-Math.sign(compare(b, a)) + 0);
        expect(compare(a, a)).toBe(0);
      }
      if (compareDpkg(a, b) <= 0 && compareDpkg(b, c) <= 0) expect(compareDpkg(a, c)).toBeLessThanOrEqual(0);
    }),
    { numRuns: 2000 },
  );
});

/** From the description of versions in apk-package(5) of apk-tools. */
test.each([
  ['1.0', '<', '1.1'],
  ['1.9', '<', '1.10'],
  ['1.1_alpha1', '<', '1.1'],
  ['1.1_alpha', '<', '1.1_beta'],
  ['1.1_beta9', '<', '1.1_pre1'],
  ['1.1_pre1', '<', '1.1_rc1'],
  ['1.1_rc2', '<', '1.1_rc10'],
  ['1.1', '<', '1.1_git20240101'],
  ['1.1_git20240101', '<', '1.1_p1'],
  ['1.1_alpha_pre2', '<', '1.1_alpha'],
  ['1.1', '<', '1.1a'],
  ['1.1a', '<', '1.1b'],
  ['1.1b', '<', '1.1.1'],
  ['1.01', '<', '1.1'],
  ['1.8.9-r0', '<', '1.8.10-r3'],
  ['1.8.10-r3', '<', '1.8.10-r10'],
  ['006', '>', '1.06'],
  ['20050405', '>', '1.8'],
  ['1.8.10', '=', '1.8.10-r0'],
] as const)('of apk: %s %s %s', (a, sign, b) => {
  expect(['<', '=', '>'][1 + Math.sign(compareApk(a, b) ?? Number.NaN)]).toBe(sign);
});

test('what is no version of apk has no order', () => {
  expect(compareApk('23_foo', '4_beta')).toBeUndefined();
  expect(compareApk('1.0', '')).toBeUndefined();
});
