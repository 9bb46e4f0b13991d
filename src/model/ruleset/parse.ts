import { failed, ok, type Problem, type Result } from '../../result.ts';
import type { Family } from '../net/index.ts';
import { familyOf, writerOf } from './family.ts';
import { type LexFault, lexLine, newWords } from './lexer.ts';
import type { Aside, Ruleset, Table } from './ruleset.ts';
import { addChain, addRule, closeTable, openTable, type TableDraft } from './table-draft.ts';
import { type TextFault, textFault } from './text-fault.ts';

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

  const words = newWords(Math.max(64, text.length >> 3));
  const asides: Aside[] = [];
  const tables: Table[] = [];
  let draft: TableDraft | null = null;
  let line = 1;
  let at = 0;
  while (at < text.length) {
    const start = at;
    const code = text.charCodeAt(at);
    if (code === 10 || code === 35) {
      at = lineEnd(text, at);
      asides.push({ line, start, end: at });
    } else {
      const first = words.used >> 1;
      let fault: TextFault | null = null;
      if ((code === 42 && draft === null) || (code === 58 && draft !== null) || isCommit(text, at)) {
        at = lineEnd(text, at);
        fault = controlIn(text, start, at);
        if (fault === null && code === 42) {
          const opened: TableDraft | TextFault = openTable(text.slice(start + 1, at), line, start);
          if (opened.kind === 'fault') fault = opened;
          else draft = opened;
        } else if (fault === null && code === 58 && draft !== null)
          fault = addChain(draft, text.slice(start + 1, at), line, start);
        else if (fault === null && draft === null)
          fault = textFault(start, 'a COMMIT stands outside a table', 'remove it, or write *filter above');
        else if (fault === null && draft !== null) {
          const closed: Table | TextFault = closeTable(draft, line);
          if ('kind' in closed) fault = closed;
          else {
            // iptables-restore lets a second section of a table replace the first.
            const earlier = tables.findIndex((table) => table.name === closed.name);
            if (earlier >= 0) tables.splice(earlier, 1);
            tables.push(closed);
            draft = null;
          }
        }
      } else if (draft === null) fault = outside(text, at);
      else {
        let from = at;
        const counters = code === 91 ? countersEnd(text, at) : at;
        if (typeof counters !== 'number') fault = counters;
        else from = counters;
        const end = fault === null ? lexLine(text, from, words) : 0;
        if (typeof end === 'number') at = fault === null ? end : lineEnd(text, at);
        else fault = lexFault(end);
        fault ??= addRule(draft, { family: family.value, text, words, first, line, start, end: at });
      }
      if (fault !== null) return failed(problemAt(text, source.file, cutShort(text, fault, draft !== null) ?? fault));
      for (let newline = text.indexOf('\n', start); newline >= 0 && newline < at; newline = text.indexOf('\n', newline + 1))
        line += 1;
    }
    line += 1;
    at += 1;
  }
  if (draft !== null) return failed(problemAt(text, source.file, truncated(text)));
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
