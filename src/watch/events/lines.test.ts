import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Batch, carriers, LineClock, LineReader, packetAt, readLines } from './index.ts';
import { held } from './lines.fixture.ts';

const line = (port: number, tail = ' '): string =>
  `Nov 22 23:23:15 fw1 kernel: [   12.345678] FW IN=eth0 OUT= SRC=192.0.2.9 DST=192.0.2.1 LEN=40 TOS=0x00 PREC=0x00 TTL=64 ID=1 PROTO=TCP SPT=1 DPT=${port} WINDOW=512 RES=0x00 SYN URGP=0${tail}\n`;
const other = 'Nov 22 23:23:15 fw1 cron[7]: nothing\n';
const open = (): LineReader => new LineReader(new LineClock(Date.UTC(2026, 11, 1)));

describe('lines of a buffer', () => {
  it('are read until none is whole; the rest is left', () => {
    const text = line(1) + other + line(2, '') + line(3).slice(0, 100);
    const bytes = Buffer.from(`....${text}`);
    const batch = new Batch(8);
    const reader = open();
    const reached = readLines(bytes, 4, bytes.length, reader, batch);
    expect(bytes.toString('latin1', reached)).toBe(line(3).slice(0, 100));
    expect([batch.length, reader.passed]).toEqual([2, 1]);
    const texts = [0, 1].map((row) =>
      Buffer.from(batch.text).toString(
        'latin1',
        batch.textFrom[row],
        (batch.textFrom[row] as number) + (batch.textLength[row] as number),
      ),
    );
    expect(texts).toEqual([line(1).trimEnd().concat(' '), line(2, '').trimEnd()]);
  });

  it('are read until the batch is full, and then on from there', () => {
    const bytes = Buffer.from(Array.from({ length: 10 }, (_, port) => line(port)).join(''));
    const reader = open();
    const ports: (number | null)[] = [];
    let at = 0;
    const batch = new Batch(3);
    do {
      batch.clear();
      at = readLines(bytes, at, bytes.length, reader, batch);
      for (let row = 0; row < batch.length; row += 1) ports.push(packetAt(batch, row).dport);
    } while (batch.length > 0);
    expect(ports).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('say the same however they come in pieces, and whatever stands between them', () => {
    const piece = fc.oneof(
      fc.nat(65535).map((port) => line(port, port % 2 === 0 ? ' ' : '')),
      fc.constantFrom(
        other,
        '\n',
        `${'x'.repeat(40_000)}\n`,
        line(7).replace('kernel:', 'kernel[1]:'),
        line(8).replaceAll('.', ','),
        '\0\n',
      ),
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 8 }),
        (lines, sizes) => {
          const text = Buffer.from(lines.join(''), 'latin1');
          const whole = held(text);
          const reader = open();
          const got: (number | null)[] = [];
          let kept = Buffer.alloc(0);
          for (let from = 0, turn = 0; from < text.length; turn += 1) {
            const to = from + (sizes[turn % sizes.length] as number);
            kept = Buffer.concat([kept, text.subarray(from, to)]);
            from = to;
            const batch = new Batch(64);
            const reached = readLines(kept, 0, kept.length, reader, batch);
            for (let row = 0; row < batch.length; row += 1) got.push(packetAt(batch, row).dport);
            kept = kept.subarray(reached);
          }
          expect(got.map(String)).toEqual(whole.events.map((event) => /192.0.2.1:(\d+)/.exec(event)?.[1]));
          expect(reader.passed).toBe(whole.passed);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('that are too long are passed over without being kept', () => {
    const reader = open();
    const batch = new Batch(4);
    const long = Buffer.from('x'.repeat(50_000));
    expect(readLines(long, 0, long.length, reader, batch)).toBe(long.length);
    const rest = Buffer.from(`${line(1)}${line(2)}`);
    // The first line is the end of the long one.
    readLines(rest, 0, rest.length, reader, batch);
    expect([batch.length, packetAt(batch, 0).dport, reader.passed]).toEqual([1, 2, 1]);
  });

  it('are of one buffer while a batch holds them', () => {
    const batch = new Batch(4);
    const reader = open();
    const [one, two] = [Buffer.from(line(1)), Buffer.from(line(2))];
    readLines(one, 0, one.length, reader, batch);
    expect(() => readLines(two, 0, two.length, reader, batch)).toThrow('other bytes');
  });

  it('may be more names than are kept', () => {
    const clock = new LineClock(Date.UTC(2026, 11, 1));
    const batch = new Batch(1);
    for (let prefix = 0; prefix < 66_000; prefix += 1) {
      const bytes = Buffer.from(line(1).replace('FW', `FW${prefix}`));
      batch.clear();
      if (!carriers.syslog.read(bytes, 0, bytes.length - 1, batch, clock)) throw new Error(`line ${prefix} is no event`);
    }
    expect(packetAt(batch, 0)).toMatchObject({ prefix: '…', in: 'eth0' });
  });
});
