import { expect, test } from 'vitest';
import { icmpTypeOf } from './icmp.ts';

test.each([
  [4, 'echo-request', { type: 8, code: null }],
  [6, 'echo-request', { type: 128, code: null }],
  [4, 'port-unreachable', { type: 3, code: 3 }],
  [6, 'packet-too-big', { type: 2, code: null }],
  [6, 'neighbour-solicitation', { type: 135, code: null }],
  [4, '11', { type: 11, code: null }],
  [4, '3/4', { type: 3, code: 4 }],
  [4, 'destination-unreachable', { type: 3, code: null }],
] as const)('IPv%i %s is what iptables says of it', (family, text, means) => {
  expect(icmpTypeOf(family, text)).toEqual(means);
});

test.each(['', '256', 'nothing', 'any', 'echo request', '8 -j DROP', '8\n-A INPUT', '"8"'])('%j is no type', (text) => {
  expect(icmpTypeOf(4, text)).toBeUndefined();
});
