import { stripVTControlCharacters } from 'node:util';

// Two cells wide in terminals: CJK, full-width forms and emoji (Unicode TR 11 and TR 51).
const wide =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|\ufe0f/u;
// What palisade itself writes is one cell a character; it needs no segmenter, which takes 20 ms to make.
const plainCells = /^[\x20-\x7e–’“”…→•·─▁▂▃▄▅▆▇█▸●○‖↑↓←]*$/;
let segmenter: Intl.Segmenter | undefined;

function graphemes(text: string): Intl.Segments {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  return segmenter.segment(text);
}

/** Cells that a text without line ends takes; escape sequences take none. */
export function widthOf(text: string): number {
  const plain = stripVTControlCharacters(text);
  if (plainCells.test(plain)) return plain.length;
  let cells = 0;
  for (const { segment } of graphemes(plain)) cells += cellsOf(segment);
  return cells;
}

function cellsOf(grapheme: string): number {
  if (wide.test(grapheme)) return 2;
  return /^[\p{Mn}\p{Me}\p{Cf}\p{Cc}]/u.test(grapheme) ? 0 : 1;
}

/** Breaks a text without escape sequences into lines of at most `width` cells, at blanks where it can. */
export function wrap(text: string, width: number): string[] {
  return text.split('\n').flatMap((line) => wrapLine(line, Math.max(width, 1)));
}

function wrapLine(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const joined = line === '' ? word : `${line} ${word}`;
    if (widthOf(joined) <= width) {
      line = joined;
      continue;
    }
    if (line !== '') lines.push(line);
    const pieces = cut(word, width);
    lines.push(...pieces.slice(0, -1));
    line = pieces.at(-1) ?? '';
  }
  return [...lines, line];
}

/** Cuts a word that is longer than a line, never inside a character. */
function cut(word: string, width: number): string[] {
  const pieces: string[] = [];
  let piece = '';
  let cells = 0;
  for (const { segment } of graphemes(word)) {
    const more = cellsOf(segment);
    if (cells + more > width && piece !== '') {
      pieces.push(piece);
      piece = '';
      cells = 0;
    }
    piece += segment;
    cells += more;
  }
  return [...pieces, piece];
}
