import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { uptime } from 'node:os';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { failed, ok, type Problem, type Result } from '../../result.ts';
import { Batch, LineClock, LineReader, type Names, readLines } from '../../watch/events/index.ts';

/** One log, read from its beginning to its end, a batch at a time. */
export interface Log extends AsyncDisposable {
  readonly name: string;
  readonly reader: LineReader;
  readonly batch: Batch;
  /** Events read so far. */
  readonly events: number;
  /** Fills the batch anew; `false`: nothing is left. @throws {UnreadLog} */
  next(): Promise<boolean>;
}

/** A log that could be opened, and not be read to its end. */
export class UnreadLog extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.message);
    this.problem = problem;
  }
}

const chunk = 1 << 20;
/** What is left of a piece without a line end, and the end that its last line may lack. */
const rest = 64 * 1024;

export async function openLog(file: string, names: Names, now: number): Promise<Result<Log>> {
  const named = file === '-' ? 'standard input' : file;
  let handle: FileHandle | null = null;
  let written = now;
  try {
    if (file !== '-') {
      handle = await open(file);
      const found = await handle.stat();
      if (found.isDirectory()) {
        await handle.close();
        return failed(missing(file, 'it is a folder', 'name the files in it'));
      }
      if (found.isFile()) written = Math.min(now, found.mtimeMs);
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EACCES' ? 'it may not be read' : String(code ?? error);
    return failed(missing(file, why, 'name a log that can be read; - is standard input'));
  }
  const clock = new LineClock(written, { zone: localZone, bootedAt: now - uptime() * 1000 });
  const reader = new LineReader(clock);
  const batch = new Batch(8192, names);
  const source = handle !== null && packingOf(file) === null ? fromHandle(handle) : fromStream(streamOf(file, handle));
  const bytes = Buffer.allocUnsafe(chunk + rest);
  let [at, end, isOver, events] = [0, 0, false, 0];
  return ok({
    name: named,
    reader,
    batch,
    get events() {
      return events;
    },
    async next() {
      batch.clear();
      for (;;) {
        at = readLines(bytes, at, end, reader, batch);
        if (batch.length > 0) {
          events += batch.length;
          return true;
        }
        if (isOver) return false;
        bytes.copyWithin(0, at, end);
        [at, end] = [0, end - at];
        const read = await source.read(bytes, end, bytes.length - 1 - end).catch((error: NodeJS.ErrnoException) => {
          throw new UnreadLog(missing(named, `it cannot be read to its end: ${reasonOf(error)}`, 'name a log that is whole'));
        });
        end += read;
        if (read === 0) {
          isOver = true;
          if (end > 0) bytes[end++] = 10;
        }
      }
    },
    async [Symbol.asyncDispose]() {
      source.stop();
      await handle?.close();
    },
  });
}

interface Pieces {
  /** Bytes that were written at `to`, at most `most`; 0: it is over. */
  read(into: Buffer, to: number, most: number): Promise<number>;
  stop(): void;
}

function fromHandle(handle: FileHandle): Pieces {
  return { read: async (into, to, most) => (await handle.read(into, to, most)).bytesRead, stop: () => undefined };
}

function fromStream(stream: PassThrough): Pieces {
  const pieces = (stream as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  let piece: Buffer = Buffer.alloc(0);
  return {
    async read(into, to, most) {
      if (piece.length === 0) {
        const next = await pieces.next();
        if (next.done === true) return 0;
        piece = next.value;
      }
      const taken = piece.copy(into, to, 0, most);
      piece = piece.subarray(taken);
      return taken;
    },
    stop: () => void stream.destroy(),
  };
}

function streamOf(file: string, handle: FileHandle | null): PassThrough {
  const raw = handle === null ? createReadStream('', { fd: 0, autoClose: false }) : handle.createReadStream({ autoClose: false });
  const out = new PassThrough({ highWaterMark: chunk });
  const packing = packingOf(file);
  const flowing =
    packing === null ? pipeline(raw, out) : pipeline(raw, packing === 'gz' ? createGunzip() : createZstdDecompress(), out);
  // Whoever reads `out` is told.
  flowing.catch((error: Error) => void out.destroy(error));
  return out;
}

function packingOf(file: string): 'gz' | 'zst' | null {
  return file.endsWith('.gz') ? 'gz' : file.endsWith('.zst') ? 'zst' : null;
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  return code === 'Z_BUF_ERROR' || code === 'Z_DATA_ERROR' ? 'what was compressed is damaged or cut off' : (code ?? message);
}

function missing(file: string, message: string, hint: string): Problem {
  return { code: 'file-missing', at: { file }, message, hint };
}

/** How many milliseconds this machine's time is ahead of UTC, where its calendar reads so. */
function localZone(local: number): number {
  const read = new Date(local);
  const at = new Date(
    read.getUTCFullYear(),
    read.getUTCMonth(),
    read.getUTCDate(),
    read.getUTCHours(),
    read.getUTCMinutes(),
    read.getUTCSeconds(),
  ).getTime();
  return Math.floor(local / 1000) * 1000 - at;
}
