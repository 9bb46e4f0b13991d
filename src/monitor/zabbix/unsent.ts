import { randomBytes } from 'node:crypto';
import { batchOf, type Value } from './values.ts';

/** Values that wait for a server. When there are too many the oldest go: what is newer says more. */
export interface Unsent {
  readonly session: string;
  readonly size: number;
  /** How many values had to go since this was last asked. */
  takeLost(): number;
  add(value: Omit<Value, 'id'>): void;
  /** The oldest, as many as one packet takes. The same again until they are said to be done with. */
  batch(): readonly Value[];
  done(batch: readonly Value[]): void;
}

interface Room {
  readonly values: number;
  readonly bytes: number;
}

/** As much as ten minutes of large states, or hours of small ones. */
const room: Room = { values: 500, bytes: 16 * 2 ** 20 };

/** A packet holds no more, unless one value alone does. */
const batchBytes = 4 * 2 ** 20;

/**
 * Keeps what is to be sent. Values have ids that rise within a session, and keep them when they are sent again: a server that has them already takes
 * them no second time.
 */
export function createUnsent(most: Room = room): Unsent {
  const session = randomBytes(16).toString('hex');
  let waiting: Value[] = [];
  let bytes = 0;
  let lastId = 0;
  let lost = 0;
  const sizeOf = ({ value }: Pick<Value, 'value'>): number => Buffer.byteLength(value) + 100;
  return {
    session,
    get size() {
      return waiting.length;
    },
    takeLost() {
      const all = lost;
      lost = 0;
      return all;
    },
    add(value) {
      lastId += 1;
      waiting.push({ ...value, id: lastId });
      bytes += sizeOf(value);
      while (waiting.length > 1 && (waiting.length > most.values || bytes > most.bytes)) {
        const gone = waiting.shift();
        if (gone !== undefined) bytes -= sizeOf(gone);
        lost += 1;
      }
    },
    batch() {
      const all: Value[] = [];
      let size = 0;
      for (const value of waiting) {
        size += sizeOf(value);
        if (all.length === batchOf || (all.length > 0 && size > batchBytes)) break;
        all.push(value);
      }
      return all;
    },
    done(batch) {
      const last = batch.at(-1)?.id ?? 0;
      waiting = waiting.filter((value) => value.id > last);
      bytes = waiting.reduce((sum, value) => sum + sizeOf(value), 0);
    },
  };
}
