import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { cleaned, safeText } from './safe.ts';
import { paragraph, table } from './table.ts';
import { paintFor, type View } from './view.ts';
import { widthOf, wrap } from './width.ts';

const piped: View = { columns: null, paint: (_, text) => text };
const narrow = (columns: number): View => ({ ...piped, columns });
const columns = [{ title: 'ID' }, { title: 'N', align: 'right' as const }, { title: 'WHY', grows: true }];
const rows = [
  ['FW-1', '7', 'loopback is dropped, so that local services cannot talk'],
  ['FW-22', '1000', 'IPv6 is open'],
];

describe('a table', () => {
  test('is as wide as its content when nobody looks, one line a row', () => {
    expect(table(columns, rows, piped)).toBe(
      [
        'ID        N  WHY',
        'FW-1      7  loopback is dropped, so that local services cannot talk',
        'FW-22  1000  IPv6 is open',
        '',
      ].join('\n'),
    );
  });

  test('wraps what grows, and no line is wider than the terminal', () => {
    const drawn = table(columns, rows, narrow(40));
    expect(drawn).toBe(
      [
        'ID        N  WHY',
        'FW-1      7  loopback is dropped, so',
        '             that local services cannot',
        '             talk',
        'FW-22  1000  IPv6 is open',
        '',
      ].join('\n'),
    );
  });

  test.each([30, 41, 60, 79, 120, 300])('fits %i cells, colours and wide characters included', (width) => {
    const view: View = { columns: width, paint: paintFor('always', false, {}) };
    const cells = [
      [{ text: 'critical', style: 'red' as const }, '1', '防火墙没有规则所以每个数据包都被接受 and a word'],
      ['low', '99', 'x'.repeat(90)],
    ];
    const drawn = table(columns, cells, view, 2);
    expect(drawn).toContain('\u001b[31mcritical\u001b[39m');
    for (const line of drawn.split('\n')) expect(widthOf(line)).toBeLessThanOrEqual(Math.max(width, 16 + 18));
    expect(stripVTControlCharacters(drawn).replace(/\s/g, '')).toContain('x'.repeat(20));
  });

  test('leaves out a column that is empty everywhere, and an empty table altogether', () => {
    expect(table([{ title: 'A' }, { title: 'B' }], [['1', '']], piped)).toBe('A\n1\n');
    expect(table([{ title: 'A' }], [], piped)).toBe('');
  });

  test('shows a line end in a cell as an escape, so that no text can fake a row', () => {
    expect(table([{ title: 'RULE' }], [['a\nFW-1 ok']], piped)).toBe('RULE\na\\nFW-1 ok\n');
  });
});

describe('the width of a text', () => {
  test.each([
    ['abc', 3],
    ['é', 1],
    ['e\u0301', 1],
    ['防火', 4],
    ['👩‍💻', 2],
    ['→…’', 3],
    ['\u001b[31mred\u001b[39m', 3],
    ['', 0],
  ])('%j', (text, cells) => {
    expect(widthOf(text)).toBe(cells);
  });

  test('wrapping loses nothing but blanks', () => {
    const text = 'a bb ccc dddd 防火墙 eeeeeeeeeeeeeeee f';
    for (let width = 1; width < 30; width += 1) {
      const lines = wrap(text, width);
      expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
      for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(Math.max(width, 2));
    }
  });

  test('a paragraph hangs under its lead', () => {
    expect(paragraph('one two three four five six seven', narrow(24), 2, '1. ')).toBe(
      '  1. one two three four\n     five six seven\n',
    );
  });
});

describe('text of others', () => {
  test.each([
    ['\u001b[2J\u001b]0;title\u0007', '\\x1b[2J\\x1b]0;title\\x07'],
    ['\u009b31m', '\\x9b31m'],
    ['a\rb\bc', 'a\\x0db\\x08c'],
    ['\u202eDROP\u202c', '\\u{202e}DROP\\u{202c}'],
    ['zero\u200bwidth\ufeff', 'zero\\u{200b}width\\u{feff}'],
    ['fine: ü 防 →\n\tyes', 'fine: ü 防 →\n\tyes'],
  ])('%j holds no control', (text, shown) => {
    expect(safeText(text)).toBe(shown);
  });

  test('is made safe wherever it stands in an answer, names of fields too', () => {
    expect(cleaned({ list: [{ comment: 'a\u001b[1m' }, 3, null, true], 'k\u0007': 1 })).toEqual({
      list: [{ comment: 'a\\x1b[1m' }, 3, null, true],
      'k\\x07': 1,
    });
  });
});

describe('colours', () => {
  test.each<[Parameters<typeof paintFor>, boolean]>([
    [['auto', true, {}], true],
    [['auto', false, {}], false],
    [['auto', true, { NO_COLOR: '1' }], false],
    [['auto', true, { NO_COLOR: '' }], true],
    [['auto', true, { TERM: 'dumb' }], false],
    [['always', false, { NO_COLOR: '1' }], true],
    [['never', true, {}], false],
  ])('%j', (how, colours) => {
    expect(paintFor(...how)('red', 'x')).toBe(colours ? '\u001b[31mx\u001b[39m' : 'x');
  });
});
