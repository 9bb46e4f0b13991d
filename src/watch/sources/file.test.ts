import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  copyFileSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { type Gathered, gather } from './gathered.fixture.ts';
import { openFile, openStdin, readHistory } from './index.ts';

const top = mkdtempSync(join(tmpdir(), 'palisade-files-'));
let folder = '';
let log = '';
beforeEach(() => {
  folder = mkdtempSync(join(top, 'log-'));
  log = join(folder, 'kern.log');
});
afterAll(() => rmSync(top, { recursive: true }));

const line = (port: number): string =>
  `2026-11-22T23:23:${String(port % 60).padStart(2, '0')}.966808+00:00 fw1 kernel: [ 2795.966808] FW IN=eth0 OUT= SRC=192.0.2.1 DST=192.0.2.2 ` +
  `LEN=40 TOS=0x00 PREC=0x00 TTL=64 ID=${port} PROTO=TCP SPT=${port} DPT=22 WINDOW=1 RES=0x00 SYN URGP=0\n`;
const lines = (from: number, to: number): string => Array.from({ length: to - from }, (_, index) => line(from + index)).join('');
const ports = ({ events }: Gathered): (number | null)[] => events.map(({ sport }) => sport);
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);
/** Follows from the beginning of a log that is not there yet, whose cursor says so. */
const fromNothing = '[]';
const has =
  (count: number) =>
  ({ events }: Gathered): boolean =>
    events.length >= count;
/** Lets the source look. */
const look = (): Promise<void> => sleep(60);

describe('a log file', () => {
  it('is read from its end on, whole lines alone, and never twice', async () => {
    writeFileSync(log, `${lines(0, 10)}${line(10).slice(0, 70)}`);
    const first = await gather(openFile(log), null, 3, async () => {
      await look();
      appendFileSync(log, line(10).slice(70));
      await look();
      appendFileSync(log, `${line(11)}${line(12)}${line(13).slice(0, 99)}`);
    });
    expect(ports(first)).toEqual([10, 11, 12]);
    appendFileSync(log, line(13).slice(99));
    const second = await gather(openFile(log), first.cursor, 1);
    expect(ports(second)).toEqual([13]);
    expect(second.texts).toEqual([line(13).trimEnd()]);
    expect([...first.notices, ...second.notices]).toEqual([]);
  });

  it('that is not there yet is waited for', async () => {
    const said = await gather(openFile(log), null, 2, async () => {
      await look();
      writeFileSync(log, lines(0, 2));
    });
    expect(ports(said)).toEqual([0, 1]);
    expect(said.notices).toEqual([`${log} is not there: it is read as soon as it can be.`]);
  });

  it('that is renamed is read to its end, while its writer holds it, and the next one is read meanwhile', async () => {
    const writer = openSync(log, 'a');
    const said = await gather(openFile(log), fromNothing, 5, async () => {
      writeSync(writer, line(0));
      await look();
      writeSync(writer, line(1).slice(0, 50));
      renameSync(log, `${log}.1`);
      writeFileSync(log, line(10));
      await look();
      writeSync(writer, `${line(1).slice(50)}${line(2)}`);
      await sleep(120);
      appendFileSync(log, line(11));
    });
    closeSync(writer);
    expect(ports(said).sort((one, two) => Number(one) - Number(two))).toEqual([0, 1, 2, 10, 11]);
    const later = await gather(openFile(log), said.cursor, 1, () => appendFileSync(log, line(12)));
    expect(ports(later)).toEqual([12]);
  });

  it('is found again behind several rotations between two looks', async () => {
    writeFileSync(log, line(0));
    const said = await gather(openFile(log), fromNothing, 4, async () => {
      await look();
      for (const port of [1, 2, 3]) {
        if (port > 1) renameSync(`${log}.1`, `${log}.${port}`);
        renameSync(log, `${log}.1`);
        writeFileSync(log, line(port));
        if (port === 2) renameSync(`${log}.2`, `${log}.3`);
      }
    });
    expect(ports(said)).toEqual([0, 1, 2, 3]);
  });

  describe.each(['gz', 'zst', 'xz', ''])('that was rotated while nobody read, compressed by %j', (packing) => {
    it('is gone on with where it was left', async () => {
      writeFileSync(log, lines(0, 5));
      const first = await gather(openFile(log), fromNothing, 5);
      appendFileSync(log, lines(5, 8));
      const at = new Date(Date.now() - 60_000);
      utimesSync(log, at, at);
      renameSync(log, `${log}.2`);
      pack(`${log}.2`, packing);
      writeFileSync(`${log}.1`, lines(8, 10));
      writeFileSync(log, lines(10, 12));
      const second = await gather(openFile(log), first.cursor, 7);
      expect(ports(second).sort((one, two) => Number(one) - Number(two))).toEqual(range(5, 12));
      expect(second.notices).toEqual([]);
      const third = await gather(openFile(log), second.cursor, 1, () => appendFileSync(log, line(12)));
      expect(ports(third)).toEqual([12]);
    });
  });

  it('is gone on with in the middle of a compressed one', async () => {
    writeFileSync(log, lines(0, 1));
    const first = await gather(openFile(log), fromNothing, 1);
    appendFileSync(log, lines(1, 9000));
    renameSync(log, `${log}.1`);
    pack(`${log}.1`, 'gz');
    writeFileSync(log, line(9000));
    // Whoever reads is stopped after its first batch.
    const second = await gather(openFile(log), first.cursor, 1);
    expect(second.events.length).toBeLessThan(8999);
    const third = await gather(openFile(log), second.cursor, 9000 - second.events.length);
    expect([...ports(second), ...ports(third)]).toEqual(range(1, 9001));
  });

  it('that was empty, and was filled, copied and emptied twice before anybody looked, is read in its copies', async () => {
    writeFileSync(log, '');
    const first = await gather(openFile(log), null, ({ cursor }) => cursor !== null);
    await sleep(20);
    for (const [port, copy] of [
      [0, '.2'],
      [10, '.1'],
    ] as const) {
      appendFileSync(log, lines(port, port + 3));
      copyFileSync(log, `${log}${copy}`);
      truncateSync(log, 0);
    }
    appendFileSync(log, lines(20, 22));
    const second = await gather(openFile(log), first.cursor, 8);
    expect(ports(second).sort((one, two) => Number(one) - Number(two))).toEqual([0, 1, 2, 10, 11, 12, 20, 21]);
  });

  it('that is copied and emptied is read on in the copy', async () => {
    const said = await gather(openFile(log), fromNothing, has(8), async () => {
      writeFileSync(log, lines(0, 4));
      await sleep(100);
      appendFileSync(log, lines(4, 6));
      copyFileSync(log, `${log}.1`);
      truncateSync(log, 0);
      appendFileSync(log, lines(10, 12));
    });
    expect(ports(said)).toEqual([0, 1, 2, 3, 4, 5, 10, 11]);
    expect(said.notices).toEqual([]);
    // Again, with nobody looking, more written than was there before, and the copy compressed.
    appendFileSync(log, lines(12, 14));
    renameSync(`${log}.1`, `${log}.2`);
    writeFileSync(`${log}.1.gz`, gzipSync(readLog()));
    truncateSync(log, 0);
    appendFileSync(log, lines(20, 40));
    const later = await gather(openFile(log), said.cursor, has(22));
    expect(ports(later).sort((one, two) => Number(one) - Number(two))).toEqual([12, 13, ...range(20, 40)]);
  });

  it('that was read further than its copy goes is not read twice', async () => {
    writeFileSync(log, lines(0, 3));
    const first = await gather(openFile(log), fromNothing, 5, async () => {
      await look();
      copyFileSync(log, `${log}.1`);
      appendFileSync(log, lines(3, 5));
    });
    await sleep(20);
    // Its copy is compressed, and is younger than what was read.
    writeFileSync(`${log}.1.gz`, gzipSync(Buffer.from(lines(0, 3))));
    unlinkSync(`${log}.1`);
    truncateSync(log, 0);
    appendFileSync(log, lines(10, 14));
    const second = await gather(openFile(log), first.cursor, 4);
    expect([ports(second), second.notices]).toEqual([range(10, 14), []]);
    const third = await gather(openFile(log), second.cursor, 1, async () => {
      await look();
      writeFileSync(`${log}.1`, lines(10, 12));
      truncateSync(log, 0);
      appendFileSync(log, line(20));
    });
    expect([ports(third), third.notices]).toEqual([[20], []]);
  });

  it.each([1, 0.5, 0.01])('that is just being copied, of which %d are done, counts once', async (share) => {
    writeFileSync(log, lines(0, 3));
    const first = await gather(openFile(log), fromNothing, 3);
    appendFileSync(log, lines(3, 5));
    copyFileSync(log, `${log}.2`);
    truncateSync(log, 0);
    appendFileSync(log, lines(10, 14));
    writeFileSync(`${log}.1`, readLog().subarray(0, readLog().length * share));
    const second = await gather(openFile(log), first.cursor, 7, async () => {
      await look();
      writeFileSync(`${log}.1`, readLog());
      truncateSync(log, 0);
      appendFileSync(log, lines(20, 21));
    });
    expect([ports(second), second.notices]).toEqual([[3, 4, 10, 11, 12, 13, 20], []]);
  });

  it('is not read again from where its oldest file is, whose writer still holds it', async () => {
    writeFileSync(log, line(0));
    const first = await gather(openFile(log), fromNothing, 4, async () => {
      await look();
      renameSync(log, `${log}.2`);
      writeFileSync(`${log}.1`, line(1));
      writeFileSync(log, line(2));
      const longAgo = new Date(Date.now() - 60_000);
      utimesSync(`${log}.1`, longAgo, longAgo);
      // Time enough to let go of the one in the middle.
      await sleep(200);
      appendFileSync(`${log}.2`, line(3));
    });
    expect(ports(first).sort()).toEqual([0, 1, 2, 3]);
    const second = await gather(openFile(log), first.cursor, 1, () => appendFileSync(log, line(4)));
    expect(ports(second)).toEqual([4]);
  });

  it('that is emptied without a copy is read on, and what cannot be known is said', async () => {
    const said = await gather(openFile(log), fromNothing, has(4), async () => {
      writeFileSync(log, lines(0, 3));
      await look();
      truncateSync(log, 0);
      appendFileSync(log, line(5));
    });
    expect(ports(said)).toEqual([0, 1, 2, 5]);
    expect(said.notices).toEqual([
      expect.stringMatching(/kern\.log was emptied, and no copy of it is there: .* in the \d+ milliseconds before/),
    ]);
  });

  it('that is emptied under a writer that keeps its place has a hole, which is no line', async () => {
    const writer = openSync(log, 'w');
    let at = 0;
    const put = (text: string): void => {
      at += writeSync(writer, text, at);
    };
    const said = await gather(openFile(log), fromNothing, has(6), async () => {
      for (const port of [0, 10, 20]) {
        put(lines(port, port + 2));
        await look();
        copyFileSync(log, `${log}.1`);
        ftruncateSync(writer, 0);
      }
    });
    closeSync(writer);
    expect(ports(said)).toEqual([0, 1, 10, 11, 20, 21]);
    expect([said.notices, said.passed]).toEqual([[], 0]);
  });

  it('that is gone, with all that it was renamed to, is said to be', async () => {
    writeFileSync(log, lines(0, 3));
    const first = await gather(openFile(log), fromNothing, 3);
    await sleep(20);
    unlinkSync(log);
    writeFileSync(log, lines(20, 23));
    const second = await gather(openFile(log), first.cursor, 3);
    expect(ports(second)).toEqual([20, 21, 22]);
    expect(second.notices).toEqual([
      `What ${log} was when it was last read is gone: what was written into it after that is lost.`,
    ]);
  });

  it('has lines beyond all measure passed over', async () => {
    const said = await gather(openFile(log), fromNothing, 2, async () => {
      writeFileSync(log, line(0));
      for (let piece = 0; piece < 30; piece += 1) appendFileSync(log, 'x'.repeat(100_000));
      await look();
      appendFileSync(log, `${line(7)}${line(1)}`);
    });
    expect(ports(said)).toEqual([0, 1]);
    expect(said.passed).toBe(1);
  });

  it('is followed by a link, and through it from one dated file to the next', async () => {
    const dated = (day: number): string => join(folder, `kern-2026112${day}.log`);
    const link = join(folder, 'current');
    writeFileSync(dated(1), line(0));
    symlinkSync(dated(1), link);
    const first = await gather(openFile(link), fromNothing, 3, async () => {
      await look();
      writeFileSync(dated(2), line(1));
      symlinkSync(dated(2), `${link}.new`);
      renameSync(`${link}.new`, link);
      appendFileSync(dated(1), line(2));
    });
    expect(ports(first).sort()).toEqual([0, 1, 2]);
    writeFileSync(dated(3), line(3));
    appendFileSync(dated(2), line(4));
    unlinkSync(link);
    symlinkSync(dated(3), link);
    expect(ports(await gather(openFile(link), first.cursor, 2)).sort()).toEqual([3, 4]);
  });

  it('that is a folder cannot be read', async () => {
    expect((await gather(openFile(folder), null, 1)).unavailable?.message).toBe(`${folder} is neither a file nor a FIFO`);
  });

  it('may be a FIFO', async () => {
    execFileSync('mkfifo', [log]);
    const said = await gather(openFile(log), null, 3, async () => {
      writeFileSync(log, lines(0, 2));
      await look();
      writeFileSync(log, line(2));
    });
    expect(ports(said)).toEqual([0, 1, 2]);
  });

  it('has a history, in which what was last written before the moment is left out', async () => {
    const hour = 3_600_000;
    const now = Date.now();
    for (const [name, from, hoursAgo] of [
      ['.3.gz', 0, 30],
      ['.2.zst', 10, 20],
      ['.1', 20, 10],
      ['', 30, 0],
    ] as const) {
      const text = Buffer.from(lines(from, from + 3).trimEnd());
      writeFileSync(`${log}${name}`, name === '.3.gz' ? gzipSync(text) : name === '.2.zst' ? zstdCompressSync(text) : text);
      const at = (now - hoursAgo * hour) / 1000;
      utimesSync(`${log}${name}`, at, at);
    }
    writeFileSync(`${log}.bak`, lines(90, 93));
    const read = async (since: number): Promise<(number | null)[]> => {
      const source = { ...openFile(log), follow: () => readHistory(log, since) };
      return ports(await gather(source, null, has(99)));
    };
    expect(await read(now - 25 * hour)).toEqual([...range(10, 13), ...range(20, 23), ...range(30, 33)]);
    expect(await read(0)).toEqual([...range(0, 3), ...range(10, 13), ...range(20, 23), ...range(30, 33)]);
  });
});

describe('standard input', () => {
  it('is read in whatever pieces it comes, to its end', async () => {
    const text = Buffer.from(lines(0, 50).trimEnd());
    async function* pieces(): AsyncGenerator<Buffer> {
      for (let at = 0; at < text.length; at += 777) yield text.subarray(at, at + 777);
    }
    expect(ports(await gather(openStdin(pieces()), null, has(99)))).toEqual(range(0, 50));
  });
});

function readLog(): Buffer {
  return execFileSync('cat', [log]);
}

function pack(path: string, packing: string): void {
  if (packing === 'gz') execFileSync('gzip', [path]);
  else if (packing === 'xz') execFileSync('xz', [path]);
  else if (packing === 'zst') execFileSync('zstd', ['-q', '--rm', path]);
}
