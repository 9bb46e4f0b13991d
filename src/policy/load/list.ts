/** A line of a list of addresses that says something. */
export interface ListLine {
  readonly word: string;
  /** Counts from 1. */
  readonly line: number;
}

/** As UTF-8 has it, read as that or byte by byte. */
const byteOrderMark = /^(?:\ufeff|\u00ef\u00bb\u00bf)/;

/** What stands in a list, one address or network a line; `#` and `;` begin comments. */
export function linesOf(text: string): readonly ListLine[] {
  return text
    .replace(byteOrderMark, '')
    .split('\n')
    .flatMap((line, index) => {
      const word = line.replace(/[#;][\s\S]*$/, '').trim();
      return word === '' ? [] : [{ word, line: index + 1 }];
    });
}
