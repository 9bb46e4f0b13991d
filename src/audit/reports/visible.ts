// C0, DEL, C1, halves of pairs, the bidirectional controls, line separators, zero-width characters and tags.
const unsafe = /[\p{Cc}\p{Cs}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff\u{e0000}-\u{e007f}]/gu;

/**
 * Text of others, such as a rule's comment, with every character written out that would act instead of being seen: controls,
 * which XML cannot hold either, and those that reorder or hide what stands beside them.
 */
export function visible(text: string): string {
  return text.replace(unsafe, (character) => {
    if (character === '\n' || character === '\t') return character;
    const code = character.codePointAt(0) ?? 0;
    return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

/** The same on one line. */
export function visibleLine(text: string): string {
  return visible(text.replace(/\s*\n\s*/g, ' ').replaceAll('\t', ' '));
}

/** Text for HTML and XML, in content and in attributes in quotes. */
export function escaped(text: string): string {
  return visible(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
