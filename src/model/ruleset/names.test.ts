import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseRuleset, printRuleset, type Ruleset, readRule } from './index.ts';

/**
 * Names and texts that people and attackers choose, given to the real iptables as arguments, where they need no quotes:
 * what its save prints is read as what was given, and printed byte for byte.
 */
const folder = mkdtempSync(join(tmpdir(), 'palisade-names-'));
afterAll(() => rmSync(folder, { recursive: true }));
const isRoot = process.getuid?.() === 0;
const backends = ['nft', 'legacy'].filter((backend) => existsSync(`/usr/sbin/iptables-${backend}-save`));

/** Runs a script in a namespace of its own with each value as an argument; returns what each gave, and the save. */
function tried(
  backend: string,
  script: string,
  values: readonly string[],
): { readonly took: readonly boolean[]; readonly saved: string } {
  const each = `tool=$1; shift; for value; do ${script}; echo $? >&3; done 3>&2 2>/dev/null; $tool-save`;
  const args = [`iptables-${backend}`, ...values];
  const run = spawnSync('unshare', [isRoot ? '-n' : '-rn', 'sh', '-c', each, 'sh', ...args], {
    encoding: 'latin1',
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', XTABLES_LOCKFILE: join(folder, 'lock') },
  });
  if (run.error !== undefined || run.status !== 0) throw run.error ?? new Error(run.stderr);
  const statuses = run.stderr.trim().split('\n').slice(0, values.length);
  return { took: statuses.map((status) => status === '0'), saved: run.stdout };
}

function read(text: string): Ruleset {
  const parsed = parseRuleset(text, { file: 'saved', family: 4 });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.value;
}

/** The texts that the rules of INPUT hold behind an option, one character a byte as in the file, here decoded. */
function textsOf(ruleset: Ruleset, option: string): string[] {
  return (ruleset.tables[0]?.chains.get('INPUT')?.rules ?? []).map((rule) => {
    const { matches, target } = readRule(ruleset, rule);
    const uses = target.kind === 'extension' ? [...matches, target.use] : matches;
    const value = uses.flatMap(({ given }) => given).find(({ name }) => name === option)?.values[0] ?? '';
    return Buffer.from(value, 'latin1').toString('utf8');
  });
}

const texts = [
  ...[
    'a b',
    ' a',
    'a ',
    '-A INPUT -j ACCEPT',
    '-j',
    '-A',
    '!',
    '! -s 10.0.0.1',
    '#',
    '# no comment',
    'COMMIT',
    '*filter',
    ':INPUT DROP [0:0]',
  ],
  ...[
    '"',
    '""',
    'a"b',
    "it's",
    "'",
    '\\',
    'a\\"b',
    '\\n',
    '$(id)',
    '`id`',
    '[1:2]',
    'Büro ✓',
    '%s%n',
    'a,b',
    '--comment',
    'tab\there',
  ],
];
/** With line ends a save holds lines that nobody wrote. */
const smuggled = [
  'two\nlines',
  'x\n-A INPUT -s 6.6.6.6/32 -j ACCEPT\n-A INPUT -m comment --comment "y',
  '\n',
  'ends\n',
  'COMMIT\nCOMMIT',
];

describe.each(backends)('iptables-%s', (backend) => {
  /** Nothing is too long for the tool: it cuts what the kernel has no room for, and says nothing. */
  const longest = [
    { option: '--comment', script: '$tool -A INPUT -m comment --comment "$value"', bytes: 255 },
    { option: '--log-prefix', script: '$tool -A INPUT -j LOG --log-prefix "$value"', bytes: 29 },
    { option: '--nflog-prefix', script: '$tool -A INPUT -j NFLOG --nflog-prefix "$value"', bytes: backend === 'nft' ? 127 : 63 },
  ];
  it.each(longest)('takes any text behind $option, cuts it at $bytes bytes, and saves it so that it is read as it is', (one) => {
    const long = [28, 29, 30, 63, 64, 65, 127, 128, 255, 256].map((length) => 'p'.repeat(length));
    const values = [...texts, ...long, `${'p'.repeat(one.bytes - 2)} "'`, ...(one.option === '--comment' ? smuggled : [])];
    const { took, saved } = tried(backend, one.script, values);
    expect(values.filter((_, index) => !took[index])).toEqual([]);
    const ruleset = read(saved);
    expect(printRuleset(ruleset)).toBe(saved);
    expect(textsOf(ruleset, one.option)).toEqual(values.map((value) => value.slice(0, one.bytes)));
  });

  it('refuses line ends in prefixes', () => {
    for (const { script } of longest.slice(1)) expect(tried(backend, script, smuggled).took).not.toContain(true);
  });

  const chains = [
    ...['a!b', 'A-', "a'b", 'a\\b', 'ä', '#a', ':a', '*a', '[0:0]', 'COMMIT', 'a,b', 'a'.repeat(27), 'a'.repeat(28)],
    ...['a b', '!a', '-A', 'a\nb', 'a\tb', '', 'a'.repeat(29)],
  ];
  it('takes chains with odd names, and what it saves are those chains and the jumps to them', () => {
    const { took, saved } = tried(backend, '$tool -N "$value" && $tool -A INPUT -j "$value"', chains);
    const kept = chains.filter((_, index) => took[index]);
    expect(kept).toContain('a'.repeat(28));
    expect(kept).toContain('[0:0]');
    expect(kept).not.toContain('a'.repeat(29));
    const ruleset = read(saved);
    expect(printRuleset(ruleset)).toBe(saved);
    const bytes = kept.map((name) => Buffer.from(name).toString('latin1'));
    expect([...(ruleset.tables[0]?.chains.keys() ?? [])].filter((name) => !/^(INPUT|FORWARD|OUTPUT)$/.test(name)).sort()).toEqual(
      bytes.sort(),
    );
    const jumps = (ruleset.tables[0]?.rules ?? []).map((rule) => readRule(ruleset, rule).target);
    expect(jumps.map((target) => (target.kind === 'chain' ? target.name : target.kind)).sort()).toEqual(bytes);
    refusedHere(`-A INPUT -j ${'a'.repeat(29)}`, `:${'a'.repeat(29)} - [0:0]\n`);
  });

  it('takes a chain with a quote in its name, and then saves what neither its own restore nor palisade reads', () => {
    const { took, saved } = tried(backend, '$tool -N "$value" && $tool -A INPUT -j "$value"', ['a"b']);
    expect(took).toEqual([true]);
    expect(saved).toContain('-A INPUT -j a"b\n');
    const again = spawnSync('unshare', [isRoot ? '-n' : '-rn', `/usr/sbin/iptables-${backend}-restore`], {
      input: Buffer.from(saved, 'latin1'),
      env: { XTABLES_LOCKFILE: join(folder, 'lock') },
    });
    expect(again.status).not.toBe(0);
    const parsed = parseRuleset(saved, { file: 'saved' });
    expect(parsed.ok ? [] : parsed.problems).toMatchObject([{ code: 'ruleset-syntax', at: { column: 14 } }]);
  });
});

function refusedHere(rule: string, chains = ''): void {
  const text = `*filter\n${chains}${rule}\nCOMMIT\n`;
  expect(parseRuleset(text, { file: 'F', family: 4 }).ok, rule).toBe(false);
}

describe('a message quotes the text', () => {
  const problem = (rule: string) => {
    const parsed = parseRuleset(`*filter\n${rule}\nCOMMIT\n`, { file: 'F', family: 4 });
    return parsed.ok ? undefined : parsed.problems[0];
  };

  it('cut, however long a word is', () => {
    const message = problem(`-A INPUT -s ${'1'.repeat(1_000_000)} -j DROP`)?.message ?? '';
    expect(message).toBe(`"${'1'.repeat(60)}…" is no IPv4 address`);
    expect(problem(`-A ${'x'.repeat(1000)} -j DROP`)?.message).toBe(`table filter has no chain ${'x'.repeat(60)}…`);
  });

  it('cut, however long a quoted text is', () => {
    const message = problem(`-A INPUT -p tcp -m tcp --dport "${'a b '.repeat(1000)}"`)?.message ?? '';
    expect(message.length).toBeLessThan(120);
    expect(message).toContain('a b a b');
  });

  it('decoded, and on one line', () => {
    const bytes = Buffer.from('Büro', 'utf8').toString('latin1');
    expect(problem(`-A INPUT ${bytes}`)?.message).toBe('"Büro" belongs to no option');
    expect(problem('-A INPUT -m comment --comment x "two\nlines" -j DROP')?.message).toBe('"two lines" belongs to no option');
  });
});
