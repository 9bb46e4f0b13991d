import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Check, Example } from './check.ts';
import { checks } from './checks/index.ts';
import { command, hereDocument, rulesCommands, ruleWords, shellWord } from './command.ts';
import { exampleHost } from './example-host.ts';
import { filter, oneLink } from './examples.ts';
import { subjectOf } from './subject.ts';

const tools = [
  ...['iptables', 'ip6tables'].flatMap((name) =>
    ['', '-save', '-nft-save', '-legacy-save', '-legacy', '-nft'].map((kind) => name + kind),
  ),
  ...[
    'ipset',
    'nft',
    'sysctl',
    'modprobe',
    'systemctl',
    'service',
    'apt-get',
    'update-alternatives',
    'docker',
    'dpkg',
    'dpkg-reconfigure',
  ],
  ...['augenrules', 'sshd', 'palisade', 'sync', 'mv', 'sed', 'chmod', 'conntrack'],
];

/**
 * What a POSIX shell makes of text: the words that each tool is called with. There is nothing else that it could run, the
 * folder is empty, and restore tools are called with the lines that they read.
 */
function pasted(text: string): {
  readonly calls: readonly (readonly string[])[];
  readonly noise: string;
  readonly files: readonly string[];
} {
  const folder = mkdtempSync(join(tmpdir(), 'palisade-paste-'));
  try {
    const script = [
      `tool() { command printf '%s\\0' "$@" >&3; command printf '\\1\\0' >&3; }`,
      `restore() { command printf '%s\\0' "$@" >&3; while IFS= read -r line; do command printf '%s\\0' "$line" >&3; done; command printf '\\1\\0' >&3; }`,
      ...tools.map((name) => `alias ${name}='tool ${name}'`),
      ...['iptables', 'ip6tables'].map((name) => `alias ${name}-restore='restore ${name}-restore'`),
      text,
    ].join('\n');
    const ran = spawnSync('/bin/sh', ['-s'], {
      cwd: folder,
      env: { PATH: '' },
      input: script,
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    });
    const calls = String(ran.output[3] ?? '')
      .split('\u0001\0')
      .slice(0, -1)
      .map((call) => call.split('\0').slice(0, -1));
    return { calls, noise: ran.stdout + ran.stderr, files: readdirSync(folder) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const hostile = [
  '$(echo>a)',
  '`echo>b`',
  ';echo>c;',
  '$HOME',
  "it's",
  'a b',
  '"',
  '\\',
  "'\"'\"'$(echo>d)",
  '~',
  '*',
  '#x',
  '!',
  '{a,b}',
  '&',
  '|echo>e',
  '<f',
  '>g',
  '',
  'x\nEOF\necho>h',
  'grüße',
];

describe('a word of a command', () => {
  it.each(hostile)('arrives as it is: %j', (word) => {
    const { calls, noise, files } = pasted(command`iptables -D ${word} ${4} -j ${[word, 'x']} --last ${[]} -w`);
    expect({ calls, noise, files }).toEqual({
      calls: [['iptables', '-D', word, '4', '-j', word, 'x', '--last', '-w']],
      noise: '',
      files: [],
    });
  });

  it('stays without quotes where a shell sees no more in it', () => {
    expect(command`iptables -I INPUT ${1} ! -i ${'eth0.7'} -s ${'10.0.0.0/8'} ${['!', '-d', '2001:db8::1']} -j ACCEPT`).toBe(
      'iptables -I INPUT 1 ! -i eth0.7 -s 10.0.0.0/8 ! -d 2001:db8::1 -j ACCEPT',
    );
    expect(command`iptables ${[]} -S ${[]}`).toBe('iptables -S');
    expect(shellWord("it's")).toBe(`'it'\\''s'`);
  });
});

describe('the words of a rule', () => {
  it('are cut as iptables-restore cuts them', () => {
    expect(
      ruleWords(String.raw`-A INPUT -m comment --comment "it\'s \"$(x)\" \\ ключ grüße" -j LOG --log-prefix "a b: "`),
    ).toEqual([...['-m', 'comment', '--comment', String.raw`it's "$(x)" \ ключ grüße`, '-j', 'LOG', '--log-prefix', 'a b: ']]);
    expect(ruleWords('-A INPUT -m comment --comment "a\nb" -j DROP')).toEqual([
      '-m',
      'comment',
      '--comment',
      'a\nb',
      '-j',
      'DROP',
    ]);
  });

  it('come out of a fix whole, though quotes hold ends of lines', () => {
    const fix =
      "Don't wait.\niptables -A INPUT -m comment --comment 'a\niptables -P INPUT ACCEPT\nb' -j DROP\nsysctl -w a=1\nip6tables -F";
    expect(rulesCommands(fix)).toEqual([
      "iptables -A INPUT -m comment --comment 'a\niptables -P INPUT ACCEPT\nb' -j DROP",
      'ip6tables -F',
    ]);
  });
});

describe('text for a tool to read', () => {
  it('does not end before its end', () => {
    const text = '*filter\n-A INPUT -m comment --comment "x\nEOF\necho>pwned\nEOF2\n$(echo>p)`echo>q`" -j DROP\nCOMMIT\n';
    expect(pasted(hereDocument('iptables-restore', text))).toEqual({
      calls: [['iptables-restore', ...text.split('\n').slice(0, -1)]],
      noise: '',
      files: [],
    });
  });
});

/** The same rules and facts with other names in them. */
type Change = (example: Example) => Example;

function rewritten(
  example: Example,
  change: (rules: string) => string,
  facts: (json: string) => string = (json) => json,
): Example {
  return {
    ...example,
    ...(typeof example.v4 === 'string' && { v4: change(example.v4) }),
    ...(typeof example.v6 === 'string' && { v6: change(example.v6) }),
    facts: JSON.parse(facts(JSON.stringify(example.facts ?? oneLink))),
  };
}

const nasty = String.raw`$(echo>a) \`echo>b\` ; echo>c & it\'s \"q\" \\ #`.replaceAll('\\`', '`');

/** A link's name has at most 15 bytes, and neither blanks nor slashes. */
const badLinks: Readonly<Record<string, string>> = { eth0: '$(echo>l)', eth1: '`echo>m`', docker0: ";echo>n;'", lo: "it's" };

function withLinks(text: string): string {
  return text.replace(/(?<=^|["\s.])(eth0|eth1|docker0)(?=$|[\s".])/gm, (name) => badLinks[name] ?? name);
}

/** Chains that Docker makes are known by their names. */
function withChains(rules: string): string {
  const names = [...rules.matchAll(/^:(\S+) - /gm)].map(([, name = '']) => name).filter((name) => name !== 'DOCKER-USER');
  return names.reduce((text, name) => {
    const quoted = name.replace(/[.*+?^$()|[\]{}]/g, '\\$&');
    return text.replaceAll(new RegExp(`(?<=^:|-A |-[jg] )${quoted}(?=\\s|$)`, 'gm'), () => `$(echo>k)\`i\`;${name}`);
  }, rules);
}

function withComments(rules: string, comment: string): string {
  return rules.replace(/^(-A .*?)(?= -[jg] )/gm, (_, rule) => `${rule} -m comment --comment "${comment}"`);
}

function withPrefixes(rules: string): string {
  return rules.replace(/(?<=-prefix )("[^"]*"|\S+)/g, () => '"$(i) `echo>p` it\\\'s "');
}

function withLists(rules: string): string {
  return rules.replace(/(?<=--(?:hashlimit-)?name )\S+/g, () => '$(echo>t)`i`;');
}

const changes: Readonly<Record<string, Change>> = {
  'links, lists and comments': (example) =>
    rewritten(example, (rules) => withComments(withLists(withLinks(rules)), nasty), withLinks),
  'chains and prefixes': (example) => rewritten(example, (rules) => withPrefixes(withChains(rules))),
  'comments of several lines, and loopback': (example) =>
    rewritten(
      example,
      (rules) => withComments(rules, 'x\nEOF\necho>e\niptables -F\n'),
      (json) => json.replaceAll('"name":"lo"', `"name":"${badLinks.lo}"`),
    ),
};

/** What must be found in the fixes, so that the test asks something. */
const held: Readonly<Record<string, readonly string[]>> = {
  'links, lists and comments': ["'$(echo>l)'", "'$(echo>t)`i`;'", `'$(echo>a) \`echo>b\` ; echo>c & it'\\''s "q" \\ #'`],
  'chains and prefixes': ["'$(echo>k)`i`;", `'$(i) \`echo>p\` it'\\''s '`],
  'comments of several lines, and loopback': [`'it'\\''s'`, "'x\nEOF\necho>e\niptables -F\n'"],
};

/** Files that a fix writes are not to be written here. */
function withoutFiles(fix: string): string {
  return fix.replace(/ >>? \/etc\/[\w./-]+$/gm, '').replace(/^printf /gm, 'sysctl printf ');
}

/** Their commands name files of the host, and nothing of rules. */
const others = /^FW-(PERS|BKP)-|^FW-(MON-01|OPS-04|SYS-12)$/;

function fixesOf(check: Check, example: Example): readonly string[] {
  return check.run(subjectOf(exampleHost(example))).findings.map(({ fix }) => fix);
}

function expectWords(fix: string): void {
  const commands = withoutFiles(fix).split('\n').slice(1).join('\n');
  if (commands === '') return;
  const { calls, noise, files } = pasted(commands);
  expect({ fix, noise, files }).toEqual({ fix, noise: '', files: [] });
  expect(calls.length, fix).toBeGreaterThan(0);
  for (const [tool = ''] of calls) expect([...tools, 'iptables-restore', 'ip6tables-restore']).toContain(tool);
}

describe.each(Object.entries(changes))('a shell sees nothing but words in fixes, whatever the names of %s', (name, change) => {
  const seen = new Set<string>();

  it.each(checks.filter(({ id }) => !others.test(id)).map((check) => [check.id, check] as const))('%s', (_id, check) => {
    for (const fix of new Set(check.examples.flatMap((example) => fixesOf(check, change(example))))) {
      seen.add(fix);
      expectWords(fix);
    }
  });

  it('which stand there', () => {
    for (const words of held[name] ?? []) expect([...seen].join('\n')).toContain(words);
  });
});

it('names of sets arrive too', () => {
  const set = '$(echo>s)`i`;';
  const fixes = checks.flatMap((check) =>
    fixesOf(check, {
      title: '',
      v4: filter([
        `-A INPUT -m set --match-set ${set} src -j ACCEPT`,
        '-A INPUT -m state --state NEW -p tcp --dport 22 -j ACCEPT',
      ]),
      sets: `create ${set} hash:ip family inet hashsize 1024 maxelem 65536\nadd ${set} 203.0.113.7\n`,
      finds: [],
    }),
  );
  expect(fixes.join('\n')).toContain(`'${set}'`);
  for (const fix of fixes) if (!/ > \S/.test(withoutFiles(fix).replaceAll(/'[^']*'/g, ''))) expectWords(fix);
});
