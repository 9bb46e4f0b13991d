import { shownText } from './ruleset.ts';

/** Of each word and each quotation at most this many characters are shown. */
const mostShown = 60;
/** Sentences of our own are shorter than this with all that they quote. */
const mostInAll = 240;

/**
 * A sentence that quotes bytes of a text, for people: one line, UTF-8 decoded, control characters as `?`, long words and
 * long quotations cut. The messages and hints of all problems of texts go through it.
 */
export function brief(sentence: string): string {
  const shown = shownText(sentence)
    .replace(/\s/g, ' ')
    .replace(/\p{Cc}/gu, '?');
  if (shown.length <= mostShown) return shown;
  const start = (piece: string): string => `${piece.slice(0, mostShown)}…`;
  const cut = shown.replace(/[^\s"]{61,}/g, start).replace(/"([^"]{62,})"/g, (_, quoted: string) => `"${start(quoted)}"`);
  return cut.length <= mostInAll ? cut : `${cut.slice(0, mostInAll)}…`;
}
