/**
 * Bytes that others chose, as text that is safe to print: UTF-8, with a mark in the place of what is none, of control
 * characters (a terminal would obey them) and of characters that turn the direction of reading.
 */
export function readable(bytes: Uint8Array): string {
  let text = '';
  for (const character of new TextDecoder().decode(bytes))
    text += isPlain(character.codePointAt(0) as number) ? character : '\ufffd';
  return text;
}

function isPlain(code: number): boolean {
  const control = code < 0x20 || (code >= 0x7f && code < 0xa0) || code === 0x2028 || code === 0x2029;
  const turning =
    code === 0x061c ||
    (code >= 0x200e && code <= 0x200f) ||
    (code >= 0x202a && code <= 0x202e) ||
    (code >= 0x2066 && code <= 0x2069);
  return !control && !turning;
}
