import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRuleset } from '../index.ts';
import { generatedScript } from './generated.fixture.ts';
import { parseScript, type RunOptions, runScript, type State, type Steps, scriptStates } from './index.ts';

const folder = join(import.meta.dirname, '../../../../testdata/scripts');

function follow(text: string, options: RunOptions = {}): Steps {
  const script = parseScript(text, { file: 'test.sh' });
  if (!script.ok) throw new Error(JSON.stringify(script.problems));
  return runScript(script.value, options);
}

/** `outcome: text` of every step. */
function outcomes(text: string, options: RunOptions = {}): readonly string[] {
  return follow(text, options).steps.map(({ outcome, statement }) => `${outcome}: ${statement.text}`);
}

/** What stands in INPUT in the end, without `-A INPUT`. */
function input(text: string, options: RunOptions = {}): readonly string[] {
  const lines = follow(text, options).left[4].ruleset.text.split('\n');
  return lines.flatMap((line) => /^-A INPUT ?(.*)$/.exec(line)?.[1] ?? []);
}

describe('what only a running shell can tell', () => {
  const text = readFileSync(join(folder, 'not-understood.sh'), 'latin1');

  it('is said line by line and never guessed', () => {
    const steps = follow(text).steps.filter(({ outcome }) => outcome === 'not-understood');
    expect(steps.map(({ statement }) => statement.line)).toEqual([5, 6, 7, 9, 12, 15, 16, 17, 18, 19, 20, 21, 23, 24]);
    for (const { problem } of steps) expect(problem).toMatchObject({ code: 'script-unclear', message: /./, hint: /./ });
  });

  it('leaves the rest as if it were not there', () => {
    expect(input(text)).toEqual(['-s 10.0.0.1', '-s 10.0.0.5']);
  });

  it.each([
    ['A=1; if x; then A=2; fi; iptables -A INPUT -s $A', '$A'],
    ['x && A=1; iptables -A INPUT -s $A', '$A'],
    ['A=1; read A; iptables -A INPUT -s $A', '$A'],
    ['A=1; unset A; iptables -A INPUT -s $A', '$A'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a shell's own.
    ['iptables -A INPUT -s ${A:-10.0.0.1}', '${A:-10.0.0.1}'],
    ['iptables -A INPUT -s "$1"', '$1'],
    ['iptables -A INPUT -i eth*', 'eth*'],
    ['iptables -A INPUT -p tcp -m multiport --dports {80,443}', '{80,443}'],
    ["iptables -A INPUT -m comment --comment $'a'", "$'a'"],
    ['$IPT -A INPUT', '$IPT'],
    ['iptables-restore <<END\n*filter\n-A INPUT -s $A\nCOMMIT\nEND', '$A'],
  ])('%s', (line, what) => {
    const [last] = follow(line).steps.slice(-1);
    expect(last?.outcome).toBe('not-understood');
    expect(last?.problem?.message).toContain(what);
  });

  it.each([
    'while true; do iptables -A INPUT; done',
    'until x; do iptables -A INPUT; done',
    'case $1 in start) iptables -A INPUT;; esac',
    '( iptables -A INPUT )',
    '{ iptables -A INPUT; }',
    'if iptables -C INPUT; then iptables -A INPUT; fi',
    'xargs iptables -A INPUT',
    'sudo -u root iptables -A INPUT',
    'env A=1 iptables -A INPUT',
    'ip netns exec x iptables -A INPUT',
    'sudo sh -c "iptables -A INPUT"',
    'eval iptables -A INPUT',
    'ufw enable',
    'nft flush ruleset',
    'netfilter-persistent reload',
    '[ -f /x ] && iptables -A INPUT',
    'fi && iptables -A INPUT',
  ])('%s changes nothing here and is said', (line) => {
    const { steps, left } = follow(line);
    expect(steps.map(({ outcome }) => outcome)).toContain('not-understood');
    expect(left[4].ruleset.tables).toEqual([]);
  });
});

describe('what is none of a ruleset’s business', () => {
  it('is passed over', () => {
    const lines = [
      'echo iptables -F',
      'systemctl status iptables',
      'apt-get install -y iptables',
      'iptables-save > rules',
      'which iptables',
    ];
    expect(outcomes(lines.join('\n'))).toEqual(lines.map((line) => `passed-over: ${line}`));
  });

  it('sets are recognised', () => {
    const { steps } = follow('ipset create x hash:ip\nsudo ipset add x 10.0.0.1');
    expect(steps.map(({ statement }) => statement.kind)).toEqual(['sets', 'sets']);
  });

  it('a guide’s prose and prompts do not hide its commands', () => {
    expect(input(readFileSync(join(folder, 'prompt.sh'), 'latin1'))).toEqual([
      '-m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT',
      '-i lo -j ACCEPT',
    ]);
  });

  it('a comment stays a comment, though it looks like a prompt', () => {
    expect(outcomes('# iptables -A INPUT -j DROP')).toEqual([]);
  });
});

describe('beginnings and backends', () => {
  const start = parseRuleset('*filter\n:INPUT DROP [1:2]\n[3:4] -A INPUT -s 10.0.0.1/32 -j ACCEPT\nCOMMIT\n', {
    file: 'rules',
    family: 4,
  });
  if (!start.ok) throw new Error('the beginning does not read');

  it('goes on from given rules, which keep their counters', () => {
    const { left } = follow('iptables -D INPUT -s 10.0.0.2 -j ACCEPT; iptables -I INPUT -s 10.0.0.2', {
      start: { 4: start.value },
    });
    expect(left[4].ruleset.text).toContain(':INPUT DROP [1:2]\n');
    expect(left[4].ruleset.text).toContain('-A INPUT -s 10.0.0.2\n[3:4] -A INPUT -s 10.0.0.1/32 -j ACCEPT\n');
    expect(left[4].lines).toEqual([1, null]);
    expect(
      follow('iptables -D INPUT --src 10.0.0.1 -j ACCEPT', { start: { 4: start.value } }).left[4].ruleset.tables[0]?.rules,
    ).toEqual([]);
  });

  it('follows the backend that the script names, and only that', () => {
    const { backend, steps } = follow('iptables-legacy -A INPUT\niptables -A INPUT\niptables-nft -A INPUT');
    expect(backend).toBe('legacy');
    expect(steps.map(({ outcome }) => outcome)).toEqual(['done', 'done', 'not-understood']);
  });

  it('says after each step what stood there', () => {
    const steps = follow('iptables -A INPUT -s 10.0.0.1\nip6tables -A INPUT -s ::1\niptables -F');
    expect(steps.steps.map(({ rules }) => rules)).toEqual([
      { 4: 1, 6: 0 },
      { 4: 1, 6: 1 },
      { 4: 0, 6: 1 },
    ]);
    expect(steps.after(0)[4].ruleset.text).toContain('-A INPUT -s 10.0.0.1\n');
    expect(steps.after(1)[6].used).toBe(true);
    expect(steps.after(2)[4].ruleset.text).not.toContain('-A');
  });
});

describe('finds', () => {
  it('iptables-nft renames a built-in chain that is in use, and then hides its rules', () => {
    const { steps } = follow('iptables -A INPUT -s 10.0.0.1\niptables -E INPUT z\niptables -E OUTPUT z');
    expect(steps.map(({ outcome }) => outcome)).toEqual(['done', 'not-understood', 'failed']);
    expect(steps[1]?.problem?.message).toContain('iptables no longer shows them');
  });

  it('a rule that may be the same in another spelling is not deleted on a guess', () => {
    const hash = (burst: string): string =>
      `-m hashlimit --hashlimit-upto 5/min --hashlimit-mode srcip --hashlimit-name a${burst}`;
    const { steps } = follow(
      `iptables -A INPUT ${hash('')}\niptables -D INPUT ${hash(' --hashlimit-burst 5')}\niptables -D INPUT ${hash('')}`,
    );
    expect(steps.map(({ outcome }) => outcome)).toEqual(['done', 'not-understood', 'done']);
  });

  it('a name of 29 bytes is taken by -E though no save of it restores', () => {
    expect(outcomes('iptables -N a\niptables -E a abcdefghijklmnopqrstuvwxyz012')[1]).toMatch(/^not-understood/);
  });
});

describe('bad input', () => {
  it.each([
    ["iptables -A INPUT -m comment --comment 'x\n", 'script-syntax', 1, 40],
    ['true\niptables "\n', 'script-syntax', 2, 10],
    ['iptables -F\r\n', 'script-syntax', 1, undefined],
    ['iptables \0', 'script-syntax', 1, undefined],
  ])('%j', (text, code, line, column) => {
    const script = parseScript(text, { file: 'x.sh' });
    expect(script.ok ? [] : script.problems).toMatchObject([{ code, at: { file: 'x.sh', line, ...(column && { column }) } }]);
  });

  it('never fails, whatever stands in the file', () => {
    const words = [
      'iptables',
      '-A',
      'INPUT',
      '-j',
      '$A',
      '"',
      "'",
      '\\',
      '\n',
      ';',
      '&&',
      '||',
      '|',
      '(',
      ')',
      '{',
      '}',
      'if',
      'fi',
      '<<E',
      'E',
      ' ',
      'a',
      '!',
      '#',
      '`',
      '$(',
      'case',
      'esac',
      '-E',
      '-D',
      '1',
      '-I',
      '-X',
      '=',
      'for',
      'do',
      'done',
      'iptables-restore',
      '*filter',
      'COMMIT',
      '[[',
    ];
    const text = fc
      .array(fc.oneof({ weight: 20, arbitrary: fc.constantFrom(...words) }, fc.string()), { maxLength: 60 })
      .map((all) => all.join(fcJoin));
    fc.assert(
      fc.property(text, (one) => {
        const script = parseScript(one, { file: 'x' });
        if (!script.ok) return;
        const { left } = runScript(script.value);
        for (const { ruleset } of [left[4], left[6]]) {
          if (ruleset.text !== '') expect(parseRuleset(ruleset.text, { file: 'x', family: ruleset.family }).ok).toBe(true);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('any cut of a script is followed to its end', () => {
    const whole = generatedScript(4, 120, 3);
    fc.assert(
      fc.property(fc.nat(whole.length), fc.nat(200), (from, length) => {
        const script = parseScript(whole.slice(0, from) + whole.slice(from + length), { file: 'x' });
        if (script.ok) runScript(script.value);
      }),
      { numRuns: 40 },
    );
  });
});

/** Blanks between the words, as a fuzzer without them rarely makes a command. */
const fcJoin = ' ';

describe('the states of a script', () => {
  function statesOf(text: string, options: RunOptions = {}): readonly State[] {
    const script = parseScript(text, { file: 'test.sh' });
    if (!script.ok) throw new Error(JSON.stringify(script.problems));
    return [...scriptStates(script.value, options)];
  }

  it('are those after each command, also when they are looked at late', () => {
    for (const family of [4, 6] as const) {
      const text = generatedScript(family, 60, 7);
      const steps = follow(text);
      const states = statesOf(text);
      expect(states).toHaveLength(steps.steps.length);
      for (const [index, { step, left }] of states.entries()) {
        expect(step).toEqual(steps.steps[index]);
        expect(left(family).ruleset.text).toBe(steps.after(index)[family].ruleset.text);
      }
    }
  });

  it('are one for each table of a restore, since the kernel takes them one by one', () => {
    const text =
      'iptables-restore <<END\n*nat\nCOMMIT\n*mangle\n:INPUT DROP\nCOMMIT\n*filter\n:INPUT DROP\nCOMMIT\nEND\niptables -L\niptables -Z\n';
    const states = statesOf(text);
    expect(states.map(({ part, changed }) => [part, changed])).toEqual([
      ['nat', [4]],
      ['mangle', [4]],
      [null, [4]],
      [null, []],
      [null, []],
    ]);
    expect(
      states.map(({ left }) =>
        left(4)
          .ruleset.tables.map(({ name }) => name)
          .join(),
      ),
    ).toEqual(['nat', 'mangle,nat', 'mangle,nat,filter', 'mangle,nat,filter', 'mangle,nat,filter']);
  });

  it('stop at the table that is refused', () => {
    const states = statesOf('iptables-restore <<END\n*nat\nCOMMIT\n*filter\n-A NOWHERE -j DROP\nCOMMIT\nEND\n');
    expect(states.map(({ step, part, left }) => [step.outcome, part, left(4).ruleset.tables.length])).toEqual([
      ['failed', null, 1],
    ]);
  });

  it('can be asked for some rules only, which keep their numbers and lines', () => {
    const [, , last] = statesOf('iptables -A INPUT -s 10.0.0.1\niptables -A INPUT -s 10.0.0.2\niptables -I INPUT -s 10.0.0.3\n');
    const few = last?.left(4, ({ rule }) => !rule.text.includes('10.0.0.1'));
    expect(few?.ruleset.text.match(/^-A.*/gm)).toEqual(['-A INPUT -s 10.0.0.3', '-A INPUT -s 10.0.0.2']);
    expect(few).toMatchObject({ numbers: [1, 3], lines: [3, 2] });
  });
});
