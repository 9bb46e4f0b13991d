import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Located, parseLocated, placeOf } from './json.ts';

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
  expect(placeOf('a\nbc\n', 3)).toEqual({ line: 2, column: 2 });
  expect(placeOf('a\nbc\n', 5)).toEqual({ line: 3, column: 1 });
});
