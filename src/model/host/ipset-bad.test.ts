import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseSets } from './ipset.ts';
import { printSets, readSets } from './ipset-save.ts';

test.each([
  ['add s 192.0.2.1\n', 1, 5, /was not created/],
  ['create s hash:ip\nadd s 300.0.0.1\n', 2, 7, /300\.0\.0\.1 is not an IPv4/],
  ['create s hash:ip family inet6\nadd s 192.0.2.1\n', 2, 7, /not an IPv6/],
  ['create s hash:ip,port\nadd s 192.0.2.1\n', 2, 7, /1 parts where the set has 2/],
  ['create s hash:ip,port\nadd s 192.0.2.1,tcp:99999\n', 2, 7, /not a port/],
  ['create s hash:ip,port\nadd s 192.0.2.1,gre:7\n', 2, 7, /has no ports/],
  ['create s hash:ip\n*filter\n', 2, 1, /\*filter is not a line of an ipset save/],
  ['create s hash:ip\ncreate s hash:ip\n', 2, 8, /created twice/],
  ['create s\n', 1, 8, /type of the set is missing/],
  ['create s hash:ip comment\nadd s 192.0.2.1 comment "open\nadd s 192.0.2.2\n', 2, 25, /quote is not closed/],
  ['create s hash:ip\r\n', 1, 17, /Windows line end/],
  ['create s hash:ip\nadd s 192.\x000.2.1\n', 2, 11, /not text/],
  ['create s hash:ip\nadd s\n', 2, 6, /member is missing/],
  // Where a fuzz first met each of these: seed 20260901, at …
  ['create s hash:mac comment " family inet\nadd s x\n', 1, 27, /quote is not closed/], // 67
  ['create s hash:ip comment\nadd s 192.0.2.1 comment "a\nb" "\n', 3, 4, /quote is not closed/], // 5639
  ['create s hash:ip comment\nadd s 192.0.2.1 comment "a"b\n', 2, 28, /blank is missing/],
  ['create s hash:ip comment\nadd s 192.0.2.1 comment a"b\n', 2, 26, /inside a word/],
  ['create s hash:ip\nadd s "192.0.2.1"\n', 2, 7, /stands in quotes/],
  ['create s "a hash:ip\nadd s "a 192.0.2.1\n', 1, 8, /begins a quote/],
  [`create ${'s'.repeat(32)} hash:ip\n`, 1, 8, /has 32 bytes/],
])('bad input %j', (text, line, column, message) => {
  const result = parseSets(text, 'sets.save');
  expect(result).toMatchObject({ ok: false, problems: [{ code: 'sets-syntax', at: { file: 'sets.save', line, column } }] });
  expect(!result.ok && result.problems[0]?.message).toMatch(message);
});

test('lines are counted through comments of several lines', () => {
  const result = parseSets('# saved\n\ncreate s hash:ip comment\nadd s 192.0.2.1 comment "a\nb"\nadd s x\n', 'f');
  expect(!result.ok && result.problems[0]?.at).toEqual({ file: 'f', line: 6, column: 7 });
});

test('whatever the text is, the answer is sets or one problem with a place', () => {
  const words = [
    'create',
    'add',
    's',
    'hash:ip',
    'hash:net,iface',
    'list:set',
    'family',
    'inet6',
    'netmask',
    '24',
    '10.0.0.0/8',
    '-',
    ',',
    '"',
    '\n',
    ' ',
    '\r',
    '\0',
    '#',
    'timeout',
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...words), { maxLength: 40 }), fc.constantFrom('', ' '), (chosen, glue) => {
      const text = chosen.join(glue);
      const result = parseSets(text, 'f');
      if (result.ok) return;
      const { at } = result.problems[0] ?? {};
      const line = text.split('\n')[(at?.line ?? 0) - 1];
      expect(line).toBeDefined();
      expect(at?.column).toBeGreaterThanOrEqual(1);
    }),
    { numRuns: 3000 },
  );
});

test('what a message quotes is cut and holds no control characters', () => {
  for (const text of [
    `create s hash:ip\nadd s ${'\x1b[31m'.repeat(200_000)}\n`, // 290538
    `${'create'.repeat(160_000)}\n`, // 48553
    `create s hash:${'a,'.repeat(300_000)}a\nadd s 1\n`,
    `create ${'s '.repeat(300_000)} hash:ip\n`,
  ]) {
    const result = parseSets(text, 'f');
    for (const { message, hint } of result.ok ? [] : result.problems) expect(`${message}${hint}`).toMatch(/^\P{Cc}{20,500}$/u);
    expect(result.ok).toBe(false);
  }
});

test('a comment is one line, whatever quotes it holds', () => {
  const result = parseSets('  # it is 5"\ncreate s hash:ip\n# "\nadd s 192.0.2.1\n', 'f');
  expect(result.ok && result.value.get('s')?.members).toHaveLength(1);
});

test('names that ipset takes and saves bare read as they are', () => {
  // Quotes inside of words, and bytes that Unicode takes for blanks: "à" ends in one.
  const text = 'create a"b hash:ip \nadd a"b 192.0.2.1\ncreate l\xc3\xa0 list:set size 8\nadd l\xc3\xa0 a"b\n';
  const saved = readSets(text.replace('ip \n', 'ip\n'), 'f');
  expect(saved.ok && printSets(saved.value)).toBe(text.replace('ip \n', 'ip\n'));
  const result = parseSets(text, 'f');
  expect(result.ok && [...result.value].map(([name, { members }]) => [name, members.length])).toEqual([
    ['a"b', 1],
    ['l\xc3\xa0', 1],
  ]);
});

test('a mask that scatters many members over many ranges leaves the set out', () => {
  const lines = Array.from({ length: 1000 }, (_, index) => `add s 10.0.${index >> 8}.${index & 255}\n`);
  const text = (mask: string): string => `create s hash:ip bitmask ${mask}\n${lines.join('')}`;
  const kept = (mask: string): boolean | undefined => {
    const result = parseSets(text(mask), 'f');
    return result.ok && result.value.has('s');
  };
  expect(kept('255.255.254.255')).toBe(true);
  expect(kept('255.255.254.15')).toBe(true);
  expect(kept('255.170.170.15')).toBe(false);
});
