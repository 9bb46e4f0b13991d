import { describe, expect, it } from 'vitest';
import { readRange } from './range.ts';

/** `null`: no range. Else values that are told of, and values that are not. */
const cases: readonly (readonly [string, { readonly alerts: readonly number[]; readonly fine: readonly number[] } | null])[] = [
  ['10', { alerts: [-0.5, -1, 10.5, 11], fine: [0, 5, 10] }],
  ['10:', { alerts: [-20, 0, 9.99], fine: [10, 1e15] }],
  ['~:10', { alerts: [10.001, 11], fine: [-1e15, 0, 10] }],
  ['10:20', { alerts: [9, 21], fine: [10, 15, 20] }],
  ['@10:20', { alerts: [10, 15, 20], fine: [9.9, 20.1, 0] }],
  ['@5', { alerts: [0, 3, 5], fine: [-1, 5.1] }],
  ['0', { alerts: [-1, 0.1, 1], fine: [0] }],
  ['-5:-1', { alerts: [-6, 0, -0.5], fine: [-5, -3, -1] }],
  ['~:', { alerts: [], fine: [-1e15, 0, 1e15] }],
  [':', null],
  ['20:10', null],
  // Beyond the guidelines' table.
  [':10', { alerts: [-1, 11], fine: [0, 10] }],
  ['0.5:1.25', { alerts: [0.4, 1.3], fine: [0.5, 1.25] }],
  ['@~:0', { alerts: [-3, 0], fine: [1] }],
  ...['', '@', '@:', '~', '10:~', '1e3', '5%', ' 5', '5 ', '1:2:3', '--5', '٣', '5;6', '0x10'].map(
    (text) => [text, null] as const,
  ),
];

describe('ranges', () => {
  for (const [text, wanted] of cases) {
    it(`${text === '' ? '(nothing)' : text}: ${wanted === null ? 'no range' : 'as the guidelines have it'}`, () => {
      const read = readRange(text);
      if (wanted === null || !read.ok) {
        expect(read.ok ? 'a range' : null).toBe(wanted);
        return;
      }
      expect(read.range.text).toBe(text);
      expect([wanted.alerts, wanted.fine].flat().filter(read.range.alerts)).toEqual([...wanted.alerts]);
    });
  }
});
