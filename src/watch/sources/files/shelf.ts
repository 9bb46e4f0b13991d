import type { Pieces } from '../pieces.ts';
import type { Said } from '../source.ts';
import type { Held } from './held.ts';
import { type Head, headBytes, headOf, type Place } from './place.ts';

/** Compressed files that wait to be read, one after the other. */
export interface Shelf extends Disposable {
  /** Behind those that are there already. @param offset bytes that were read, uncompressed. */
  put(held: Held, offset: number): Promise<void>;
  /** How far each is read, also those that are done with. */
  places(): readonly Place[];
  read(): AsyncGenerator<Said>;
  /** Those that are done with need no place any more: nothing older is being read. */
  forget(): void;
}

interface Shelved {
  readonly held: Held;
  readonly head: Head;
  offset: number;
  isDone: boolean;
}

/** @param cursor where reading came to, with what is on the shelf. */
export function createShelf(pieces: Pieces, cursor: () => string): Shelf {
  const shelved: Shelved[] = [];

  async function* unpack(one: Shelved): AsyncGenerator<Said> {
    let base = one.offset;
    let skip = one.offset;
    let kept = 0;
    pieces.lines.isWithin = false;
    // Lines that tell no year are of the latest before the file's end.
    pieces.lines.clock.now = one.held.generation.written;
    const cursorAt = (came: number): string => {
      one.offset = base + came;
      return cursor();
    };
    try {
      for await (const bytes of one.held.content()) {
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
      yield* pieces.takeLast(0, kept, cursorAt);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      yield {
        kind: 'notice',
        text: `${one.held.generation.path} cannot be read to its end (${why}): what it holds behind byte ${base + kept} is lost.`,
      };
    }
  }

  return {
    async put(held, offset) {
      const head = (await held.head(0, headBytes)) ?? Buffer.alloc(0);
      shelved.push({ held, offset, head: headOf(head, 0), isDone: false });
    },
    places: () =>
      shelved.map(({ held: { generation }, head, offset }) => ({
        dev: generation.dev,
        ino: generation.ino,
        head,
        offset,
        within: false,
        written: generation.written,
      })),
    async *read() {
      for (const one of shelved) {
        if (one.isDone) continue;
        yield* unpack(one);
        one.isDone = true;
        one.held[Symbol.dispose]();
      }
    },
    forget() {
      if (shelved.every(({ isDone }) => isDone)) shelved.length = 0;
    },
    [Symbol.dispose]() {
      for (const { held } of shelved.splice(0)) held[Symbol.dispose]();
    },
  };
}
