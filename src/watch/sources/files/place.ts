import { createHash } from 'node:crypto';

/** How much of a file's beginning is compared: lines of a log begin with their time, so that two files hardly ever share so much. */
export const headBytes = 256;

/** What a file begins with, behind the hole that a writer leaves which goes on at its old place in a file that was emptied. */
export interface Head {
  /** Where it begins: 0, or behind the NUL bytes. */
  readonly from: number;
  /** At most {@link headBytes}; fewer where there were no more. */
  readonly length: number;
  readonly digest: string;
}

/**
 * How far one file of a log was read. A name does not tell which file it was, and neither does an inode, which the next file may get:
 * inode and beginning together do, and the beginning alone where the file was copied or compressed.
 */
export interface Place {
  readonly dev: number;
  /** As text: it may be beyond what a number holds. */
  readonly ino: string;
  readonly head: Head;
  /** Bytes that were read, uncompressed; always to the end of a line, unless `within`. */
  readonly offset: number;
  /** In the middle of a line that is too long to be one. */
  readonly within: boolean;
  /** When the file had last been written to, epoch milliseconds of the file system's clock. */
  readonly written: number;
}

export function headOf(bytes: Uint8Array, from: number): Head {
  return { from, length: bytes.length, digest: createHash('sha256').update(bytes).digest('hex').slice(0, 32) };
}

export function isHead(head: Head, bytes: Uint8Array): boolean {
  return bytes.length >= head.length && headOf(bytes.subarray(0, head.length), head.from).digest === head.digest;
}

/** Files of one log that are being read, oldest first: usually one, and a second while a writer still holds the one that was renamed. */
export function formatPlaces(places: readonly Place[]): string {
  return JSON.stringify(
    places.map(({ dev, ino, head, offset, within, written }) => ({
      dev,
      ino,
      head: [head.from, head.length, head.digest],
      at: offset,
      ...(within && { within }),
      written,
    })),
  );
}

/** `null`: no such text, as where another palisade wrote it. */
export function parsePlaces(text: string): readonly Place[] | null {
  try {
    const list: unknown = JSON.parse(text);
    if (!Array.isArray(list)) return null;
    const places = list.map(placeOf);
    return places.every((place) => place !== null) ? places : null;
  } catch {
    // No JSON: no cursor of ours.
    return null;
  }
}

function placeOf(one: unknown): Place | null {
  if (typeof one !== 'object' || one === null) return null;
  const { dev, ino, head, at, within, written } = one as Record<string, unknown>;
  if (!Array.isArray(head)) return null;
  const [from, length, digest] = head as unknown[];
  if (typeof dev !== 'number' || typeof ino !== 'string' || typeof at !== 'number' || typeof written !== 'number') return null;
  if (typeof from !== 'number' || typeof length !== 'number' || typeof digest !== 'string') return null;
  return { dev, ino, head: { from, length, digest }, offset: at, within: within === true, written };
}
