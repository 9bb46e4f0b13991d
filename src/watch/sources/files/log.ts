import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../../clock.ts';
import type { Pieces } from '../pieces.ts';
import type { Said } from '../source.ts';
import { type Generation, generationsOf } from './generations.ts';
import { Opened } from './opened.ts';
import { formatPlaces, headBytes, headOf, isHead, type Place, parsePlaces } from './place.ts';
import { unpack, unpackHead } from './unpack.ts';

/** How long a file that was renamed must have been left alone before nobody is expected to write into it any more. */
const quietMs = 3000;

/**
 * The files that one log consists of, while it is followed: the one of its name, and those before it that are not read to their end or whose
 * writer may still hold them. All are read side by side, and the cursor says how far in each.
 */
export class Log implements Disposable {
  private readonly path: string;
  private readonly pieces: Pieces;
  private readonly clock: Clock;
  /** Oldest first. */
  private readonly opened: Opened[] = [];
  /** In a compressed file, which is older than those. */
  private unpacking: Place | null = null;
  /** Why the file of the name cannot be opened, as it was said. */
  private refused = '';
  private readAt: number;

  constructor(path: string, pieces: Pieces, clock: Clock) {
    this.path = path;
    this.pieces = pieces;
    this.clock = clock;
    this.readAt = clock.now();
  }

  cursor(): string {
    const places = this.opened.map((file) => file.place());
    return formatPlaces(this.unpacking === null ? places : [this.unpacking, ...places]);
  }

  /** What comes from now on. */
  *beginNow(): Generator<Said> {
    const file = yield* this.open(this.path);
    if (file !== null) {
      file.skipToEnd();
      this.opened.push(file);
    }
    yield this.moved();
  }

  /** Goes on where an earlier reading came to, whatever has become of the files since. False: not yet, since one cannot be opened now. */
  async *resume(after: string): AsyncGenerator<Said, boolean> {
    const places = parsePlaces(after);
    if (places === null) {
      yield { kind: 'notice', text: `It is not known how far ${this.path} was read: it is read from its end on.` };
      yield* this.beginNow();
      return true;
    }
    const generations = generationsOf(this.path);
    const found = new Map<Generation, Place>();
    let gone = false;
    for (const place of places) {
      const generation = await generationOf(place, generations);
      if (generation !== null && !found.has(generation)) found.set(generation, place);
      else gone ||= place.offset > 0;
    }
    const oldest = generations.findIndex((generation) => found.has(generation));
    const latest = Math.max(0, ...places.map(({ written }) => written));
    const from = oldest >= 0 ? generations.slice(oldest) : generations.filter(({ written }) => written > latest);
    if (!(yield* this.openAll(from, found))) return false;
    if (gone)
      yield {
        kind: 'notice',
        text: `What ${this.path} was when it was last read is gone: what was written into it after that is lost.`,
      };
    yield* this.unpackAll(from, found);
    yield this.moved();
    return true;
  }

  /** Reads one file to its end. */
  async *readAll(generation: Generation): AsyncGenerator<Said> {
    if (generation.packing !== null) {
      yield* this.unpacked(generation, 0);
      return;
    }
    if (!(yield* this.openAll([generation], new Map()))) {
      yield { kind: 'notice', text: `${generation.path} was renamed while it was to be read, and is left out.` };
      return;
    }
    for (const file of [...this.opened]) {
      yield* this.drain(file);
      yield* this.close(file);
    }
  }

  /** Reads all that is there by now; true: something was, or another file has the name. */
  async *readOn(): AsyncGenerator<Said, boolean> {
    let some = false;
    for (const file of [...this.opened]) some = (yield* this.drain(file)) || some;
    const turned = yield* this.turnOver();
    yield* this.retire();
    this.readAt = this.clock.now();
    return some || turned;
  }

  /** Which file has the name, as far as is known. */
  get newest(): string {
    return this.opened.at(-1)?.ino ?? '';
  }

  /** The file of the name is not there, or may not be read. */
  get isWaiting(): boolean {
    return this.opened.length === 0 || this.refused !== '';
  }

  /** Holds these open too, those that are compressed left out; none of them, and false, where one is renamed at this moment or cannot be read. */
  private *openAll(generations: readonly Generation[], places: ReadonlyMap<Generation, Place>): Generator<Said, boolean> {
    const files: Opened[] = [];
    for (const generation of generations) {
      if (generation.packing !== null) continue;
      const file = yield* this.open(generation.path);
      if (file === null || !file.isOf(generation)) {
        for (const each of files) each[Symbol.dispose]();
        file?.[Symbol.dispose]();
        return false;
      }
      files.push(file);
      const place = places.get(generation);
      if (place === undefined || !file.resume(place)) file.begin();
    }
    this.opened.push(...files);
    return true;
  }

  private async *unpackAll(generations: readonly Generation[], places: ReadonlyMap<Generation, Place>): AsyncGenerator<Said> {
    for (const generation of generations)
      if (generation.packing !== null) yield* this.unpacked(generation, places.get(generation)?.offset ?? 0);
  }

  private *open(path: string): Generator<Said, Opened | null> {
    try {
      const file = new Opened(path);
      this.refused = '';
      return file;
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (code !== this.refused) {
        const why = code === 'ENOENT' ? 'is not there' : `cannot be read (${code})`;
        yield { kind: 'notice', text: `${path} ${why}: it is read as soon as it can be.` };
      }
      this.refused = code;
      return null;
    }
  }

  /** True if something was there. */
  private async *drain(file: Opened): AsyncGenerator<Said, boolean> {
    const { pieces } = this;
    let some = false;
    for (;;) {
      const found = file.read(pieces.room);
      if (found.kind === 'cut') {
        yield* this.cut(file);
        some = true;
        continue;
      }
      if (found.count === 0) return some;
      const { offset } = file;
      pieces.lines.isWithin = file.within;
      // Lines that tell no year are of the latest before the file's end.
      pieces.lines.clock.now = file.stats().written;
      const came = yield* pieces.take(0, found.count, (at) => {
        file.offset = offset + at;
        file.within = pieces.lines.isWithin;
        return this.cursor();
      });
      file.offset = offset + came;
      file.within = pieces.lines.isWithin;
      // Less than the room was there: the rest is a line whose end is to come.
      if (found.count < pieces.room.length) return some || came > 0;
      some = true;
      await setImmediate();
    }
  }

  /** Somebody emptied the file that is open. What had not been read of it stands in the copy that logrotate made before (copytruncate). */
  private async *cut(file: Opened): AsyncGenerator<Said> {
    const place = file.place();
    file.begin();
    if (place.head.length === 0) return;
    const others = generationsOf(this.path).filter((generation) => !this.opened.some((each) => each.isOf(generation)));
    const generation = await generationOf(place, others, true);
    if (generation === null) {
      const since = Math.max(0, Math.round(this.clock.now() - this.readAt));
      yield {
        kind: 'notice',
        text: `${this.path} was emptied, and no copy of it is there: what was written into it in the ${since} milliseconds before, after it was last read, is lost.`,
      };
      return;
    }
    if (generation.packing !== null) {
      yield* this.unpacked(generation, place.offset);
      return;
    }
    const copy = yield* this.open(generation.path);
    // It is shorter than what was read where the copy was made before the last lines came.
    if (copy === null || !copy.resume(place)) {
      copy?.[Symbol.dispose]();
      return;
    }
    this.opened.splice(this.opened.indexOf(file), 0, copy);
    yield* this.drain(copy);
    yield* this.close(copy);
  }

  /** Opens what stands under the name by now, and what stood there for a moment since the last look; true if there is something new. */
  private async *turnOver(): AsyncGenerator<Said, boolean> {
    const newest = this.opened.at(-1);
    if (newest?.isAt(this.path) === true) return false;
    const generations = generationsOf(this.path);
    const now = generations.at(-1);
    // Between being renamed and being made again.
    if (now === undefined || now.path !== this.path || newest?.isOf(now) === true) return false;
    let from = generations.length - 1;
    if (newest !== undefined) {
      const place = newest.place();
      let before = generations.findIndex((generation) => newest.isOf(generation));
      if (before < 0) {
        const same = await generationOf(place, generations);
        before = same === null ? generations.findLastIndex(({ written }) => written <= place.written) : generations.indexOf(same);
      }
      from = Math.min(before + 1, from);
    }
    const unseen = generations.slice(from);
    if (!(yield* this.openAll(unseen, new Map()))) return false;
    yield* this.unpackAll(unseen, new Map());
    return true;
  }

  /** Lets go of files that are read to their end and that nobody writes into any more. */
  private *retire(): Generator<Said> {
    const newest = this.opened.at(-1);
    if (newest === undefined || this.opened.length === 1 || newest.stats().size === 0) return;
    const now = this.clock.now();
    for (const file of this.opened.slice(0, -1)) {
      const { written, size } = file.stats();
      if (now - written > quietMs && size - file.offset < this.pieces.room.length) yield* this.close(file);
    }
  }

  /** Its last line is whole, though nobody wrote its end. */
  private *close(file: Opened): Generator<Said> {
    const { pieces } = this;
    const leave = (): void => {
      if (this.opened.includes(file)) this.opened.splice(this.opened.indexOf(file), 1);
    };
    try {
      const { offset } = file;
      const found = file.read(pieces.room);
      if (found.kind === 'cut' || found.count === 0) return;
      pieces.lines.isWithin = file.within;
      yield* pieces.takeLast(0, found.count, (at) => {
        // Nobody shall look for it again once all of it is kept.
        if (at === found.count) leave();
        else file.offset = offset + at;
        return this.cursor();
      });
    } finally {
      leave();
      file[Symbol.dispose]();
    }
  }

  /** What a compressed file holds behind an offset. */
  private async *unpacked(generation: Generation, offset: number): AsyncGenerator<Said> {
    const { pieces } = this;
    const head = await headIn(generation, 0, headBytes);
    if (head === null) return;
    const at = (place: number): Place => ({
      dev: generation.dev,
      ino: generation.ino,
      head: headOf(head, 0),
      offset: place,
      within: pieces.lines.isWithin,
      written: generation.written,
    });
    let base = offset;
    let skip = offset;
    let kept = 0;
    const cursorAt = (came: number): string => {
      this.unpacking = at(base + came);
      return this.cursor();
    };
    pieces.lines.isWithin = false;
    pieces.lines.clock.now = generation.written;
    try {
      for await (const bytes of unpack(generation)) {
        const passed = Math.min(skip, bytes.length);
        skip -= passed;
        for (let from = passed; from < bytes.length; ) {
          const piece = bytes.subarray(from, from + pieces.room.length - kept);
          pieces.buffer.set(piece, kept);
          from += piece.length;
          const to = kept + piece.length;
          const came = yield* pieces.take(0, to, cursorAt);
          pieces.buffer.copyWithin(0, came, to);
          base += came;
          kept = to - came;
        }
      }
      this.unpacking = null;
      yield* pieces.takeLast(0, kept, () => this.cursor());
    } catch (error) {
      this.unpacking = null;
      const why = error instanceof Error ? error.message : String(error);
      yield {
        kind: 'notice',
        text: `${generation.path} cannot be read to its end (${why}): what it holds behind byte ${base + kept} is lost.`,
      };
    }
  }

  private moved(): Said {
    this.pieces.batch.clear();
    return { kind: 'batch', batch: this.pieces.batch, cursor: this.cursor(), passed: 0 };
  }

  [Symbol.dispose](): void {
    for (const file of this.opened.splice(0)) file[Symbol.dispose]();
  }
}

/**
 * The file in which a place is: the very same, as its inode and its beginning tell; else one that begins as it did, a copy or what it was compressed to,
 * the newest first.
 */
async function generationOf(place: Place, generations: readonly Generation[], copiesOnly = false): Promise<Generation | null> {
  const same = generations.find(({ dev, ino }) => dev === place.dev && ino === place.ino);
  if (!copiesOnly && same?.packing === null && same.size >= place.offset && (await begins(same, place))) return same;
  if (place.head.length === 0) return null;
  for (const generation of generations.toReversed())
    if ((generation.packing !== null || generation.size >= place.offset || copiesOnly) && (await begins(generation, place)))
      return generation;
  return null;
}

async function begins(generation: Generation, { head }: Place): Promise<boolean> {
  const bytes = await headIn(generation, head.from, head.length);
  return bytes !== null && isHead(head, bytes);
}

async function headIn(generation: Generation, from: number, length: number): Promise<Buffer | null> {
  try {
    return (await unpackHead(generation, from + length)).subarray(from);
  } catch {
    // Renamed at this moment, or no compressed file in spite of its name.
    return null;
  }
}
