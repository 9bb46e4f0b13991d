import { describe, expect, it } from 'vitest';
import { problemLine } from '../../result.ts';
import {
  emptyRuleset,
  parseRuleset,
  printRuleset,
  type Rule,
  type Ruleset,
  ruleMeaning,
  ruleText,
  unreadTables,
} from './index.ts';

function parsed(text: string, family: 4 | 6 = 4): Ruleset {
  const result = parseRuleset(text, { file: 'F', family });
  if (!result.ok) throw new Error(result.problems.map(problemLine).join('\n'));
  return result.value;
}

/** `CODE LINE:COLUMN MESSAGE` of the one problem. */
function problem(text: string, family?: 4 | 6): string {
  const result = parseRuleset(text, { file: 'F', ...(family === undefined ? {} : { family }) });
  if (result.ok) return 'none';
  expect(result.problems).toHaveLength(1);
  expect(result.problems[0]?.hint).not.toBe('');
  const [one] = result.problems;
  return `${one?.code} ${one?.at?.line ?? ''}:${one?.at?.column ?? ''} ${one?.message}`;
}

const around = (line: string): string => `*filter\n:INPUT ACCEPT [0:0]\n:X - [0:0]\n${line}\nCOMMIT\n`;

describe('bad input has one problem with its place', () => {
  it.each([
    ['', 'ruleset-empty 1:1 the file holds nothing'],
    [' \n\n', 'ruleset-empty 1:1 the file holds nothing'],
    ['# only a comment\n', 'ruleset-empty 1:1 the file holds no table'],
    ['*filter\n', 'ruleset-truncated 2:1 the file ends inside a table'],
    ['*filt', 'ruleset-truncated 1:6 the file ends inside a table'],
    ['*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp --dp', 'ruleset-truncated 3:21 the file ends inside a table'],
    ['*filter\n:INPUT ACCEPT [0:', 'ruleset-truncated 2:18 the file ends inside a table'],
    ['*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -j ACCEPT\n', 'ruleset-truncated 4:1 the file ends inside a table'],
    [
      '*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -m comment --comment "half a',
      'ruleset-truncated 3:38 the file ends inside a table',
    ],
    ['*filter\r\n:INPUT ACCEPT [0:0]\r\nCOMMIT\r\n', 'ruleset-line-end 1:8 the lines end as on Windows (CR LF)'],
    [around('-A INPUT -j ACCEPT\r'), 'ruleset-line-end 4:19 the lines end as on Windows (CR LF)'],
    ['*filter\nCOMMIT\r\n', 'ruleset-line-end 2:7 the lines end as on Windows (CR LF)'],
    ['*fil\0ter\nCOMMIT\n', 'ruleset-binary 1:5 this is no text: a control character stands here'],
    ['\x1f\x8b\x08abc', 'ruleset-binary 1:1 this is no text: a control character stands here'],
    [around('-A INPUT -s 10.0.0.1\x07 -j ACCEPT'), 'ruleset-binary 4:21 this is no text: a control character stands here'],
    ['\xef\xbb\xbf*filter\nCOMMIT\n', 'ruleset-syntax 1:1 the file begins with a byte order mark'],
    ['hello\n', 'ruleset-syntax 1:1 this stands outside a table'],
    ['*filter\nCOMMIT\nCOMMIT\n', 'ruleset-syntax 3:1 a COMMIT stands outside a table'],
    ['*filters\nCOMMIT\n', 'ruleset-syntax 1:2 iptables has no table "filters"'],
    [
      around(':abcdefghijklmnopqrstuvwxyz012 - [0:0]'),
      'ruleset-syntax 4:2 the chain name abcdefghijklmnopqrstuvwxyz012 has 29 bytes',
    ],
    [around(':INPUT MAYBE [0:0]'), 'ruleset-syntax 4:8 chain INPUT cannot have the policy MAYBE'],
    [around(':X - [0:0]'), 'ruleset-syntax 4:2 chain X is declared twice'],
    [around('-A INPUT -j NOPE'), 'ruleset-syntax 4:13 NOPE is neither a chain of table filter nor a target that iptables knows'],
    [around('-A NOPE -j ACCEPT'), 'ruleset-syntax 4:4 table filter has no chain NOPE'],
    [around('-A INPUT -s 300.1.1.1 -j ACCEPT'), 'ruleset-syntax 4:13 "300.1.1.1" is no IPv4 address'],
    [around('-A INPUT -p tcp -m tcp --dport 99999'), 'ruleset-syntax 4:32 --dport cannot take "99999"'],
    [around('-A INPUT -p tcp -m tcp --dprot 80'), 'ruleset-syntax 4:24 iptables has no option --dprot here'],
    [around('-A INPUT --dport 80'), 'ruleset-syntax 4:10 iptables has no option --dport here'],
    [around('-A INPUT -p tcp --dport'), 'ruleset-syntax 4:17 --dport has no value'],
    [around('-A INPUT -p tcp -m tcp --tcp-flags SYN'), 'ruleset-syntax 4:24 --tcp-flags has no value'],
    [around('-A INPUT -m conntrack --ctstate NEW,OLD'), 'ruleset-syntax 4:33 --ctstate cannot take "NEW,OLD"'],
    [around('-A INPUT ! -m tcp'), 'ruleset-syntax 4:10 "!" cannot stand before -m'],
    [around('-A INPUT -m limit ! --limit 5/s'), 'ruleset-syntax 4:19 "!" cannot stand before --limit'],
    [around('-A INPUT -m comment'), 'ruleset-syntax 4:10 -m comment lacks --comment'],
    [around('-A INPUT -j ACCEPT stray'), 'ruleset-syntax 4:20 "stray" belongs to no option'],
    [around('-A INPUT -j ACCEPT # why'), 'ruleset-syntax 4:20 "#" belongs to no option'],
    [around('-D INPUT 1'), 'ruleset-syntax 4:1 --delete has no place in a ruleset file, which says what is there'],
    [around('--flush'), 'ruleset-syntax 4:1 --flush has no place in a ruleset file, which says what is there'],
    [around('-t nat -A INPUT'), 'ruleset-syntax 4:1 -t has no place in a ruleset file'],
    [around('-A INPUT -jACCEPT'), 'ruleset-syntax 4:10 -jACCEPT is written in one piece'],
    [around('[1:2 -A INPUT -j ACCEPT'), 'ruleset-syntax 4:1 these counters cannot be read'],
    [around('[1:99999999999999999999] -A INPUT -j ACCEPT'), 'ruleset-syntax 4:1 these counters cannot be read'],
    [around('-I X 2 -j ACCEPT'), 'ruleset-syntax 4:4 chain X has 0 rules here'],
    [around('-A INPUT -m ttl --ttl-eq 300'), 'ruleset-syntax 4:26 --ttl-eq cannot take "300"'],
    [around('-A INPUT -m hl --hl-eq 5'), 'ruleset-syntax 4:13 -m hl is not for IPv4'],
    [around('-A INPUT -m comment --comment "open'), 'ruleset-syntax 4:31 the quote that opens here is never closed'],
    [
      around('-A INPUT -m comment --comment "open\n-A INPUT -m comment --comment "x" -j DROP'),
      'ruleset-syntax 4:31 the quote that opens here does not close on its line',
    ],
  ])('%j', (text, expected) => {
    expect(problem(text, 4)).toBe(expected);
  });

  it('says it in one line for people', () => {
    const result = parseRuleset(around('-A INPUT -s 300.1.1.1'), { file: 'rules.v4', family: 4 });
    expect(result.ok ? '' : result.problems.map(problemLine).join()).toMatch(
      /^rules\.v4:4:13: "300\.1\.1\.1" is no IPv4 address; write an IPv4 address/,
    );
  });
});

describe('the family', () => {
  const table = '*filter\n:INPUT ACCEPT [0:0]\n%\nCOMMIT\n';
  it.each([
    ['# Generated by iptables-save v1.8.9 (nf_tables) on Mon\n', '', 4],
    ['# Generated by ip6tables-save v1.6.1 on Mon\n', '', 6],
    ['', '-A INPUT -s 10.0.0.0/8 -j ACCEPT', 4],
    ['', '-A INPUT -s fe80::/10 -j ACCEPT', 6],
    ['', '-A INPUT -p ipv6-icmp -j ACCEPT', 6],
    ['', '-A INPUT -m comment --comment "-s fe80::/10" -d 10.0.0.1 -j ACCEPT', 4],
    ['# -s 10.0.0.1\n', '-A INPUT -d 2001:db8::1 -j ACCEPT', 6],
    ['', '-A INPUT -j REJECT --reject-with icmp6-port-unreachable', 6],
    ['', '-A INPUT -j REJECT --reject-with icmp-port-unreachable', 4],
  ] as const)('%j %j', (head, rule, family) => {
    const result = parseRuleset(head + table.replace('%', rule), { file: 'F' });
    expect(result.ok && result.value.family).toBe(family);
  });

  it('cannot be told from a ruleset without addresses', () => {
    const result = parseRuleset(table.replace('%', '-A INPUT -j ACCEPT'), { file: 'rules' });
    expect(!result.ok && result.problems).toEqual([
      expect.objectContaining({ code: 'ruleset-family', hint: 'say it: 4:rules or 6:rules' }),
    ]);
  });

  it('must not contradict what the caller says, or itself', () => {
    const four = `# Generated by iptables-save v1.8.9 on Mon\n${table.replace('%', '-A INPUT -j ACCEPT')}`;
    expect(problem(four, 6)).toBe('ruleset-family 1:1 this is a ruleset of IPv4, not of IPv6');
    expect(problem(`${four}# Generated by ip6tables-save v1.8.9 on Mon\n`)).toBe(
      'ruleset-family 6:1 the file holds rulesets of both families',
    );
  });

  it.each([
    ['iptables-save v1.8.9 (nf_tables)', { tool: 'iptables-save', version: '1.8.9', backend: 'nft' }],
    ['iptables-nft-save v1.8.9 (nf_tables)', { tool: 'iptables-save', version: '1.8.9', backend: 'nft' }],
    ['ip6tables-save v1.8.9', { tool: 'ip6tables-save', version: '1.8.9', backend: 'legacy' }],
    ['ip6tables-save v1.8.7', { tool: 'ip6tables-save', version: '1.8.7', backend: null }],
    ['iptables-legacy-save v1.8.7', { tool: 'iptables-save', version: '1.8.7', backend: 'legacy' }],
    ['iptables-save v1.6.1', { tool: 'iptables-save', version: '1.6.1', backend: null }],
  ])('knows the writer %s', (signature, writer) => {
    const result = parseRuleset(`# Generated by ${signature} on Mon\n*filter\nCOMMIT\n`, { file: 'F' });
    expect(result.ok && result.value.writer).toEqual(writer);
  });
});

describe('tables and chains', () => {
  it('reads policies, counters, order and lines', () => {
    const { tables } = parsed(
      '# c\n*filter\n:INPUT DROP [1:2]\n:OUTPUT -\n:X - [0:0]\n\n[3:4] -A X -j RETURN\n-A INPUT -j X\n-A X\nCOMMIT\n',
    );
    const [filter] = tables;
    expect(filter).toMatchObject({ name: 'filter', line: 2, commitLine: 10 });
    expect([...(filter?.chains.keys() ?? [])]).toEqual(['INPUT', 'OUTPUT', 'X']);
    expect(filter?.chains.get('INPUT')).toMatchObject({ policy: 'DROP', line: 3, counters: { packets: 1n, bytes: 2n } });
    expect(filter?.chains.get('OUTPUT')).toMatchObject({ policy: null, counters: null });
    expect(filter?.chains.get('X')?.rules.map((rule) => [rule.number, rule.line])).toEqual([
      [1, 7],
      [2, 9],
    ]);
    expect(filter?.rules.map((rule) => rule.chain)).toEqual(['X', 'INPUT', 'X']);
    expect(filter?.rules[0]?.counters).toEqual({ packets: 3n, bytes: 4n });
  });

  it('knows a built-in chain that was not declared, and lets a later section of a table replace the first', () => {
    const ruleset = parsed('*filter\n-A INPUT -j DROP\nCOMMIT\n*nat\nCOMMIT\n*filter\n-A INPUT -j ACCEPT\nCOMMIT\n');
    expect(ruleset.tables.map((table) => table.name)).toEqual(['nat', 'filter']);
    expect(ruleset.tables[1]?.chains.get('INPUT')).toMatchObject({ line: null, policy: null });
    expect(ruleset.tables[1]?.rules).toHaveLength(1);
  });

  it('lets a jump look ahead, as iptables-nft does', () => {
    const ruleset = parsed('*filter\n-A INPUT -j LATER\n:LATER - [0:0]\nCOMMIT\n');
    expect(ruleMeaning(ruleset, ruleset.tables[0]?.rules[0] as Rule).effect).toEqual({
      kind: 'jump',
      chain: 'LATER',
      goto: false,
    });
  });

  it('is silent about a chain with the name of a target until something jumps to it', () => {
    expect(problem('*filter\n:LOG - [0:0]\nCOMMIT\n', 4)).toBe('none');
    expect(problem('*filter\n:LOG - [0:0]\n-A INPUT -j LOG\nCOMMIT\n', 4)).toContain('3:13 LOG is a chain and a target');
  });

  it('has an empty ruleset for hosts without rules', () => {
    expect(emptyRuleset(6, 'ip6tables-save')).toMatchObject({ family: 6, file: 'ip6tables-save', tables: [], text: '' });
  });
});

describe('what palisade does not know', () => {
  const cases: readonly (readonly [string, readonly string[], string])[] = [
    [
      '-A INPUT -m geoip --source-country CN,RU -j DROP',
      ['-m geoip --source-country CN,RU'],
      '{"kind":"verdict","verdict":"DROP"}',
    ],
    ['-A INPUT -m foo ! --bar "a b" --baz -p tcp -m tcp --dport 80', ['-m foo ! --bar "a b" --baz'], '{"kind":"continue"}'],
    ['-A INPUT -m foo ! -s 10.0.0.1 --late 5 -j DROP', ['-m foo --late 5'], '{"kind":"verdict","verdict":"DROP"}'],
    ['-A INPUT -p tcp -j TARPIT --honeypot', ['-j TARPIT --honeypot'], '{"kind":"unknown","target":"TARPIT"}'],
    ['-A INPUT -j FLOWOFFLOAD', ['-j FLOWOFFLOAD'], '{"kind":"unknown","target":"FLOWOFFLOAD"}'],
    [
      '-A INPUT -p tcp -j NEWTARGET --level 5 -m comment --comment x',
      ['-j NEWTARGET --level 5'],
      '{"kind":"unknown","target":"NEWTARGET"}',
    ],
  ];
  it.each(cases)('%s is kept and named', (line, notUnderstood, effect) => {
    const text = around(line);
    const ruleset = parsed(text);
    const meaning = ruleMeaning(ruleset, ruleset.tables[0]?.rules[0] as Rule);
    expect(meaning.notUnderstood).toEqual(notUnderstood);
    expect(JSON.stringify(meaning.effect)).toBe(effect);
    expect(printRuleset(ruleset)).toBe(text);
  });

  it('says so in the constraint', () => {
    const ruleset = parsed(around('-A INPUT -m foo --bar -j DROP'));
    expect(ruleMeaning(ruleset, ruleset.tables[0]?.rules[0] as Rule).constraint).toMatchObject({
      kind: 'opaque',
      unknown: true,
      text: '-m foo --bar',
    });
  });
});

it('ruleText is for people: no counters, UTF-8', () => {
  const latin1 = Buffer.from('[1:2] -A INPUT -m comment --comment "Büro ✓" -j ACCEPT', 'utf8').toString('latin1');
  const ruleset = parsed(around(latin1));
  expect(ruleText(ruleset, ruleset.tables[0]?.rules[0] as Rule)).toBe('-A INPUT -m comment --comment "Büro ✓" -j ACCEPT');
});

it('names the tables that iptables-nft-save could not show', () => {
  expect(
    unreadTables(
      "# Table `filter' is incompatible, use 'nft' tool.\n# Table `nat' contains incompatible base-chains, use 'nft' tool to list them.\n",
    ),
  ).toEqual(['filter', 'nat']);
  expect(unreadTables('# Generated by iptables-save v1.8.9 on Mon\n*filter\nCOMMIT\n')).toEqual([]);
});
