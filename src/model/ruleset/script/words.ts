/**
 * A shell script as words and operators (POSIX, XCU 2.3): quotes, continuation lines, comments, here-documents. Nothing is
 * expanded: what a variable or a command would put there stands as a piece of its own.
 */
export type Token = WordToken | OperatorToken;

export interface WordToken {
  readonly kind: 'word';
  readonly pieces: readonly Piece[];
  readonly start: number;
  readonly end: number;
  readonly line: number;
}

export interface OperatorToken {
  readonly kind: 'operator';
  /** `\n` is one too. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly line: number;
  /** Of `<<` and `<<-`: what follows in the lines behind. */
  readonly document?: HereDocument;
}

export interface HereDocument {
  readonly text: string;
  /** Line of its first line. */
  readonly line: number;
  /** The delimiter was quoted: nothing in it is expanded. */
  readonly literal: boolean;
}

/** `literal`: these characters. `variable`: `$NAME`. `unknown`: what only a running shell knows. */
export type Piece =
  | { readonly kind: 'literal'; readonly text: string; readonly quoted: boolean }
  | { readonly kind: 'variable'; readonly name: string; readonly quoted: boolean }
  | { readonly kind: 'unknown'; readonly text: string };

export interface ShellFault {
  readonly kind: 'fault';
  readonly at: number;
  readonly message: string;
  readonly hint: string;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const operators = [
  '&&',
  '||',
  ';;',
  '<<<',
  '<<-',
  '<<',
  '>>',
  '<&',
  '>&',
  '<>',
  '>|',
  '&>>',
  '&>',
  ';',
  '&',
  '|',
  '<',
  '>',
  '(',
  ')',
];
const byLength = operators.toSorted((a, b) => b.length - a.length);

/** Cuts the text. A quote that never closes is the one thing that no shell reads. */
export function lexShell(text: string): readonly Token[] | ShellFault {
  const tokens: Token[] = [];
  /** Where in `tokens` stand those whose here-documents begin behind the line. */
  const pending: number[] = [];
  let line = 1;
  let at = 0;
  while (at < text.length) {
    const char = text[at] as string;
    if (char === ' ' || char === '\t') at += 1;
    else if (char === '\\' && text[at + 1] === '\n') {
      at += 2;
      line += 1;
    } else if (char === '#') at = lineEnd(text, at);
    else if (char === '\n') {
      tokens.push({ kind: 'operator', text: '\n', start: at, end: at + 1, line });
      at += 1;
      line += 1;
      for (const index of pending.splice(0)) {
        const read = readDocument(text, at, line, tokens[index] as Mutable<OperatorToken>, tokens[index + 1]);
        at = read.end;
        line = read.line;
      }
    } else {
      const operator = wordEnd.test(char) ? byLength.find((one) => text.startsWith(one, at)) : undefined;
      if (operator !== undefined) {
        const token: Mutable<OperatorToken> = { kind: 'operator', text: operator, start: at, end: at + operator.length, line };
        tokens.push(token);
        if (operator === '<<' || operator === '<<-') pending.push(tokens.length - 1);
        at += operator.length;
        continue;
      }
      const word = readWord(text, at, line);
      if (word.kind === 'fault') return word;
      for (; at < word.end; at += 1) if (text[at] === '\n') line += 1;
      tokens.push(word);
    }
  }
  return tokens;
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}

/** The lines up to the delimiter, which is the word behind `<<`. */
function readDocument(
  text: string,
  from: number,
  firstLine: number,
  operator: Mutable<OperatorToken>,
  word: Token | undefined,
): { readonly end: number; readonly line: number } {
  const pieces = word?.kind === 'word' ? word.pieces : [];
  const delimiter = pieces.map((piece) => (piece.kind === 'variable' ? `$${piece.name}` : piece.text)).join('');
  const literal = pieces.some((piece) => piece.kind === 'literal' && piece.quoted);
  const tabs = operator.text === '<<-';
  const lines: string[] = [];
  let at = from;
  let line = firstLine;
  while (at < text.length) {
    const end = lineEnd(text, at);
    const whole = tabs ? text.slice(at, end).replace(/^\t+/, '') : text.slice(at, end);
    at = Math.min(end + 1, text.length);
    line += 1;
    if (whole === delimiter) break;
    lines.push(`${whole}\n`);
  }
  operator.document = { text: lines.join(''), line: firstLine, literal };
  return { end: at, line };
}

/** Ends a word. Other blanks, such as the no-break ones of web pages, are letters to a shell. */
const wordEnd = /[ \t\n;&|<>()]/;
/** Characters that mean nothing but themselves. */
const ordinary = /[^ \t\n;&|<>()\\'"$`]+/y;

function readWord(text: string, start: number, line: number): WordToken | ShellFault {
  const pieces: Piece[] = [];
  let plain = '';
  const flush = (): void => {
    if (plain !== '') pieces.push({ kind: 'literal', text: plain, quoted: false });
    plain = '';
  };
  let at = start;
  while (at < text.length) {
    const char = text[at] as string;
    if (wordEnd.test(char)) break;
    if (char === '\\') {
      if (text[at + 1] === '\n') at += 2;
      else {
        flush();
        pieces.push({ kind: 'literal', text: text[at + 1] ?? '\\', quoted: true });
        at += 2;
      }
    } else if (char === "'") {
      const close = text.indexOf("'", at + 1);
      if (close < 0) return unclosed(at);
      flush();
      pieces.push({ kind: 'literal', text: text.slice(at + 1, close), quoted: true });
      at = close + 1;
    } else if (char === '"') {
      flush();
      const end = readQuoted(text, at + 1, pieces, '"');
      if (end < 0) return unclosed(at);
      at = end;
    } else if (char === '$' || char === '`') {
      const read = readDollar(text, at, false);
      if (read === undefined) return unclosed(at);
      if (read.piece === null) plain += char;
      else {
        flush();
        pieces.push(read.piece);
      }
      at = read.end;
    } else {
      ordinary.lastIndex = at;
      const run = ordinary.exec(text)?.[0] ?? char;
      plain += run;
      at += run.length;
    }
  }
  flush();
  return { kind: 'word', pieces, start, end: at, line };
}

/** Inside double quotes, up to `close`; the offset behind it, or -1. Without `close`: a here-document to its end. */
export function readQuoted(text: string, from: number, pieces: Piece[], close: '"' | null, depth = 0): number {
  // Also when nothing stands between them, the quotes make a word.
  let plain = '';
  let some = false;
  const flush = (): void => {
    if (plain !== '' || !some) pieces.push({ kind: 'literal', text: plain, quoted: true });
    plain = '';
    some = true;
  };
  let at = from;
  while (at < text.length) {
    const char = text[at] as string;
    if (char === close) {
      if (plain !== '' || !some) flush();
      return at + 1;
    }
    if (char === '\\') {
      const next = text[at + 1] ?? '';
      if (next === '\n') at += 2;
      else {
        plain += /[$`\\]/.test(next) || next === close ? next : `\\${next}`;
        at += 2;
      }
    } else if (char === '$' || char === '`') {
      const read = readDollar(text, at, true, depth);
      if (read === undefined) return -1;
      if (read.piece === null) plain += char;
      else {
        flush();
        pieces.push(read.piece);
      }
      at = read.end;
    } else {
      plain += char;
      at += 1;
    }
  }
  if (close !== null) return -1;
  flush();
  return at;
}

/** What begins with `$` or a backtick; `piece` null: the sign stands for itself. */
function readDollar(
  text: string,
  at: number,
  quoted: boolean,
  depth = 0,
): { readonly piece: Piece | null; readonly end: number } | undefined {
  const rest = text.slice(at, at + 256);
  const name = /^\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})/.exec(rest);
  if (name !== null) return { piece: { kind: 'variable', name: name[1] ?? name[2] ?? '', quoted }, end: at + name[0].length };
  const special = /^\$[0-9@*#?$!-]/.exec(rest);
  if (special !== null) return { piece: { kind: 'unknown', text: special[0] }, end: at + 2 };
  const next = text[at + 1];
  if (text[at] === '`') {
    const close = text.indexOf('`', at + 1);
    return close < 0 ? undefined : { piece: { kind: 'unknown', text: text.slice(at, close + 1) }, end: close + 1 };
  }
  if (next === '{' || next === '(') {
    const end = closing(text, at + 1, depth + 1);
    return end < 0 ? undefined : { piece: { kind: 'unknown', text: text.slice(at, end) }, end };
  }
  // $'…' and $"…" are of bash alone.
  if (!quoted && (next === "'" || next === '"')) {
    const close = text.indexOf(next, at + 2);
    return close < 0 ? undefined : { piece: { kind: 'unknown', text: text.slice(at, close + 1) }, end: close + 1 };
  }
  return { piece: null, end: at + 1 };
}

/** Nobody writes `"$("$(…` so deep; quotes farther in are not minded, since the stack has an end. */
const deepest = 100;

/** Offset behind the bracket that closes the one at `open`, quotes minded; -1 if none does. */
function closing(text: string, open: number, nested: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at += 1) {
    const char = text[at] as string;
    if (char === '\\') at += 1;
    else if (char === "'") {
      at = text.indexOf("'", at + 1);
      if (at < 0) return -1;
    } else if (char === '"' && nested < deepest) {
      const end = readQuoted(text, at + 1, [], '"', nested);
      if (end < 0) return -1;
      at = end - 1;
    } else if (char === '(' || char === '{') depth += 1;
    else if (char === ')' || char === '}') {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return -1;
}

function unclosed(at: number): ShellFault {
  return {
    kind: 'fault',
    at,
    message: 'the quote or bracket that opens here is never closed',
    hint: 'close it, or cut out what is no shell command',
  };
}
