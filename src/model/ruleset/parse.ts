import { failed, ok, type Problem, type Result } from '../../result.ts';
import type { Family } from '../net/index.ts';
import { familyOf, writerOf } from './family.ts';
import { type LexFault, lexLine, newWords, type Words } from './lexer.ts';
import { addRule } from './rule-line.ts';
import type { Aside, Ruleset, Table } from './ruleset.ts';
import { addChain, closeTable, openTable, type TableDraft } from './table-draft.ts';
import { type TextFault, textFault } from './text-fault.ts';

const NEWLINE = 10;
const HASH = 35;
const STAR = 42;
const COLON = 58;
const BRACKET = 91;

export interface RulesetSource {
  /** For problems, and for `Ruleset.file`. */
  readonly file: string;
  readonly family?: Family;
}

/**
 * Reads what `iptables-save` prints and `iptables-restore` accepts, one character of `text` a byte (latin1).
 * The first thing that is wrong is the one problem of the answer, with its line and column.
 */
export function parseRuleset(text: string, source: RulesetSource): Result<Ruleset> {
  if (!/[^\s]/.test(text.slice(0, 65536)) && !/[^\s]/.test(text)) {
    return failed({
      code: 'ruleset-empty',
      at: { file: source.file, line: 1, column: 1 },
      message: 'the file holds nothing',
      hint: 'save the rules again as root; iptables-save of a host without rules prints nothing too',
    });
  }
  const nul = text.indexOf('\0');
  if (nul >= 0) return failed(problemAt(text, source.file, binary(nul)));
  const family = familyOf(text, source);
  if (!family.ok) return family;

  const reading: Reading = {
    family: family.value,
    text,
    words: newWords(Math.max(64, text.length >> 3)),
    asides: [],
    tables: [],
    draft: null,
    line: 1,
  };
  for (let at = 0; at < text.length; at += 1) {
    const end = readLine(reading, at);
    if (typeof end !== 'number') {
      return failed(problemAt(text, source.file, cutShort(text, end, reading.draft !== null) ?? end));
    }
    at = end;
  }
  if (reading.draft !== null) return failed(problemAt(text, source.file, truncated(text)));
  const { words, tables, asides } = reading;
  if (tables.length === 0) {
    return failed({
      code: 'ruleset-empty',
      at: { file: source.file, line: 1, column: 1 },
      message: 'the file holds no table',
      hint: 'a ruleset has at least *filter and COMMIT; save the rules again as root',
    });
  }
  return ok({
    family: family.value,
    file: source.file,
    text,
    tables,
    tokens: words.offsets.slice(0, words.used),
    roles: words.roles.slice(0, words.used >> 1),
    asides,
    writer: writerOf(text),
  });
}

/** What has been read so far. */
interface Reading {
  readonly family: Family;
  readonly text: string;
  readonly words: Words;
  readonly asides: Aside[];
  readonly tables: Table[];
  /** The table that is open. */
  draft: TableDraft | null;
  /** Physical line that is read next. */
  line: number;
}

/** Reads the line at `at`, which quotes may carry over several physical ones; returns the offset of its end. */
function readLine(reading: Reading, at: number): number | TextFault {
  const { text, draft } = reading;
  const code = text.charCodeAt(at);
  if (code === NEWLINE || code === HASH) {
    const end = lineEnd(text, at);
    reading.asides.push({ line: reading.line, start: at, end });
    reading.line += 1;
    return end;
  }
  if ((code === STAR && draft === null) || (code === COLON && draft !== null) || isCommit(text, at)) {
    const end = lineEnd(text, at);
    const fault = controlIn(text, at, end) ?? readFrame(reading, code, at, end);
    if (fault !== null) return fault;
    reading.line += 1;
    return end;
  }
  return draft === null ? outside(text, at) : readRule(reading, draft, at);
}

/** A line that opens a table, declares a chain in it or closes it. */
function readFrame(reading: Reading, code: number, at: number, end: number): TextFault | null {
  const { text, draft, line, tables } = reading;
  if (code === STAR) {
    const opened = openTable(text.slice(at + 1, end), line, at);
    if (opened.kind === 'fault') return opened;
    reading.draft = opened;
    return null;
  }
  if (draft === null) return textFault(at, 'a COMMIT stands outside a table', 'remove it, or write *filter above');
  if (code === COLON) return addChain(draft, text.slice(at + 1, end), line, at);
  const closed = closeTable(draft, line);
  if ('kind' in closed) return closed;
  // iptables-restore lets a second section of a table replace the first.
  const earlier = tables.findIndex((table) => table.name === closed.name);
  if (earlier >= 0) tables.splice(earlier, 1);
  tables.push(closed);
  reading.draft = null;
  return null;
}

/** A line with a command; returns the offset of its end. */
function readRule(reading: Reading, draft: TableDraft, start: number): number | TextFault {
  const { text, words, family, line } = reading;
  const first = words.used >> 1;
  const from = text.charCodeAt(start) === BRACKET ? countersEnd(text, start) : start;
  if (typeof from !== 'number') return from;
  const end = lexLine(text, from, words);
  if (typeof end !== 'number') return lexFault(end);
  const added = addRule(draft, { family, text, words, first, line, start, end });
  if (added === 'skipped') reading.asides.push({ line, start, end });
  else if (added !== null) return added;
  reading.line += 1;
  for (let newline = text.indexOf('\n', start); newline >= 0 && newline < end; newline = text.indexOf('\n', newline + 1))
    reading.line += 1;
  return end;
}

/** No rules at all: what a host that never loaded iptables has. */
export function emptyRuleset(family: Family, file: string): Ruleset {
  return { family, file, text: '', tables: [], tokens: new Int32Array(0), roles: new Uint8Array(0), asides: [], writer: null };
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}

function isCommit(text: string, at: number): boolean {
  return (
    text.startsWith('COMMIT', at) && (at + 6 === text.length || text.charCodeAt(at + 6) === 10 || text.charCodeAt(at + 6) === 13)
  );
}

/** Offset behind `[packets:bytes]`. */
function countersEnd(text: string, at: number): number | TextFault {
  const close = text.indexOf(']', at);
  if (close > 0 && /^\[\d{1,20}:\d{1,20}$/.test(text.slice(at, Math.min(close, at + 43)))) return close + 1;
  return textFault(at, 'these counters cannot be read', 'write [packets:bytes] such as [0:0]');
}

function outside(text: string, at: number): TextFault {
  const code = text.charCodeAt(at);
  const fault = controlIn(text, at, lineEnd(text, at));
  if (fault !== null) return fault;
  if (code === 239 && text.startsWith('\xef\xbb\xbf', at))
    return textFault(at, 'the file begins with a byte order mark', 'save it without one');
  return textFault(at, 'this stands outside a table', 'begin with *filter or another table, or put "#" in front of a comment');
}

/** A control character in a line that has no quotes. */
function controlIn(text: string, from: number, to: number): TextFault | null {
  for (let at = from; at < to; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 13 && at === to - 1) return lineEndFault(at);
    if ((code < 32 && code !== 9) || code === 127) return binary(at);
  }
  return null;
}

function lexFault(fault: LexFault): TextFault {
  switch (fault.kind) {
    case 'control':
      return binary(fault.at);
    case 'line-end':
      return lineEndFault(fault.at);
    case 'unclosed':
      return textFault(
        fault.at,
        'the quote that opens here is never closed',
        'close it; iptables-restore would swallow the rest of the line',
      );
    case 'spilled':
      return textFault(
        fault.at,
        'the quote that opens here does not close on its line',
        'close it; iptables-restore would read what follows as rules of its own',
      );
  }
}

function binary(at: number): TextFault {
  return textFault(
    at,
    'this is no text: a control character stands here',
    'name a file that iptables-save wrote',
    'ruleset-binary',
  );
}

function lineEndFault(at: number): TextFault {
  return textFault(
    at,
    'the lines end as on Windows (CR LF)',
    'convert the file with: sed -i "s/\\r$//" FILE',
    'ruleset-line-end',
  );
}

function truncated(text: string): TextFault {
  return textFault(
    text.length,
    'the file ends inside a table',
    'save it again whole: the last line is COMMIT',
    'ruleset-truncated',
  );
}

/** What is wrong with a last line that has no end is most likely that it was cut. */
function cutShort(text: string, fault: TextFault, inTable: boolean): TextFault | null {
  const isLastLine = text.indexOf('\n', fault.at) < 0 && !text.endsWith('\n');
  const isHeader = text.charCodeAt(text.lastIndexOf('\n') + 1) === 42;
  return fault.code === 'ruleset-syntax' && isLastLine && (inTable || isHeader) ? truncated(text) : null;
}

function problemAt(text: string, file: string, fault: TextFault): Problem {
  let line = 1;
  let start = 0;
  for (let newline = text.indexOf('\n'); newline >= 0 && newline < fault.at; newline = text.indexOf('\n', newline + 1)) {
    line += 1;
    start = newline + 1;
  }
  return { code: fault.code, at: { file, line, column: fault.at - start + 1 }, message: fault.message, hint: fault.hint };
}
