import { expect, test } from 'vitest';
import { createToken } from './token.ts';

test('a token has 256 bits, needs no escape in a URL, and no two are alike', () => {
  const clock = { now: () => 0 };
  const texts = Array.from({ length: 50 }, () => createToken(clock).text);
  expect(new Set(texts).size).toBe(50);
  for (const text of texts) {
    expect(text).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(Buffer.from(text, 'base64url')).toHaveLength(32);
  }
});

test('only the exact token, as Bearer, is right', () => {
  const token = createToken({ now: () => 0 }, 'secret');
  expect(token.check(undefined)).toBe('missing');
  expect(token.check('Bearer secret')).toBe('right');
  expect(token.check('bearer secret')).toBe('right');
  for (const wrong of [
    '',
    'secret',
    'Basic secret',
    'Bearer',
    'Bearer ',
    'Bearer secret ',
    'Bearer secre',
    'Bearer secrett',
    'Bearer SECRET',
  ]) {
    expect(token.check(wrong), wrong).toBe('wrong');
  }
});

test('guessing is slowed down, and never locks out who has the token', () => {
  let now = 0;
  const token = createToken({ now: () => now }, 'secret');
  const guess = () => token.check('Bearer guess');
  expect(Array.from({ length: 12 }, guess)).toEqual([...Array(10).fill('wrong'), 'wrong-too-often', 'wrong-too-often']);
  expect(token.check('Bearer secret')).toBe('right');
  now += 1000;
  expect([guess(), guess()]).toEqual(['wrong', 'wrong-too-often']);
  now += 3_600_000;
  expect(Array.from({ length: 11 }, guess).at(-1)).toBe('wrong-too-often');
});

test('a clock that is set back gives nothing away', () => {
  let now = 1_000_000;
  const token = createToken({ now: () => now }, 'secret');
  for (let count = 0; count < 10; count += 1) token.check('Bearer guess');
  now = 0;
  expect(token.check('Bearer guess')).toBe('wrong-too-often');
});
