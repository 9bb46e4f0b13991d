import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { ownLines } from './guard.ts';
import { ownRules } from './own-rules.ts';

test('a rule of somebody else whose comment speaks of a jump of ours is none of ours', () => {
  const mine = [':PAL-IN - [0:0]', '-A INPUT -s 198.51.100.7/32 -j PAL-IN', '-A PAL-IN -i lo -j ACCEPT'];
  const said = mine.map((line) => line.replace(' [0:0]', ''));
  const text = [
    ':INPUT DROP [0:0]',
    ...mine,
    '-A INPUT -m comment --comment "before -j PAL-IN" -j DROP',
    '-A INPUT -m comment --comment "-j PAL-IN"',
  ].join('\n');
  expect(new Set(ownLines(text))).toEqual(new Set(said));
  const ran = (name: string): string[] =>
    spawnSync('sh', ['-c', `${ownRules}\n${name}`], { input: `${text}\n`, encoding: 'utf8' })
      .stdout.trim()
      .split('\n');
  expect(new Set(ran('own'))).toEqual(new Set(said));
  expect(ran('jumps')).toEqual([mine[1]]);
});
