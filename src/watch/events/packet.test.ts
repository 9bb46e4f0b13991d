import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatLoggedPacket } from './index.ts';
import { received } from './received.fixture.ts';

const meta = { at: 7, prefix: 'FW: ', in: 'eth0', out: null, mark: 9 };

/** Bytes in hex, blanks ignored. */
const hex = (text: string): Uint8Array => Buffer.from(text.replaceAll(' ', ''), 'hex');
const v4 = (proto: string, rest: string, fragment = '0000'): Uint8Array =>
  hex(`45000028 b5400000 40${proto}0000 0a630001 0a630002`.replace('0000 40', `${fragment} 40`) + rest);
const v6 = (next: string, rest: string): Uint8Array =>
  hex(`60000000 0028${next}40 fd990000000000000000000000000001 fd990000000000000000000000000002${rest}`);

const read = (bytes: Uint8Array): string | undefined => {
  const event = received(bytes, meta);
  return event === null ? undefined : formatLoggedPacket(event).slice('00:00:00Z FW: eth0: '.length);
};

describe('a packet from NFLOG', () => {
  it('is read whole', () => {
    expect(received(v4('06', '07c81f41 00000001 00000000 5012 0200 0000 0000'), meta)).toEqual({
      at: 7,
      prefix: 'FW:',
      in: 'eth0',
      out: null,
      src: { family: 4, value: 0x0a630001n },
      dst: { family: 4, value: 0x0a630002n },
      proto: 6,
      sport: 1992,
      dport: 8001,
      icmpType: null,
      icmpCode: null,
      flags: 18,
      length: 40,
      ttl: 64,
      mark: 9,
    });
  });

  it.each([
    [
      'with IP options',
      hex('46000028 b5400000 40110000 0a630001 0a630002 94040000 0035 0036'),
      'udp 10.99.0.1:53 → 10.99.0.2:54',
    ],
    [
      'as a later fragment, whose bytes are no ports',
      v4('06', '07c81f41 00000001 00000000 5012', '00b9'),
      'tcp 10.99.0.1 → 10.99.0.2',
    ],
    ['as a first fragment', v4('11', '07c81f41', '2000'), 'udp 10.99.0.1:1992 → 10.99.0.2:8001'],
    ['cut inside its ports', v4('06', '07c8'), 'tcp 10.99.0.1 → 10.99.0.2'],
    ['cut before its flags', v4('06', '07c81f41 00000001 00000000'), 'tcp 10.99.0.1:1992 → 10.99.0.2:8001'],
    ['of ICMP', v4('01', '0303'), 'icmp 10.99.0.1 → 10.99.0.2 type 3 code 3'],
    ['of a protocol of no ports', v4('2f', '00000800'), 'gre 10.99.0.1 → 10.99.0.2'],
    ['of ICMPv6', v6('3a', '8700'), 'icmpv6 fd99::1 → fd99::2 type 135 code 0'],
    ['of ICMP where it does not belong', v6('01', '0800'), 'icmp fd99::1 → fd99::2'],
    [
      'behind extension headers',
      v6('00', '3c00000000000000 1101000000000000 0000000000000000 00350036'),
      'udp [fd99::1]:53 → [fd99::2]:54',
    ],
    [
      'behind an authentication header',
      v6('33', '11040000 00000001 00000001 000000000000000000000000 00350036'),
      'udp [fd99::1]:53 → [fd99::2]:54',
    ],
    ['as a first IPv6 fragment', v6('2c', '11000001 0000002a 00350036'), 'udp [fd99::1]:53 → [fd99::2]:54'],
    ['as a later IPv6 fragment', v6('2c', '110005c8 0000002a 00350036'), 'udp fd99::1 → fd99::2'],
    ['cut inside its extension headers', v6('00', '3c000000'), 'unknown fd99::1 → fd99::2'],
    ['that has none', v6('3b', ''), '59 fd99::1 → fd99::2'],
  ])('is read %s', (_what, bytes, expected) => {
    expect(read(bytes)).toBe(expected);
  });

  it.each([
    ['nothing', ''],
    ['no address', '45000028 b5400000 40060000 0a630001'],
    ['a header shorter than any', '44000028 b5400000 40060000 0a630001 0a630002'],
    ['ARP', '0001080006040001'],
    ['another version', '55000028 b5400000 40060000 0a630001 0a630002'],
    ['half of IPv6', '60000000 00283a40 fd99000000000000'],
  ])('is none with %s', (_what, text) => {
    expect(received(hex(text), meta)).toBeNull();
  });

  it('never throws and always ends', () => {
    const start = fc.constantFrom(0x45, 0x46, 0x4f, 0x60, 0x6f);
    const next = fc.constantFrom(0, 43, 44, 51, 60, 6, 58);
    fc.assert(
      fc.property(start, next, fc.uint8Array({ maxLength: 120 }), (first, proto, rest) => {
        const bytes = Uint8Array.of(first, ...rest);
        if (bytes.length > 6) bytes[6] = proto;
        received(bytes, meta);
      }),
    );
  });

  it('has its prefix read as UTF-8', () => {
    expect(received(v4('06', ''), { ...meta, prefix: 'r\xc3\xb6t\x1b ' })?.prefix).toBe('röt\ufffd');
  });
});
