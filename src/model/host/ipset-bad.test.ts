import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseSets } from './ipset.ts';

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
