import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { start } from '../../../kernel/index.ts';
import type { Generation } from './generations.ts';
import { isHead, type Place } from './place.ts';

const pieceBytes = 64 * 1024;

/** A file that was listed cannot be opened: it has just been renamed or compressed, or it may not be read. The next listing tells. */
export class Unheld extends Error {
  readonly path: string;
  /** As open(2) says it. */
  readonly code: string;

  constructor(path: string, code: string) {
    super(`${path}: ${code}`);
    this.path = path;
    this.code = code;
  }
}

/** One file of a log, held open: whoever renames, compresses or deletes it changes nothing of what is read. */
export class Held implements Disposable {
  readonly generation: Generation;
  /** What it was last found to begin with. */
  beginning: Buffer = Buffer.alloc(0);
  private fd: number;

  /** @throws {Unheld} where the name is another file's by now. */
  constructor(generation: Generation) {
    this.generation = generation;
    this.fd = openAt(generation.path);
    const stats = fstatSync(this.fd, { bigint: true });
    if (Number(stats.dev) === generation.dev && String(stats.ino) === generation.ino) return;
    closeSync(this.fd);
    throw new Unheld(generation.path, 'ENOENT');
  }

  /** Whether what it holds begins as the file of a place did. */
  async begins({ head }: Place): Promise<boolean> {
    const bytes = await this.head(head.from, head.length);
    if (bytes === null || !isHead(head, bytes)) return false;
    this.beginning = bytes;
    return true;
  }

  /** The bytes that it holds from a place on, at most so many; `null`: it is damaged. */
  async head(from: number, length: number): Promise<Buffer | null> {
    let head = Buffer.alloc(0);
    try {
      for await (const piece of this.content(from + length)) {
        head = Buffer.concat([head, piece]);
        if (head.length >= from + length) break;
      }
    } catch {
      // What came before the damage counts.
    }
    return head.length < from ? null : head.subarray(from, from + length);
  }

  /** What it holds, in pieces; as compressed files say it, unpacked. @throws where it is damaged, or the program that unpacks it is not there. */
  async *content(most = Number.POSITIVE_INFINITY): AsyncGenerator<Buffer> {
    const { packing } = this.generation;
    if (packing === 'xz') {
      yield* this.byProgram();
      return;
    }
    if (packing === null) {
      yield* this.bytes(most);
      return;
    }
    const out = new PassThrough();
    const flowing = pipeline(
      this.bytes(Number.POSITIVE_INFINITY),
      packing === 'gz' ? createGunzip() : createZstdDecompress(),
      out,
    );
    // Said by the loop below, which reads the same stream.
    flowing.catch(() => undefined);
    try {
      yield* out as AsyncIterable<Buffer>;
      await flowing;
    } finally {
      out.destroy();
    }
  }

  /** As they stand there. By places, so that they can be read again; a stream of Node's would close the descriptor. */
  private *bytes(most: number): Generator<Buffer> {
    for (let at = 0; at < most && this.fd >= 0; ) {
      const piece = Buffer.allocUnsafe(Math.min(pieceBytes, most - at));
      const count = readSync(this.fd, piece, 0, piece.length, at);
      if (count === 0) return;
      at += count;
      yield piece.subarray(0, count);
    }
  }

  private async *byProgram(): AsyncGenerator<Buffer> {
    await using child = start({ argv: ['xz', '-dc', '--', `/proc/${process.pid}/fd/${this.fd}`] });
    yield* child.output as AsyncIterable<Buffer>;
    const { status, stderr } = await child.ended;
    if (status !== 0) throw new Error(stderr.trim().split('\n').at(-1) ?? 'xz failed');
  }

  /** Hands its descriptor over. */
  take(): number {
    const { fd } = this;
    this.fd = -1;
    return fd;
  }

  [Symbol.dispose](): void {
    if (this.fd >= 0) closeSync(this.fd);
    this.fd = -1;
  }
}

/** @throws {Unheld} */
export function openAt(path: string): number {
  try {
    // Not to wait for a writer, should it be a FIFO by now.
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw new Unheld(path, (error as NodeJS.ErrnoException).code ?? String(error));
  }
}
