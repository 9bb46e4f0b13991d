// C0, DEL, C1, halves of pairs, the bidirectional controls, line separators, zero-width characters, what is no character, and tags.
const unsafe =
  /[\p{Cc}\p{Cs}\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\u{1d173}-\u{1d17a}\u{e0000}-\u{e007f}]/gu;

/** No field of a message is longer; of one that is, nobody reads more, and each channel would look at all of it. */
const mostUnits = 2048;

/** Text with every character written out that would act, or hide, instead of being seen: `\x1b`, `\u{202e}`. Line ends and tabs stay. */
export function visible(text: string): string {
  return bounded(text).replace(unsafe, (character) =>
    character === '\n' || character === '\t' ? character : writtenOut(character),
  );
}

/** The same on one line: its line ends and tabs are written out too. */
export function visibleLine(text: string): string {
  return bounded(text).replace(unsafe, writtenOut);
}

function bounded(text: string): string {
  if (text.length <= mostUnits) return text;
  // Not between the halves of a pair.
  const cut = text.slice(0, mostUnits);
  return `${/[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut}…`;
}

function writtenOut(character: string): string {
  if (character === '\n') return '\\n';
  if (character === '\t') return '\\t';
  const code = character.codePointAt(0) ?? 0;
  return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}
