import { Batch, type LineReader, readLines } from '../events/index.ts';
import type { Said } from './source.ts';

/** Bytes that are read at once. */
const pieceBytes = 1024 * 1024;
const lineThenHole = Buffer.from([10, 0]);

/** Turns bytes into batches: one buffer, into which bytes are read, and one batch, whose texts stand in it. */
export class Pieces {
  /** Its last byte stays free for the end of a last line. */
  readonly buffer = Buffer.allocUnsafeSlow(pieceBytes + 1);
  readonly batch = new Batch();
  readonly lines: LineReader;

  constructor(lines: LineReader, trusted: boolean) {
    this.lines = lines;
    this.batch.trusted = trusted;
  }

  /** The part of it to read into. */
  readonly room = this.buffer.subarray(0, pieceBytes);

  /**
   * The whole lines from `from` to `to`, batch by batch; answers where the last of them ended. NUL bytes where a line should begin are a hole in
   * a file, and are passed over.
   *
   * @param cursorAt says where reading has come to when everything before that place of the buffer has been taken.
   */
  *take(from: number, to: number, cursorAt: (at: number) => string | null): Generator<Said, number> {
    let at = from;
    while (at < to) {
      const end = this.hole(at, to);
      while (at < end) {
        const passed = this.lines.passed;
        this.batch.clear();
        const came = readLines(this.buffer, at, end, this.lines, this.batch);
        if (came === at) return at;
        at = came;
        yield { kind: 'batch', batch: this.batch, cursor: cursorAt(at), passed: this.lines.passed - passed };
      }
      while (at < to && this.buffer[at] === 0) at += 1;
    }
    return at;
  }

  /** What is left is a line, though nobody will write its end. */
  *takeLast(from: number, to: number, cursorAt: (at: number) => string | null): Generator<Said, number> {
    if (from === to) return to;
    this.buffer[to] = 10;
    yield* this.take(from, to + 1, (at) => cursorAt(Math.min(at, to)));
    return to;
  }

  private hole(from: number, to: number): number {
    if (this.buffer[from] === 0 && !this.lines.isWithin) return from;
    const at = this.buffer.subarray(0, to).indexOf(lineThenHole, from);
    return at < 0 ? to : at + 1;
  }
}

/** Lines of a stream, until it ends or the signal aborts. Nothing tells where it could be gone on with. */
export async function* takeStream(stream: AsyncIterable<Uint8Array>, pieces: Pieces, now: () => number): AsyncGenerator<Said> {
  let kept = 0;
  const nowhere = (): null => null;
  for await (const bytes of stream) {
    pieces.lines.clock.now = now();
    for (let from = 0; from < bytes.length; ) {
      const piece = bytes.subarray(from, from + pieces.room.length - kept);
      pieces.buffer.set(piece, kept);
      from += piece.length;
      const to = kept + piece.length;
      const came = yield* pieces.take(0, to, nowhere);
      pieces.buffer.copyWithin(0, came, to);
      kept = to - came;
    }
  }
  yield* pieces.takeLast(0, kept, nowhere);
}
