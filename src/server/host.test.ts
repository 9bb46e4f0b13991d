import { expect, test } from 'vitest';
import { hostAllowed, originAllowed, urlHost } from './host.ts';

test('loopback is known by its names, at any port', () => {
  for (const host of ['127.0.0.1:7272', '127.0.0.1', 'localhost:7272', 'LOCALHOST:9000', '[::1]:7272', '[::1]', 'localhost:80']) {
    expect(hostAllowed(host, '127.0.0.1'), host).toBe(true);
  }
});

test('other names are refused, also those that look like ours', () => {
  const others = [
    'evil.example',
    'evil.example:7272',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    'x@127.0.0.1',
    '127.0.0.1:7272:1',
  ];
  const odd = [
    '',
    ':7272',
    '::1',
    '[::1',
    '127.0.0.1/x',
    'localhost.',
    '127.1',
    '2130706433',
    '192.0.2.1',
    '[::ffff:127.0.0.1]',
    ' localhost',
  ];
  for (const host of [...others, ...odd]) expect(hostAllowed(host, '127.0.0.1'), host).toBe(false);
});

test('the address that was asked for is accepted, and any address literal when that is all of them', () => {
  expect(hostAllowed('192.0.2.1:7272', '192.0.2.1')).toBe(true);
  expect(hostAllowed('192.0.2.2:7272', '192.0.2.1')).toBe(false);
  expect(hostAllowed('192.0.2.2:7272', '0.0.0.0')).toBe(true);
  expect(hostAllowed('[2001:db8::1]:7272', '::')).toBe(true);
  expect(hostAllowed('evil.example:7272', '0.0.0.0')).toBe(false);
});

test('a page may only speak for the host it came from', () => {
  expect(originAllowed(undefined, 'localhost:9000')).toBe(true);
  expect(originAllowed('http://localhost:9000', 'localhost:9000')).toBe(true);
  for (const origin of [
    'null',
    'http://localhost',
    'http://localhost:9001',
    'http://evil.example',
    'http://localhost:9000.evil.example',
  ]) {
    expect(originAllowed(origin, 'localhost:9000'), origin).toBe(false);
  }
});

test('IPv6 addresses stand in brackets in a URL', () => {
  expect([urlHost('::1'), urlHost('127.0.0.1'), urlHost('localhost')]).toEqual(['[::1]', '127.0.0.1', 'localhost']);
});
