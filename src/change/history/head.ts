import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeWhole } from './whole-file.ts';

/** How many lines the journal had when it was last written, and the SHA-256 of the last of them; `null` of none. */
export interface Head {
  readonly count: number;
  readonly last: string | null;
}

/**
 * What the head says of a journal. `fits`: its line is in place, and `count` lines were surely there. `none`: there is no head, and no
 * line by a palisade that would have written one. `cut`: so many lines at the end are gone. `other`: the line that was the last is
 * another. `missing`, `garbled`: nobody can tell, since the head is gone or is none.
 */
export type HeadSays =
  | { readonly kind: 'fits'; readonly count: number }
  | { readonly kind: 'none' | 'missing' | 'garbled' }
  | { readonly kind: 'cut'; readonly gone: number }
  | { readonly kind: 'other'; readonly line: number };

export function headFile(stateFolder: string): string {
  return join(stateFolder, 'journal.head');
}

export function readHead(stateFolder: string): Head | 'missing' | 'garbled' {
  try {
    const { count, last } = (JSON.parse(readFileSync(headFile(stateFolder), 'utf8')) ?? {}) as Partial<Head>;
    const isOne =
      Number.isSafeInteger(count) && (count === 0 ? last === null : Number(count) > 0 && /^[0-9a-f]{64}$/.test(last ?? ''));
    return isOne ? { count: Number(count), last: last ?? null } : 'garbled';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return 'missing';
    if (error instanceof SyntaxError || code === 'EISDIR') return 'garbled';
    throw error;
  }
}

/**
 * Written behind each entry. A crash between the two leaves a head of before, whose line is in place all the same; and so does a disk
 * that takes no file: what was noted is noted, with or without it.
 */
export function writeHead(stateFolder: string, { count, last }: Head): void {
  try {
    writeWhole(headFile(stateFolder), `${JSON.stringify({ count, last })}\n`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
  }
}

/** @param digests SHA-256 of each line that there is  @param isOlder no line is by a palisade that writes heads */
export function headSays(head: ReturnType<typeof readHead>, digests: readonly string[], isOlder: boolean): HeadSays {
  if (head === 'garbled') return { kind: 'garbled' };
  if (head === 'missing') return { kind: isOlder ? 'none' : 'missing' };
  const { count, last } = head;
  if (digests.length < count) return { kind: 'cut', gone: count - digests.length };
  return count === 0 || digests[count - 1] === last ? { kind: 'fits', count } : { kind: 'other', line: count };
}
