import { roles } from './ruleset.ts';

/**
 * Words of a line as `iptables-restore` cuts them (iptables/xshared.c, add_param_to_argv): only `"` quotes, `\` escapes
 * the next character inside quotes and nowhere else, and a closing quote ends the word.
 *
 * One thing differs on purpose. Restore reads line by line, but `iptables-save` prints a newline inside a comment as it
 * is; so quotes stay open across lines here, provided that what follows is exactly how iptables-save writes.
 */
export interface Words {
  /** `start, end` of each token. */
  offsets: Int32Array;
  /** How many offsets are in use: twice the number of tokens. */
  used: number;
  /** One a token: `word`, or `loose` when it was written in quotes. */
  roles: Uint8Array;
}

export interface LexFault {
  readonly kind: 'control' | 'line-end' | 'unclosed' | 'spilled';
  readonly at: number;
}

const QUOTE = 34;
const BACKSLASH = 92;
const NEWLINE = 10;
const RETURN = 13;

/** What each byte is outside quotes; one look at a table is quicker than many comparisons. */
const kinds = { plain: 0, blank: 1, newline: 2, quote: 3, control: 4 } as const;
const kindOf = Uint8Array.from({ length: 256 }, (_, code) => {
  if (code === 32 || code === 9) return kinds.blank;
  if (code === NEWLINE) return kinds.newline;
  if (code === QUOTE) return kinds.quote;
  return code < 32 || code === 127 ? kinds.control : kinds.plain;
});

/** Room for that many tokens; it grows by itself. */
export function newWords(capacity: number): Words {
  return { offsets: new Int32Array(2 * capacity), used: 0, roles: new Uint8Array(capacity) };
}

/** Appends the words from `from` to the end of the line; returns the offset of the line's end, or what is wrong. */
export function lexLine(text: string, from: number, words: Words): number | LexFault {
  const length = text.length;
  let at = from;
  for (;;) {
    let kind = at < length ? kindOf[text.charCodeAt(at)] : kinds.newline;
    while (kind === kinds.blank) {
      at += 1;
      kind = at < length ? kindOf[text.charCodeAt(at)] : kinds.newline;
    }
    if (kind === kinds.newline) return at;
    const start = at;
    while (kind === kinds.plain) {
      at += 1;
      kind = at < length ? kindOf[text.charCodeAt(at)] : kinds.newline;
    }
    if (kind === kinds.control) {
      const crlf = text.charCodeAt(at) === RETURN && (at + 1 >= length || text.charCodeAt(at + 1) === NEWLINE);
      return { kind: crlf ? 'line-end' : 'control', at };
    }
    if (kind === kinds.quote) {
      const end = closingQuote(text, at);
      if (typeof end !== 'number') return end;
      at = end + 1;
      push(words, start, at, roles.loose);
    } else push(words, start, at, roles.word);
  }
}

/** Offset of the quote that closes the one at `open`. */
function closingQuote(text: string, open: number): number | LexFault {
  let newline = -1;
  let plain = false;
  for (let at = open + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) {
      at += 1;
      if (text.charCodeAt(at) === NEWLINE && newline < 0) newline = at;
      if (!isEscaped(text.charCodeAt(at))) plain = true;
    } else if (code === QUOTE) {
      if (newline < 0) return at;
      const after = at + 1 < text.length ? text.charCodeAt(at + 1) : NEWLINE;
      const asSaved = !plain && (after === 32 || after === NEWLINE) && text.charCodeAt(open - 1) === 32;
      return asSaved ? at : { kind: 'spilled', at: open };
    } else if (code === 0) return { kind: 'control', at };
    else if (code === NEWLINE) {
      if (newline < 0) newline = at;
    } else if (code === 39) plain = true;
  }
  return { kind: 'unclosed', at: open };
}

/** The characters before which iptables-save puts a backslash: `"`, `'` and `\`. */
function isEscaped(code: number): boolean {
  return code === QUOTE || code === 39 || code === BACKSLASH;
}

function push(words: Words, start: number, end: number, role: number): void {
  if (words.used === words.offsets.length) {
    const offsets = new Int32Array(words.offsets.length * 2);
    offsets.set(words.offsets);
    words.offsets = offsets;
    const wider = new Uint8Array(words.roles.length * 2);
    wider.set(words.roles);
    words.roles = wider;
  }
  words.offsets[words.used] = start;
  words.offsets[words.used + 1] = end;
  words.roles[words.used >> 1] = role;
  words.used += 2;
}

/** What a token says, without its quotes and escapes. */
export function unquoted(text: string, start: number, end: number): string {
  const piece = text.slice(start, end);
  const quote = piece.indexOf('"');
  return quote < 0 ? piece : piece.slice(0, quote) + piece.slice(quote + 1, -1).replace(/\\([\s\S])/g, '$1');
}

/** A value in the form that prints under the role and reads back as the same value. */
export function requoted(value: string, role: number): string {
  const bare =
    role === roles.string ? /^[A-Za-z0-9_-]+$/.test(value) : role === roles.quoted ? false : /^[!#-~\x80-\xff]+$/.test(value);
  // The string and connlabel matches leave an apostrophe alone; xtables_save_string escapes it.
  const special = role === roles.quoted && !value.includes('\n') ? /["\\]/g : /["'\\]/g;
  return bare ? value : `"${value.replace(special, '\\$&')}"`;
}

/** Whether the token is just what {@link requoted} gives for a `string` of its value. */
export function isSavedString(text: string, start: number, end: number): boolean {
  let at = start;
  if (text.charCodeAt(start) !== QUOTE) {
    while (at < end && isBare(text.charCodeAt(at))) at += 1;
    return at === end && end > start;
  }
  let needsQuotes = end - start === 2;
  for (at = start + 1; at < end - 1; at += 1) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) {
      at += 1;
      if (!isEscaped(text.charCodeAt(at))) return false;
    } else if (isEscaped(code)) return false;
    else if (isBare(code)) continue;
    needsQuotes = true;
  }
  return needsQuotes;
}

function isBare(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57) || code === 45 || code === 95;
}
