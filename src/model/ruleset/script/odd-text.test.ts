import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { parseScript, runScript, type Steps } from './index.ts';
import { lexShell } from './words.ts';

/** What `npm run fuzz` found in texts that nobody writes on purpose, and the shell itself as judge where it has a say. */
function follow(text: string): Steps {
  const script = parseScript(text, { file: 'test.sh' });
  if (!script.ok) throw new Error(JSON.stringify(script.problems));
  return runScript(script.value);
}

test.each(['a\rb c', 'a b\r', '\r', 'a\xc2\xa0b', '\xa0 c', 'a\vb\fc', 'a\tb  c'])(
  '%j has the words that sh cuts it into',
  (text) => {
    const shell = spawnSync('sh', { input: Buffer.from(`printf '%s|' ${text}\n`, 'latin1'), encoding: 'latin1' });
    const tokens = lexShell(text);
    if ('kind' in tokens) throw new Error(tokens.message);
    const words = tokens.flatMap((token) =>
      token.kind === 'word' ? [token.pieces.map((piece) => (piece.kind === 'literal' ? piece.text : '?')).join('')] : [],
    );
    expect(words.map((word) => `${word}|`).join('')).toBe(shell.stdout);
  },
);

test('a carriage return alone ends neither the line nor the reading', () => {
  const { steps } = follow('i\rptables -F && iptables -A INPUT -j ACCEPT\n');
  expect(steps.map(({ outcome }) => outcome)).toEqual(['passed-over', 'not-understood']);
});

test('problems are one short line, whatever they quote', () => {
  const { steps } = follow(
    `"\n\x1b[2J${'x'.repeat(1000)}" iptables -F\niptables -N ${'c'.repeat(100_000)}\niptables -A 'a\nb' -j X\n`,
  );
  const said = steps.flatMap(({ problem }) => (problem === null ? [] : [problem.message, problem.hint]));
  expect(said).toHaveLength(6);
  for (const sentence of said) expect(sentence).toMatch(/^\P{Cc}{3,250}$/u);
});

test('a variable of a quarter of a million words is as many words', () => {
  const { steps } = follow(`X="${'a '.repeat(250_000)}"\niptables -A INPUT $X\n`);
  expect(steps.at(-1)?.outcome).toBe('failed');
});

test('commands in quotes in commands in quotes, however deep', () => {
  expect(parseScript('"$('.repeat(200_000), { file: 'f' }).ok).toBe(false);
  expect(parseScript(`${'"$('.repeat(5000)}x${')"'.repeat(5000)}`, { file: 'f' }).ok).toBe(true);
});

test('functions in functions are still functions', () => {
  const { steps } = follow('f() { g() { iptables -F; }; }\nf\ng\n(a; (iptables -F))\n');
  expect(steps.map(({ outcome }) => outcome)).toEqual([
    'passed-over',
    'passed-over',
    'not-understood',
    'passed-over',
    'not-understood',
  ]);
});

test('counters beyond 64 bits are the largest there are, as iptables 1.8.9 has it', () => {
  const { left } = follow('iptables -A INPUT -c 99999999999999999999 18446744073709551616 -j ACCEPT\n');
  expect(left[4].ruleset.text).toContain('[18446744073709551615:18446744073709551615] -A INPUT -j ACCEPT\n');
  const restored = '*filter\n:INPUT DROP [99999999999999999999:2]\n[99999999999999999999:0] -A INPUT -j DROP\nCOMMIT';
  const after = follow(`iptables-restore -c <<E\n${restored}\nE\n`).left[4].ruleset.text;
  expect(after).toContain('[18446744073709551615:0] -A INPUT -j DROP\n');
  expect(after).toContain(':INPUT DROP [18446744073709551615:2]\n');
});
