import { execFileSync } from 'node:child_process';
import { accessSync, closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { type Kmsg, type KmsgRecord, kmsgRoom, openKmsg, parseKmsgRecord } from './kmsg.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const text = (record: { text: Uint8Array } | undefined): string => Buffer.from(record?.text ?? []).toString('utf8');

const folder = mkdtempSync(join(tmpdir(), 'palisade-kmsg-'));
const fifo = join(folder, 'kmsg');
execFileSync('mkfifo', [fifo]);
/** Both ends, so that neither side sees an end of file. */
const writer = openSync(fifo, constants.O_RDWR);
afterAll(() => {
  closeSync(writer);
  rmSync(folder, { recursive: true });
});

function open(options: Parameters<typeof openKmsg>[0]): Kmsg {
  const opened = openKmsg(options);
  if (!opened.ok) throw new Error(opened.problems[0]?.message);
  return opened.value;
}

/** All that is there now. */
function read(kmsg: Kmsg): (KmsgRecord & { readonly text: Uint8Array })[] {
  const into = Buffer.alloc(kmsgRoom);
  const records = [];
  for (let record = kmsg.next(into, 0); record !== null; record = kmsg.next(into, 0))
    records.push({ ...record, text: Uint8Array.from(into.subarray(0, record.length)) });
  return records;
}

function usable(): boolean {
  try {
    accessSync('/dev/kmsg', constants.R_OK | constants.W_OK);
  } catch {
    return false;
  }
  return openKmsg({ from: 'start' }).ok;
}

describe('a record', () => {
  it('is read from every line captured', () => {
    const lines = readFileSync(new URL('../../testdata/events/kernel-LOG.kmsg', import.meta.url), 'latin1')
      .split('\n')
      .filter(Boolean);
    const records = lines.map((line) => parseKmsgRecord(bytes(line)));
    expect(records.length).toBe(30);
    expect(records.every((record) => record?.facility === 0 && record.level === 4)).toBe(true);
    expect(records[0]).toMatchObject({ seq: 5825, sinceBootUs: 2795966808 });
    expect(text(records[8])).toMatch(/^IN=eth0 OUT= MAC=/);
  });

  it('tells the kernel from the rest by its facility', () => {
    expect(parseKmsgRecord(bytes('4,1,2,-;kernel'))).toMatchObject({ facility: 0, level: 4 });
    expect(parseKmsgRecord(bytes('12,1,2,-;a process'))).toMatchObject({ facility: 1, level: 4 });
    expect(parseKmsgRecord(bytes('30,1,2,-;a daemon'))).toMatchObject({ facility: 3, level: 6 });
  });

  it('has its escapes undone and its properties cut off', () => {
    expect(
      text(parseKmsgRecord(bytes('6,339,5140900,c,caller=T1;a\\xc3\\xa4\\x0ab\\x5cx41\n SUBSYSTEM=acpi\n DEVICE=+acpi:1\n'))),
    ).toBe('aä\nb\\x41');
    expect(text(parseKmsgRecord(bytes('6,1,1,-;end\\x4')))).toBe('end\\x4');
    expect(text(parseKmsgRecord(bytes('6,1,1,-;')))).toBe('');
  });

  it.each([
    '',
    'x',
    '4',
    '4,1,2',
    '4,1,2,-',
    '4,,2,-;x',
    ',1,2,-;x',
    '-4,1,2,-;x',
    ' 4,1,2,-;x',
    '4,111111111111111111111111,2,-;x',
  ])('is refused where it is none: %j', (line) => {
    expect(parseKmsgRecord(bytes(line))).toBeUndefined();
  });
});

describe('following', () => {
  it('counts exactly the numbers that it does not get', () => {
    using kmsg = open({ from: 'start', path: fifo });
    const send = (seq: number): number => {
      writeSync(writer, `4,${seq},1,-;x\n`);
      return read(kmsg).length;
    };
    expect([send(10), send(11), send(15), send(16)]).toEqual([1, 1, 1, 1]);
    expect(kmsg.lost()).toBe(3);
  });

  it('passes over what was there before, and counts loss from it', () => {
    writeSync(writer, '4,20,1,-;old\n');
    using kmsg = open({ from: 'now', path: fifo });
    expect(read(kmsg)).toEqual([]);
    writeSync(writer, '4,23,1,-;new\n');
    expect(read(kmsg).map(text)).toEqual(['new']);
    expect(kmsg.lost()).toBe(2);
  });

  it('goes on where an earlier reader was, and counts what is gone since', () => {
    for (const seq of [30, 31, 33, 36]) {
      using kmsg = open({ from: 'start', path: fifo, expected: 33 });
      writeSync(writer, `4,${seq},1,-;x\n`);
      expect([read(kmsg).length, kmsg.lost()]).toEqual(seq < 33 ? [0, 0] : [1, seq - 33]);
    }
  });

  it('ends when the signal aborts, with nothing to read', async () => {
    using kmsg = open({ from: 'start', path: fifo });
    const stop = new AbortController();
    const seen: string[] = [];
    const ended = (async () => {
      while (!stop.signal.aborted) {
        seen.push(...read(kmsg).map(text));
        await kmsg.wait(stop.signal);
      }
    })();
    writeSync(writer, '4,1,1,-;one\n');
    while (seen.length < 1) await sleep(5);
    await sleep(50);
    expect(seen).toEqual(['one']);
    stop.abort();
    await ended;
  });

  it('does not read what may not be read', () => {
    const opened = openKmsg({ from: 'now', path: join(folder, 'none') });
    expect(opened.ok || opened.problems[0]).toMatchObject({ code: 'unread', message: expect.stringContaining('ENOENT') });
  });
});

describe.skipIf(!usable())('the real ring', () => {
  it('gives what a process wrote, marked as not the kernel’s', async () => {
    using kmsg = open({ from: 'now' });
    const mark = `palisade test ${process.pid}`;
    // Asks for facility 0, which the kernel gives to no process. Without the newline the record would wait for more.
    writeFileSync('/dev/kmsg', `<4>${mark}: IN=eth0 OUT= SRC=192.0.2.1 ä\\\n`);
    const found = read(kmsg).find((record) => text(record).startsWith(mark));
    expect(found).toMatchObject({ facility: 1, level: 4 });
    expect(text(found)).toBe(`${mark}: IN=eth0 OUT= SRC=192.0.2.1 ä\\`);
  });

  it('holds the kernel’s own records from the start, without gaps', () => {
    using kmsg = open({ from: 'start' });
    const records = read(kmsg);
    expect(records.length).toBeGreaterThan(0);
    expect(records.some((record) => record.facility === 0)).toBe(true);
    expect(kmsg.lost()).toBe(0);
  });
});
