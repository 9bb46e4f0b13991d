import { expect, test } from 'vitest';
import { parseRuleset } from '../../model/ruleset/index.ts';
import { renamings } from './plain.ts';

test('chains that are left take no name that somebody has already', () => {
  const renamed = (others: string): string => {
    const text = `*filter\n:INPUT DROP [0:0]\n${others}:PAL-IN - [0:0]\n-A INPUT -j PAL-IN\n-A PAL-IN -i lo -j ACCEPT\nCOMMIT\n`;
    const parsed = parseRuleset(text, { family: 4, file: 'test' });
    if (!parsed.ok) throw new Error('the rules do not read');
    return renamings(parsed.value)[0]?.text ?? '';
  };
  expect(renamed('')).toContain(':FW-IN - [0:0]\n-A FW-IN -i lo -j ACCEPT\n');
  const beside = renamed(':FW-IN - [0:0]\n');
  expect(beside).toContain(':F2-IN - [0:0]\n-A F2-IN -i lo -j ACCEPT\n');
  expect(beside).toContain('-I INPUT 1 -j F2-IN\n');
  expect(beside).not.toContain('FW-');
  expect(renamed(':FW-ELSE - [0:0]\n:F2-IN - [0:0]\n')).toContain(':F3-IN - [0:0]\n');
});
