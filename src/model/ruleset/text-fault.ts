import type { ProblemCode } from '../../result.ts';
import { shownText } from './ruleset.ts';

/** What is wrong, at an offset of the text. */
export interface TextFault {
  readonly kind: 'fault';
  readonly at: number;
  readonly code: ProblemCode;
  readonly message: string;
  readonly hint: string;
}

/** A message quotes bytes of the text as they are; here they become something to show, see {@link brief}. */
export function textFault(at: number, message: string, hint: string, code: ProblemCode = 'ruleset-syntax'): TextFault {
  return { kind: 'fault', at, code, message: brief(message), hint: brief(hint) };
}

/** Of each word and each quotation at most this many characters are shown. */
const mostShown = 60;
/** Sentences of our own are shorter than this with all that they quote. */
const mostInAll = 240;

/** A sentence that quotes the text, for people: one line, UTF-8 decoded, long words and long quotations cut. */
function brief(sentence: string): string {
  const shown = shownText(sentence).replace(/\s/g, ' ');
  if (shown.length <= mostShown) return shown;
  const start = (piece: string): string => `${piece.slice(0, mostShown)}…`;
  const cut = shown.replace(/[^\s"]{61,}/g, start).replace(/"([^"]{62,})"/g, (_, quoted: string) => `"${start(quoted)}"`);
  return cut.length <= mostInAll ? cut : `${cut.slice(0, mostInAll)}…`;
}
