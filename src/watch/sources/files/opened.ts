import { closeSync, fstatSync, readSync, statSync } from 'node:fs';
import type { Generation } from './generations.ts';
import { type Head, headBytes, headOf, type Place } from './place.ts';

/** What reading on in a file found. */
export type Found =
  /** So many bytes from the offset on; 0: there are no more for now. */
  | { readonly kind: 'bytes'; readonly count: number }
  /** It no longer begins as it did, or is shorter than what was read: somebody emptied it, and perhaps wrote into it since. */
  | { readonly kind: 'cut' };

const nothing = Buffer.alloc(0);
const cut: Found = { kind: 'cut' };
const hole = Buffer.alloc(64 * 1024);

/** A file of a log, held open: it stays the same one whatever becomes of its name. */
export class Opened implements Disposable {
  readonly fd: number;
  readonly dev: number;
  readonly ino: string;
  /** A copy of what was read under the name, into which nobody writes; the next copy may be written over it. */
  isCopy = false;
  offset = 0;
  within = false;
  private head: Buffer = nothing;
  private remembered: Head | null = null;
  private headFrom = 0;
  private readonly seen = Buffer.alloc(headBytes);

  /** @param fd its own from now on. */
  constructor(fd: number) {
    this.fd = fd;
    const stats = fstatSync(this.fd, { bigint: true });
    this.dev = Number(stats.dev);
    this.ino = String(stats.ino);
  }

  isOf(generation: Generation): boolean {
    return generation.dev === this.dev && generation.ino === this.ino;
  }

  /** Whether its name is still this one. */
  isAt(path: string): boolean {
    try {
      const stats = statSync(path, { bigint: true });
      return Number(stats.dev) === this.dev && String(stats.ino) === this.ino;
    } catch {
      // Nothing has that name, or it cannot be seen.
      return false;
    }
  }

  /** Puts bytes from the offset on into the buffer. Whether they are of the file that was read so far is looked at when they are there. */
  read(into: Buffer): Found {
    if (this.head.length === 0) {
      this.passHole();
      // Before the bytes too: they are then of a file that began so.
      this.isSame();
    }
    const count = readSync(this.fd, into, 0, into.length, this.offset);
    if (!this.isSame()) return cut;
    return count === 0 && fstatSync(this.fd).size < this.offset ? cut : { kind: 'bytes', count };
  }

  /**
   * Begins at its start, or behind the hole that is there if it was emptied and its writer goes on at its old place.
   *
   * @param beginning what it was found to begin with; should it be emptied meanwhile, the next reading sees that. Left out: looked at now.
   */
  begin(beginning: Buffer = nothing): void {
    this.offset = 0;
    this.within = false;
    this.headFrom = 0;
    this.remembered = null;
    this.head = beginning[0] === 0 ? nothing : Buffer.from(beginning);
    if (this.head.length > 0) return;
    this.passHole();
    // At once: it may be emptied again before it is read.
    this.isSame();
  }

  /** NUL bytes that nobody wrote. True if there were any. */
  passHole(): boolean {
    const from = this.offset;
    for (;;) {
      const count = readSync(this.fd, hole, 0, hole.length, this.offset);
      let at = 0;
      while (at < count && hole[at] === 0) at += 1;
      this.offset += at;
      if (at < count || count === 0) break;
    }
    if (this.head.length === 0 && from === this.headFrom) this.headFrom = this.offset;
    return this.offset > from;
  }

  /**
   * Goes on where an earlier reading came to.
   *
   * @param beginning what the file was found to begin with; should it be emptied meanwhile, the next reading sees that.
   */
  resume(place: Place, beginning: Buffer): void {
    this.headFrom = place.head.from;
    this.head = Buffer.from(beginning);
    this.within = place.within;
    this.isCopy = place.ino !== this.ino;
    this.offset = this.isCopy ? Math.min(place.offset, this.stats().size) : place.offset;
  }

  /** Begins behind the last whole line: what comes now is new. */
  skipToEnd(): void {
    this.passHole();
    this.offset = Math.max(this.offset, lastLineEnd(this.fd, fstatSync(this.fd).size));
    this.isSame();
  }

  /** Nothing has been written into it yet, as far as was seen. */
  get isEmpty(): boolean {
    return this.head.length === 0;
  }

  place(): Place {
    return {
      dev: this.dev,
      ino: this.ino,
      head: this.headNow(),
      offset: this.offset,
      within: this.within,
      written: this.stats().written,
    };
  }

  stats(): { readonly size: number; readonly written: number } {
    const stats = fstatSync(this.fd, { bigint: true });
    return { size: Number(stats.size), written: Number(stats.mtimeNs) / 1e6 };
  }

  private headNow(): Head {
    if (this.remembered?.length !== this.head.length || this.remembered.from !== this.headFrom)
      this.remembered = headOf(this.head, this.headFrom);
    return this.remembered;
  }

  private isSame(): boolean {
    const bytes = this.headAt(this.headFrom);
    if (bytes.length < this.head.length || this.head.compare(bytes, 0, this.head.length) !== 0) return false;
    // It has grown: what it begins with is longer.
    if (bytes.length > this.head.length) this.head = Buffer.from(bytes);
    return true;
  }

  private headAt(from: number): Buffer {
    return this.seen.subarray(0, readSync(this.fd, this.seen, 0, headBytes, from));
  }

  [Symbol.dispose](): void {
    closeSync(this.fd);
  }
}

function lastLineEnd(fd: number, size: number): number {
  const bytes = Buffer.alloc(Math.min(size, 64 * 1024));
  const count = readSync(fd, bytes, 0, bytes.length, size - bytes.length);
  const last = bytes.subarray(0, count).lastIndexOf(10);
  return last < 0 ? size : size - bytes.length + last + 1;
}
