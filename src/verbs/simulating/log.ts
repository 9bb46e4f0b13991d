import { open } from 'node:fs/promises';
import { uptime } from 'node:os';
import { failed, ok, type Problem, type Result } from '../../result.ts';
import { Batch, LineClock, LineReader, type Names, readLines } from '../../watch/events/index.ts';
import { Held, localZone, packingOf } from '../../watch/sources/index.ts';

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
  // Not by its number: Node makes a pipe answer EAGAIN, once something was said, where it would have to wait for the writer.
  const opened =
    file === '-'
      ? { read: fromPieces(process.stdin), written: now, handle: { close: async () => void process.stdin.destroy() } }
      : await openFile(file);
  if ('problem' in opened) return failed(opened.problem);
  const name = file === '-' ? 'standard input' : file;
  // Lines without a year are of before the file was written last; those of dmesg of this machine's present start.
  const clock = new LineClock(Math.min(now, opened.written), { zone: localZone, bootedAt: now - uptime() * 1000 });
  const reader = new LineReader(clock);
  const batch = new Batch(8192, names);
  const bytes = Buffer.allocUnsafe(chunk + rest);
  let [at, end, isOver, events] = [0, 0, false, 0];
  return ok({
    name,
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
        const read = await opened.read(bytes, end, bytes.length - 1 - end).catch((error: NodeJS.ErrnoException) => {
          throw new UnreadLog(problemOf(name, `it cannot be read to its end: ${reasonOf(error)}`, 'name a log that is whole'));
        });
        end += read;
        if (read === 0) {
          isOver = true;
          if (end > 0) bytes[end++] = 10;
        }
      }
    },
    async [Symbol.asyncDispose]() {
      await opened.handle.close();
    },
  });
}

/** What is closed in the end. */
interface Closing {
  close(): Promise<void>;
}

/** Reads bytes to `to`, at most `most`, and answers how many; 0: it is over. */
type Read = (into: Buffer, to: number, most: number) => Promise<number>;

async function openFile(
  file: string,
): Promise<{ readonly read: Read; readonly written: number; readonly handle: Closing } | { readonly problem: Problem }> {
  try {
    const handle = await open(file);
    const found = await handle.stat({ bigint: true });
    if (found.isDirectory()) {
      await handle.close();
      return { problem: problemOf(file, 'it is a folder', 'name the files in it') };
    }
    const packing = packingOf(file);
    const written = found.isFile() ? Number(found.mtimeMs) : Number.POSITIVE_INFINITY;
    if (packing === null)
      return { read: async (into, to, most) => (await handle.read(into, to, most)).bytesRead, handle, written };
    await handle.close();
    const [dev, ino, size] = [Number(found.dev), String(found.ino), Number(found.size)];
    const held = new Held({ path: file, dev, ino, size, written, packing });
    return { read: fromPieces(held.content()), handle: { close: async () => held[Symbol.dispose]() }, written };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EACCES' ? 'it may not be read' : String(code ?? error);
    return { problem: problemOf(file, why, 'name a log that can be read; - is standard input') };
  }
}

function fromPieces(pieces: AsyncIterable<Buffer>): Read {
  const following = pieces[Symbol.asyncIterator]();
  let piece: Buffer = Buffer.alloc(0);
  return async (into, to, most) => {
    while (piece.length === 0) {
      const next = await following.next();
      if (next.done === true) return 0;
      piece = next.value;
    }
    const taken = piece.copy(into, to, 0, most);
    piece = piece.subarray(taken);
    return taken;
  };
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  return code === 'Z_BUF_ERROR' || code === 'Z_DATA_ERROR' ? 'what was compressed is damaged or cut off' : (code ?? message);
}

function problemOf(file: string, message: string, hint: string): Problem {
  return { code: 'file-missing', at: { file }, message, hint };
}
