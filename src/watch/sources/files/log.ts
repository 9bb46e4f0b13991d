import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../../clock.ts';
import type { Pieces } from '../pieces.ts';
import type { Said } from '../source.ts';
import type { Generation } from './generations.ts';
import { Held, openAt, Unheld } from './held.ts';
import { Opened } from './opened.ts';
import { formatPlaces, type Place, parsePlaces } from './place.ts';
import { createShelf } from './shelf.ts';
import { type Trail, trailFrom } from './trail.ts';

/** How long a file that was renamed must have been left alone before nobody is expected to write into it any more. */
const quietMs = 3000;
/** How often and how long a file is looked for that is just being renamed. */
const [mostTries, againMs] = [50, 20];

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
  /** Those that are compressed, which are read first. */
  private readonly shelf: ReturnType<typeof createShelf>;
  /** The file of the name, while it was seen to be empty: whatever was written since is behind it. */
  private empty: Place | null = null;
  /** Why a file cannot be opened, as it was said. */
  private refused = '';
  private readAt: number;

  constructor(path: string, pieces: Pieces, clock: Clock) {
    this.path = path;
    this.pieces = pieces;
    this.clock = clock;
    this.readAt = clock.now();
    this.shelf = createShelf(pieces, () => this.cursor());
  }

  cursor(): string {
    return formatPlaces([...this.shelf.places(), ...this.opened.map((file) => file.place())]);
  }

  /** What comes from now on. */
  *beginNow(): Generator<Said> {
    try {
      const file = new Opened(openAt(this.path));
      file.skipToEnd();
      this.opened.push(file);
      this.noteEmpty();
    } catch (error) {
      yield* this.refuse(error);
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
    const trail = yield* this.trail(places);
    if (trail === null) return false;
    if (trail.gone)
      yield {
        kind: 'notice',
        text: `What ${this.path} was when it was last read is gone: what was written into it after that is lost.`,
      };
    yield* this.take(trail);
    yield this.moved();
    return true;
  }

  /** Reads one file to its end. */
  async *readAll(generation: Generation): AsyncGenerator<Said> {
    try {
      yield* this.take({ files: [new Held(generation)], found: new Map(), gone: false, isOlder: false });
    } catch (error) {
      if (!(error instanceof Unheld)) throw error;
      yield { kind: 'notice', text: `${error.path} could not be opened (${error.code}), and is left out.` };
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

  /** `null`: a file is renamed at this moment, or may not be read. */
  private async *trail(places: readonly Place[]): AsyncGenerator<Said, Trail | null> {
    try {
      const trail = await trailFrom(this.path, places, this.opened, this.clock.now());
      this.refused = '';
      return trail;
    } catch (error) {
      yield* this.refuse(error);
      return null;
    }
  }

  /** The same, for what cannot wait: nobody knows later where to look. */
  private async *trailNow(places: readonly Place[]): AsyncGenerator<Said, Trail | null> {
    for (let left = mostTries; left > 0; left -= 1) {
      const trail = yield* this.trail(places);
      if (trail !== null) return trail;
      await sleep(againMs);
    }
    return null;
  }

  private *refuse(error: unknown): Generator<Said> {
    if (!(error instanceof Unheld)) throw error;
    const { path, code } = error;
    const isSaid = this.refused === code;
    this.refused = code;
    // One that is being renamed is there again at the next look.
    if (isSaid || (code === 'ENOENT' && path !== this.path)) return;
    const why = code === 'ENOENT' ? 'is not there' : `cannot be read (${code})`;
    yield { kind: 'notice', text: `${path} ${why}: it is read as soon as it can be.` };
  }

  /** Opens what was found, each where it is to be gone on with, and reads those that are compressed. */
  private async *take({ files, found, isOlder }: Trail): AsyncGenerator<Said> {
    const before = this.opened.length;
    for (const held of files) {
      const place = found.get(held);
      if (held.generation.packing !== null) {
        await this.shelf.put(held, place?.offset ?? 0);
        continue;
      }
      const file = new Opened(held.take());
      if (place !== undefined) file.resume(place, held.beginning);
      else {
        file.begin(held.beginning);
        if (isOlder && held.generation.path === this.path) file.skipToEnd();
      }
      this.opened.push(file);
    }
    // The one of the name is the newest, whatever was found behind it.
    const newest = this.opened.findIndex((file) => file.isAt(this.path));
    if (newest >= 0 && newest < before) this.opened.push(...this.opened.splice(newest, 1));
    this.noteEmpty();
    yield* this.shelf.read();
    for (const file of this.opened.slice(0, -1)) yield* this.drain(file);
    yield* this.retire();
  }

  private noteEmpty(): void {
    const newest = this.opened.at(-1);
    if (newest?.isEmpty === true) this.empty = newest.place();
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
      if (found.count === 0) {
        this.noteEmpty();
        return some;
      }
      if (this.empty?.ino === file.ino) {
        // It was empty; it may have been filled, copied and emptied since.
        const { empty } = this;
        this.empty = null;
        const trail = yield* this.trailNow([empty]);
        if (trail !== null && trail.files.length > 0) {
          yield* this.take(trail);
          some = true;
          continue;
        }
      }
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

  /**
   * Somebody emptied the file that is open. What had not been read of it stands in the copy that logrotate made before (copytruncate), and what was
   * written and emptied since in later copies.
   */
  private async *cut(file: Opened): AsyncGenerator<Said> {
    const place = file.place();
    file.begin();
    this.noteEmpty();
    if (place.head.length === 0) return;
    const trail = yield* this.trailNow([place]);
    if (trail !== null && trail.found.size > 0) {
      yield* this.take(trail);
      return;
    }
    for (const held of trail?.files ?? []) held[Symbol.dispose]();
    const since = Math.max(0, Math.round(this.clock.now() - this.readAt));
    yield {
      kind: 'notice',
      text: `${this.path} was emptied, and no copy of it is there: what was written into it in the ${since} milliseconds before, after it was last read, is lost.`,
    };
  }

  /** Opens what stands under the name by now, and what stood there for a moment since the last look; true if there is something new. */
  private async *turnOver(): AsyncGenerator<Said, boolean> {
    const newest = this.opened.at(-1);
    if (newest?.isAt(this.path) === true) return false;
    let trail: Trail | null;
    if (newest === undefined) {
      trail = yield* this.trail([]);
      // What is older than the name's first file was never asked for.
      for (const held of trail?.files.slice(0, -1) ?? []) held[Symbol.dispose]();
      if (trail !== null) trail = { ...trail, files: trail.files.slice(-1) };
    } else trail = yield* this.trail([newest.place()]);
    // What the writer of the one before may write still does not make this one older.
    trail = trail === null ? null : { ...trail, isOlder: false };
    if (trail === null || trail.files.length === 0) return false;
    if (trail.files.at(-1)?.generation.path !== this.path) {
      // Between being renamed and being made again.
      for (const held of trail.files) held[Symbol.dispose]();
      return false;
    }
    yield* this.take(trail);
    return true;
  }

  /**
   * Lets go of files that are read to their end and that nobody writes into any more, the oldest first: whoever goes on at the cursor reads all that
   * is behind its oldest place.
   */
  private *retire(): Generator<Said> {
    const newest = this.opened.at(-1);
    const hasBegun = newest !== undefined && newest.stats().size > 0;
    const now = this.clock.now();
    for (const file of this.opened.slice(0, -1)) {
      const { written, size } = file.stats();
      const isLeft = file.isCopy || (hasBegun && now - written > quietMs);
      if (!isLeft || size - file.offset >= this.pieces.room.length) break;
      yield* this.close(file);
    }
    if (this.opened.length <= 1) this.shelf.forget();
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

  private moved(): Said {
    this.pieces.batch.clear();
    return { kind: 'batch', batch: this.pieces.batch, cursor: this.cursor(), passed: 0 };
  }

  [Symbol.dispose](): void {
    for (const file of this.opened.splice(0)) file[Symbol.dispose]();
    this.shelf[Symbol.dispose]();
  }
}
