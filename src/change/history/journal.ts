import { createHash } from 'node:crypto';
import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What was done to the firewall, by palisade or by those whom it left behind: one JSON object a line, each with the SHA-256 of the line
 * before it, so that none can be changed or taken out unseen. What is cut off at the end nothing in the file tells: whoever must know
 * keeps the last digest elsewhere.
 */
export interface Entry {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly what: What;
  /** `null`: nobody who is known, as when the machine started. */
  readonly by: Author | null;
  readonly policy: { readonly path: string; readonly digest: string | null } | null;
  /** Tables with something of palisade's, as `4 filter`. */
  readonly tables: readonly string[];
  readonly sets: readonly string[];
  /** What else there is to say, such as what was read back. */
  readonly text: string;
}

const words = ['begun', 'changed', 'confirmed', 'undone', 'refused', 'opened', 'closed', 'boot', 'mended'] as const;

/**
 * `begun`: a change is about to be written. `changed`: it is written, was read back, and waits. `confirmed`, `undone`: how it ended.
 * `refused`: it could not be made, and is undone. `opened`, `closed`: something was let in for a while, or no longer. `boot`: what the machine did when it started. `mended`: the journal's own last line was torn.
 */
export type What = (typeof words)[number];

export interface Author {
  readonly uid: number;
  /** Who he was before `sudo`. */
  readonly sudoUid: number | null;
  /** Who logged in (audit's login user), whatever he became since; `null` where nobody did. */
  readonly loginUid: number | null;
  /** Address and port of the connection through which he works; `null` from a console, or a service. */
  readonly peer: string | null;
}

export type Chained = Entry & { readonly previous: string };

const none = '0'.repeat(64);
const digest = (line: string): string => createHash('sha256').update(line, 'utf8').digest('hex');

/** Where a state folder keeps it. */
export function journalFile(stateFolder: string): string {
  return join(stateFolder, 'journal.jsonl');
}

/**
 * Adds entries, on the disk when this returns. What a crash left of a last line goes, with an entry that says so. Only for whoever holds
 * the state folder.
 *
 * @throws Error of the file system, ENOSPC among them
 */
export function append(stateFolder: string, entries: readonly Entry[]): void {
  const file = openSync(journalFile(stateFolder), 'a+', 0o600);
  try {
    const { size } = fstatSync(file);
    const { line, torn } = lastLine(file, size);
    const all = torn === 0 ? entries : [mended(torn, entries[0]?.at ?? 0), ...entries];
    let previous = line === null ? none : digest(line);
    let text = '';
    for (const entry of all) {
      const chained = JSON.stringify({ ...entry, previous } satisfies Chained);
      text += `${chained}\n`;
      previous = digest(chained);
    }
    if (torn > 0) ftruncateSync(file, size - torn);
    try {
      writeFileSync(file, text);
      fsyncSync(file);
    } catch (error) {
      // A full disk takes a part of it: what is no line must not stand in the way of the next.
      ftruncateSync(file, size - torn);
      throw error;
    }
  } finally {
    closeSync(file);
  }
}

function mended(bytes: number, at: number): Entry {
  const text = `the last line was torn: ${bytes} bytes of it are gone`;
  return { at, what: 'mended', by: null, policy: null, tables: [], sets: [], text };
}

/** The last whole line, and how many bytes stand behind it. */
function lastLine(file: number, size: number): { readonly line: string | null; readonly torn: number } {
  let tail = Buffer.alloc(0);
  for (let from = size; from > 0; ) {
    const length = Math.min(from, 65_536);
    const piece = Buffer.alloc(length);
    from -= length;
    readSync(file, piece, 0, length, from);
    tail = Buffer.concat([piece, tail]);
    const end = tail.lastIndexOf(10);
    const before = end < 0 ? -1 : tail.lastIndexOf(10, end - 1);
    if (end >= 0 && (before >= 0 || from === 0))
      return { line: tail.subarray(before + 1, end).toString('utf8'), torn: tail.length - end - 1 };
  }
  return { line: null, torn: tail.length };
}

export interface Checked {
  readonly entries: readonly Chained[];
  /** SHA-256 of the last line, by which the next is chained; `null` of an empty journal. */
  readonly last: string | null;
  /** The first line that does not follow from the one before it. */
  readonly broken: { readonly line: number; readonly why: string } | null;
  /** Bytes of a last line that a crash tore. */
  readonly torn: number;
}

/** Reads all of it, and whether each line follows from the one before. */
export function readJournal(stateFolder: string): Checked {
  let text: string;
  try {
    text = readFileSync(journalFile(stateFolder), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return { entries: [], last: null, broken: null, torn: 0 };
  }
  const lines = text.split('\n');
  const torn = Buffer.byteLength(lines.pop() ?? '');
  const entries: Chained[] = [];
  let previous = none;
  for (const [index, line] of lines.entries()) {
    const entry = parsed(line);
    const why = entry === null ? 'it is no entry' : entry.previous === previous ? null : 'the line before it is another';
    if (entry === null || why !== null) return { entries, last: previous, broken: { line: index + 1, why: why ?? '' }, torn };
    entries.push(entry);
    previous = digest(line);
  }
  return { entries, last: entries.length === 0 ? null : previous, broken: null, torn };
}

/** Of the documented shape, since whoever could change the file could write anything. */
function parsed(line: string): Chained | null {
  try {
    const value = JSON.parse(line) as Partial<Chained> | null;
    const isText = (one: unknown): boolean => typeof one === 'string';
    const { previous, at, what, text, tables, sets, by, policy } = value ?? {};
    const fits =
      [previous, text].every(isText) &&
      Number.isFinite(at) &&
      words.some((word) => word === what) &&
      [tables, sets].every((list) => Array.isArray(list) && list.every(isText)) &&
      (by === null ||
        (typeof by?.uid === 'number' &&
          [by.sudoUid, by.loginUid].every((id) => id === null || Number.isInteger(id)) &&
          (by.peer === null || isText(by.peer)))) &&
      (policy === null || (isText(policy?.path) && (policy?.digest === null || isText(policy?.digest))));
    return fits ? (value as Chained) : null;
  } catch {
    return null;
  }
}
