import { createHash } from 'node:crypto';
import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Chained, type Entry, entryOf, knowsHead, readEntry } from './entry.ts';
import { type Head, type HeadSays, headSays, readHead, writeHead } from './head.ts';
import { syncFolder } from './whole-file.ts';

/**
 * What was done to the firewall, by palisade, by those whom it left behind, or by others whom it noticed: one JSON object a line, each
 * with the SHA-256 of the line before it, so that none can be changed or taken out unseen. What is cut off at the end, the head beside it
 * tells ({@link Head}). Whoever may write here may write both anew: against him there are checkpoints, and digests that are kept elsewhere.
 */
const none = '0'.repeat(64);
const digest = (line: Uint8Array | string): string => createHash('sha256').update(line).digest('hex');

/** Where a state folder keeps it. */
export function journalFile(stateFolder: string): string {
  return join(stateFolder, 'journal.jsonl');
}

/**
 * Adds entries, on the disk when this returns. What a crash left of a last line goes, and what was cut off at the end is gone: each with
 * an entry that says so. Only for whoever holds the state folder.
 *
 * @throws Error of the file system, ENOSPC among them
 */
export function append(stateFolder: string, entries: readonly Entry[]): void {
  const path = journalFile(stateFolder);
  const file = openSync(path, 'a+', 0o600);
  try {
    const { size } = fstatSync(file);
    const { line, torn } = lastLine(file, size);
    const known = readHead(stateFolder);
    const last = line === null ? null : digest(line);
    const { says, count } = standing(path, known, last);
    // Before the first line that a head goes with, so that its lack tells something whenever palisade dies.
    if (says.kind === 'none') writeHead(stateFolder, { count, last });
    const at = entries[0]?.at ?? 0;
    const all = [
      ...(lossOf(says) === null ? [] : [entryOf({ at, what: 'cut', text: `${lossOf(says)}${toldBy(known)}` })]),
      ...(torn === 0 ? [] : [entryOf({ at, what: 'mended', text: `the last line was torn: ${torn} bytes of it are gone` })]),
      ...entries,
    ];
    let previous = last ?? none;
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
    if (size === 0) syncFolder(dirname(path));
    writeHead(stateFolder, { count: count + all.length, last: previous });
  } finally {
    closeSync(file);
  }
}

/** What the head says, and how many whole lines there are: read only where the head does not tell. */
function standing(path: string, head: ReturnType<typeof readHead>, last: string | null): { says: HeadSays; count: number } {
  if (typeof head === 'object' && head.last === last) return { says: { kind: 'fits', count: head.count }, count: head.count };
  const { lines } = linesOf(readFileSync(path));
  return { says: headSays(head, lines.map(digest), !lines.some((line) => knowsHead(line.toString()))), count: lines.length };
}

/** What is gone from a journal, or could be, in words; `null` where all is as it was. */
export function lossOf(says: HeadSays): string | null {
  switch (says.kind) {
    case 'fits':
    case 'none':
      return null;
    case 'cut':
      return says.gone === 1 ? 'the line at the end is gone' : `${says.gone} lines at the end are gone`;
    case 'other':
      return `line ${says.line} was the last once, and is another now`;
    case 'missing':
      return 'the head is missing, so that nobody can tell whether lines at the end are gone';
    case 'garbled':
      return 'the head is damaged, so that nobody can tell whether lines at the end are gone';
  }
}

function toldBy(head: ReturnType<typeof readHead>): string {
  return typeof head === 'string' ? '' : `; there were ${head.count}, the last of them ${head.last}`;
}

/** The last whole line, and how many bytes stand behind it. */
function lastLine(file: number, size: number): { readonly line: Buffer | null; readonly torn: number } {
  let tail = Buffer.alloc(0);
  for (let from = size; from > 0; ) {
    const length = Math.min(from, 65_536);
    const piece = Buffer.alloc(length);
    from -= length;
    readSync(file, piece, 0, length, from);
    tail = Buffer.concat([piece, tail]);
    const end = tail.lastIndexOf(10);
    const before = end < 0 ? -1 : tail.lastIndexOf(10, end - 1);
    if (end >= 0 && (before >= 0 || from === 0)) return { line: tail.subarray(before + 1, end), torn: tail.length - end - 1 };
  }
  return { line: null, torn: tail.length };
}

export interface Checked {
  readonly entries: readonly Chained[];
  /** SHA-256 of each line that there is, also of those that are no entries. */
  readonly digests: readonly string[];
  /** SHA-256 of the last of the entries, by which the next is chained; `null` of an empty journal. */
  readonly last: string | null;
  /** The first line that does not follow from the one before it. */
  readonly broken: { readonly line: number; readonly why: string } | null;
  readonly head: HeadSays;
  /** Bytes of a last line that a crash tore. */
  readonly torn: number;
}

/** Reads all of it, and whether each line follows from the one before. */
export function readJournal(stateFolder: string): Checked {
  // First, since whoever writes meanwhile writes it last.
  const head = readHead(stateFolder);
  const { lines, torn } = linesOf(bytesOf(journalFile(stateFolder)));
  const digests = lines.map(digest);
  const texts = lines.map((line) => line.toString());
  const says = headSays(head, digests, !texts.some(knowsHead));
  const entries: Chained[] = [];
  let broken: Checked['broken'] = null;
  for (const [index, text] of texts.entries()) {
    const entry = readEntry(text);
    const previous = digests[index - 1] ?? none;
    if (entry === null) broken = { line: index + 1, why: 'it is no entry' };
    else if (entry.previous !== previous) broken = { line: index + 1, why: 'the line before it is another' };
    else entries.push(entry);
    if (broken !== null) break;
  }
  return { entries, digests, last: digests[entries.length - 1] ?? null, broken, head: says, torn };
}

function bytesOf(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return Buffer.alloc(0);
  }
}

/** As bytes: what is no UTF-8 is read as the same character, whatever it is. */
export function linesOf(bytes: Buffer): { readonly lines: readonly Buffer[]; readonly torn: number } {
  const lines: Buffer[] = [];
  let from = 0;
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
    lines.push(bytes.subarray(from, end));
    from = end + 1;
  }
  return { lines, torn: bytes.length - from };
}
