import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Located, parseLocated, placesOf } from './json.ts';

function plain(value: Located): unknown {
  switch (value.kind) {
    case 'object':
      return Object.fromEntries(Array.from(value.entries, ([key, entry]) => [key, plain(entry.value)]));
    case 'array':
      return value.items.map(plain);
    case 'null':
      return null;
    default:
      return value.value;
  }
}

/** What JSON.parse makes of it, or that it refuses. */
function oracle(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    // A refusal is the answer here.
    return undefined;
  }
}

test('reads what JSON.parse reads, with blanks anywhere', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 5 }), fc.constantFrom('', ' ', '\n\t'), (text, indent) => {
      // Integers keep their key order in objects of JavaScript; compare as JSON.parse orders them.
      const shown = JSON.stringify(JSON.parse(text), null, indent);
      const read = parseLocated(shown);
      expect('value' in read && plain(read.value)).toEqual(JSON.parse(shown));
    }),
  );
});

test('refuses what JSON.parse refuses, and a key that is there twice', () => {
  const pieces = [
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '"b\\n"',
    '"\\x"',
    '1',
    '-0.5e3',
    '01',
    'true',
    'nul',
    'null',
    ' ',
    '\n',
    "'",
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 9 }), (chosen) => {
      const text = chosen.join('');
      const read = parseLocated(text);
      const expected = oracle(text);
      if ('value' in read) expect({ value: plain(read.value) }).toEqual(expected);
      else if (expected !== undefined) expect(read.fault.message).toMatch(/is there twice/);
    }),
    { numRuns: 5000 },
  );
});

test('a fault stands inside the text or right behind it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary-ascii' }), (text) => {
      const read = parseLocated(text);
      if ('fault' in read) expect(read.fault.at).toBeLessThanOrEqual(text.length);
    }),
  );
  const place = placesOf('a\nbc\n');
  expect([0, 1, 2, 3, 5].map(place)).toEqual([
    { line: 1, column: 1 },
    { line: 1, column: 2 },
    { line: 2, column: 1 },
    { line: 2, column: 2 },
    { line: 3, column: 1 },
  ]);
  expect(placesOf('')(0)).toEqual({ line: 1, column: 1 });
});

test.each([
  ['"\\u00e9"', 'é'],
  ['"\\ud83d\\ude42x"', '🙂x'],
  ['"\\\\u00e9 \\u0041\\u0022\\u0000"', '\\u00e9 A"\0'],
  ['"\\ud800"', '\ufffd'],
])('an escape says the same as the character itself: %s', (text, value) => {
  const latin1 = Buffer.from(value, 'utf8').toString('latin1');
  expect(parseLocated(text)).toEqual({ value: { kind: 'string', at: 0, value: latin1 } });
});
