/**
 * Rule comments and log prefixes are other people's text. Written raw they could move the cursor, change colours, retitle
 * the window or, with the bidirectional controls, show a rule that is not there (CVE-2021-42574).
 */

// C0, DEL, C1, the bidirectional controls, line separators, zero-width characters and tags that hide in plain sight.
const unsafe = /[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}]/gu;

/** The text with every control character written as an escape; line ends and tabs stay. */
export function safeText(text: string): string {
  return text.replace(unsafe, (character) => (character === '\n' || character === '\t' ? character : escaped(character)));
}

/** The text on one line: line ends and tabs are escapes too. */
export function oneLine(text: string): string {
  return text.replace(unsafe, escaped);
}

/** The same value with every string in it safe, keys of records included. */
export function cleaned(value: unknown): unknown {
  if (typeof value === 'string') return safeText(value);
  if (Array.isArray(value)) return value.map(cleaned);
  if (value instanceof Uint8Array || typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [safeText(key), cleaned(inner)]));
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code === 10) return '\\n';
  if (code === 9) return '\\t';
  return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}
