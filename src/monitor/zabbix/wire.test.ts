import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countsOf, sentOf } from './values.ts';
import { packet, reading, WireError } from './wire.ts';

function header(flags: number, length: number, reserved = 0): Buffer {
  const bytes = Buffer.alloc(13);
  bytes.write('ZBXD', 'latin1');
  bytes[4] = flags;
  bytes.writeUInt32LE(length, 5);
  bytes.writeUInt32LE(reserved, 9);
  return bytes;
}

function large(flags: number, length: bigint, reserved = 0n): Buffer {
  const bytes = Buffer.alloc(21);
  bytes.write('ZBXD', 'latin1');
  bytes[4] = flags;
  bytes.writeBigUInt64LE(length, 5);
  bytes.writeBigUInt64LE(reserved, 13);
  return bytes;
}

const body = Buffer.from('{"response":"success"}');

describe('a packet', () => {
  test('is as Zabbix’s manual has it', () => {
    expect(packet({ response: 'success' })).toEqual(Buffer.concat([header(1, body.length), body]));
  });

  test('that is long is compressed, and says how long it was', () => {
    const text = JSON.stringify({ a: 'x'.repeat(5000) });
    const bytes = packet({ a: 'x'.repeat(5000) });
    expect(bytes[4]).toBe(3);
    expect(bytes.readUInt32LE(9)).toBe(text.length);
    expect(bytes.length).toBeLessThan(200);
  });

  test('is read as it was written, in whatever pieces it comes', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.boolean(), fc.array(fc.nat(40)), (value, compress, cuts) => {
        const bytes = packet(value, compress ? 0 : Number.POSITIVE_INFINITY);
        const reader = reading();
        let at = 0;
        let got: { readonly value: unknown } | null = null;
        for (const cut of [...cuts, bytes.length]) {
          const piece = bytes.subarray(at, at + cut);
          at += piece.length;
          if (piece.length > 0) got = reader.take(piece);
        }
        expect(got?.value).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      { numRuns: 200 },
    );
  });

  test('may have lengths of eight bytes', () => {
    expect(reading().take(Buffer.concat([large(5, BigInt(body.length)), body]))).toEqual({ value: { response: 'success' } });
    const packed = deflateSync(body);
    expect(reading().take(Buffer.concat([large(7, BigInt(packed.length), BigInt(body.length)), packed]))).toEqual({
      value: { response: 'success' },
    });
  });
});

describe('a hostile answer is refused', () => {
  const bomb = deflateSync(Buffer.alloc(50 * 2 ** 20));
  test.each<readonly [string, Buffer]>([
    ['no Zabbix', Buffer.from('HTTP/1.1 400 Bad Request')],
    ['flags', Buffer.concat([header(0, 2), Buffer.from('{}')])],
    ['flags', Buffer.concat([header(9, 2), Buffer.from('{}')])],
    ['4294967295 bytes', header(1, 0xffffffff)],
    ['bytes long', large(5, 2n ** 63n)],
    ['bytes long', header(3, 10, 0x7fffffff)],
    // It says that it becomes small, and does not.
    ['longer than it says', Buffer.concat([header(3, bomb.length, 1000), bomb])],
    ['cannot be unpacked', Buffer.concat([header(3, 4, 10), Buffer.from('abcd')])],
    ['unpacks to 22 bytes', Buffer.concat([header(3, deflateSync(body).length, 30), deflateSync(body)])],
    ['behind its end', Buffer.concat([header(1, body.length), body, body])],
    ['no JSON', Buffer.concat([header(1, 3), Buffer.from('{"a')])],
    ['no JSON', header(1, 0)],
  ])('%s', (what, bytes) => {
    expect(() => reading().take(bytes)).toThrow(WireError);
    expect(() => reading().take(bytes)).toThrow(what);
  });

  test('before it is kept: a header is enough', () => {
    const reader = reading(1000);
    expect(() => reader.take(header(1, 1001))).toThrow('more than 1000');
    expect(reader.bytes).toBe(13);
  });

  test('whatever the bytes: a value, more to come, or a WireError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(7), fc.boolean(), (tail, flags, valid) => {
        const start = valid ? header(flags, tail.length, tail.length) : Buffer.alloc(0);
        try {
          reading(1000).take(Buffer.concat([start, tail]));
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('the counts of a reply', () => {
  test('are read', () => {
    expect(countsOf('processed: 1; failed: 2; total: 3; seconds spent: 0.000055')).toEqual({ processed: 1, failed: 2, total: 3 });
    expect(countsOf('ok')).toBeNull();
  });

  test('are what success means', () => {
    const reply = (value: Record<string, unknown>) => sentOf({ ok: true, value });
    expect(reply({ response: 'success', info: 'processed: 0; failed: 2; total: 2; seconds spent: 0.1' })).toMatchObject({
      kind: 'counted',
      counts: { failed: 2 },
    });
    expect(reply({ response: 'success' })).toMatchObject({ kind: 'refused', why: expect.stringContaining('does not count') });
    expect(reply({ response: 'failed', info: 'host [x] not found' })).toEqual({ kind: 'refused', why: 'host [x] not found' });
    expect(reply({})).toMatchObject({ kind: 'refused' });
    expect(sentOf({ ok: false, why: 'gone' })).toEqual({ kind: 'unanswered', why: 'gone' });
  });
});
