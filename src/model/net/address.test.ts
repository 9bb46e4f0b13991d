import { isIPv4, isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bitsOf, formatAddress, formatPrefix, parseAddress, parsePrefix, prefixRange } from './index.ts';

const v4 = fc.bigInt({ min: 0n, max: (1n << 32n) - 1n });
// Mostly zero groups, or no `::` would ever be written.
const v6 = fc
  .array(fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 0xffffn })), { minLength: 8, maxLength: 8 })
  .map((groups) => groups.reduce((sum, group) => (sum << 16n) | group, 0n));

describe('addresses', () => {
  it('read back as themselves, IPv6 in the form that the platform’s own URL parser writes', () => {
    fc.assert(
      fc.property(v4, (value) => {
        expect(parseAddress(formatAddress({ family: 4, value }))).toEqual({ family: 4, value });
      }),
    );
    fc.assert(
      fc.property(v6, (value) => {
        const text = formatAddress({ family: 6, value });
        expect(parseAddress(text)).toEqual({ family: 6, value });
        // URLs write IPv4-mapped addresses in hex; RFC 5952 §5 asks for dots.
        if (!text.includes('.')) expect(new URL(`http://[${text}]/`).hostname).toBe(`[${text}]`);
      }),
    );
  });

  it('are taken or refused as the platform does', () => {
    const piece = fc.constantFrom(
      '0',
      '1',
      '01',
      '255',
      '256',
      'ffff',
      'fffff',
      '.',
      ':',
      '::',
      '1.2.3.4',
      '%eth0',
      'g',
      '',
      '/8',
      'FE80',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 9 }), (pieces) => {
        const text = pieces.join('');
        if (text.includes('%')) expect(parseAddress(text)).toBeUndefined();
        else expect(parseAddress(text)?.family, text).toBe(isIPv4(text) ? 4 : isIPv6(text) ? 6 : undefined);
      }),
      { numRuns: 20_000 },
    );
  });

  it.each([
    ['::', 0n],
    ['::1', 1n],
    ['1::', 1n << 112n],
    ['::ffff:192.0.2.1', (0xffffn << 32n) | 0xc0000201n],
    ['64:ff9b::192.0.2.33', (0x64ff9bn << 96n) | 0xc0000221n],
  ])('%s is %s', (text, value) => {
    expect(parseAddress(text)).toEqual({ family: 6, value });
  });

  it.each([
    '',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.',
    '01.2.3.4',
    '1.2.3.256',
    ':',
    ':::',
    '1:2',
    '1::2::3',
    '1:2:3:4:5:6:7:8::',
    '12345::',
    '::1.2.3',
    'fe80::1%eth0',
  ])('%j is none', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });
});

describe('prefixes', () => {
  it('hold exactly the addresses with their leading bits', () => {
    const prefix = fc.oneof(
      fc.record({ family: fc.constant<4>(4), value: v4, length: fc.nat(32) }),
      fc.record({ family: fc.constant<6>(6), value: v6, length: fc.nat(128) }),
    );
    fc.assert(
      fc.property(prefix, (one) => {
        expect(parsePrefix(formatPrefix(one))).toEqual(one);
        const [lo, hi] = prefixRange(one);
        const hostBits = BigInt(bitsOf(one.family) - one.length);
        expect(lo >> hostBits).toBe(one.value >> hostBits);
        expect(hi - lo + 1n).toBe(1n << hostBits);
        expect(lo <= one.value && one.value <= hi).toBe(true);
      }),
    );
  });

  it.each([
    ['10.0.0.1', '10.0.0.1/32'],
    ['10.0.0.1/255.255.0.0', '10.0.0.1/16'],
    ['10.0.0.1/0.0.0.0', '10.0.0.1/0'],
    ['10.0.0.1/255.255.255.255', '10.0.0.1/32'],
    ['2001:db8::/32', '2001:db8::/32'],
    ['::/0', '::/0'],
    ['fe80::1/ffc0::', 'fe80::1/10'],
  ])('%s is %s', (text, canonical) => {
    expect(formatPrefix(parsePrefix(text) ?? { family: 4, value: 0n, length: 0 })).toBe(canonical);
  });

  it.each(['10.0.0.1/33', '::/129', '10.0.0.1/255.0.255.0', '10.0.0.1/', '10.0.0.1/-1', '10.0.0.1/ffff::', '/8', '10.0.0.1/8/8'])(
    '%j is none',
    (text) => {
      expect(parsePrefix(text)).toBeUndefined();
    },
  );
});
