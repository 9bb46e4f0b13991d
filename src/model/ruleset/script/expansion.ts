import { type HereDocument, type Piece, readQuoted, type WordToken } from './words.ts';

/**
 * What the shell makes of words, as far as the script alone says it: variables that hold a literal value are put in;
 * everything that a running shell would have to be asked for is unknown, and so is the word it stands in.
 */
export interface Variables {
  /** `null`: it was set to something unknown. Names that are not here are of the environment, and unknown too. */
  readonly values: Map<string, string | null>;
}

export interface Expanded {
  readonly words: readonly string[];
  /** What is not known, as it stands in the script; `null` when all is. */
  readonly unknown: string | null;
}

/** The fields that words become (POSIX, XCU 2.6), with blanks and line ends as separators. */
export function expandWords(words: readonly WordToken[], variables: Variables): Expanded {
  const fields: string[] = [];
  let unknown: string | null = null;
  for (const word of words) {
    const expanded = expandPieces(word.pieces, variables);
    unknown ??= expanded.unknown;
    for (const field of expanded.words) fields.push(field);
  }
  return { words: fields, unknown };
}

/** One text, as an assignment's value or a here-document's: not cut into fields. */
export function expandText(
  pieces: readonly Piece[],
  variables: Variables,
): { readonly text: string; readonly unknown: string | null } {
  let text = '';
  let unknown: string | null = null;
  for (const piece of pieces) {
    if (piece.kind === 'literal') text += piece.text;
    else if (piece.kind === 'unknown') unknown ??= piece.text;
    else {
      const value = variables.values.get(piece.name);
      if (typeof value === 'string') text += value;
      else unknown ??= `$${piece.name}`;
    }
  }
  return { text, unknown };
}

/** What a here-document holds in the end. */
export function expandDocument(
  document: HereDocument,
  variables: Variables,
): { readonly text: string; readonly unknown: string | null } {
  if (document.literal) return { text: document.text, unknown: null };
  const pieces: Piece[] = [];
  if (readQuoted(document.text, 0, pieces, null) < 0) return { text: '', unknown: 'a bracket that is never closed' };
  return expandText(pieces, variables);
}

function expandPieces(pieces: readonly Piece[], variables: Variables): Expanded {
  const fields: string[] = [];
  let current: string | null = null;
  let unknown: string | null = null;
  for (const [index, piece] of pieces.entries()) {
    if (piece.kind === 'unknown') unknown ??= piece.text;
    else if (piece.kind === 'literal') {
      if (!piece.quoted) unknown ??= pattern(piece.text, index === 0);
      current = (current ?? '') + piece.text;
    } else {
      const value = variables.values.get(piece.name);
      if (typeof value !== 'string') unknown ??= `$${piece.name}`;
      else if (piece.quoted) current = (current ?? '') + value;
      else {
        unknown ??= pattern(value, false);
        const [first = '', ...rest] = value.split(/[ \t\n]+/);
        if (first !== '' || rest.length === 0) current = value === '' ? current : (current ?? '') + first;
        for (const field of rest) {
          if (current !== null) fields.push(current);
          current = field === '' ? null : field;
        }
      }
    }
  }
  if (current !== null) fields.push(current);
  return { words: fields, unknown };
}

/**
 * What the shell would look up in folders, or bash alone would multiply. Square brackets are left alone: they stand around
 * IPv6 addresses, and a shell that finds no such file leaves them too.
 */
function pattern(text: string, first: boolean): string | null {
  if (/[*?]/.test(text) || /\{[^{}]*(?:,|\.\.)[^{}]*\}/.test(text) || (first && text.startsWith('~'))) return text;
  return null;
}
