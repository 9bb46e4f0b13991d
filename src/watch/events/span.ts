/** Plain questions about a stretch of bytes. What is beyond `to` is never looked at. */

/** The text, ASCII, stands at `at`. */
export function holds(bytes: Uint8Array, at: number, to: number, text: string): boolean {
  if (at < 0 || at + text.length > to) return false;
  for (let index = 0; index < text.length; index += 1) if (bytes[at + index] !== text.charCodeAt(index)) return false;
  return true;
}

/** The stretch is the text. */
export function is(bytes: Uint8Array, from: number, to: number, text: string): boolean {
  return to - from === text.length && holds(bytes, from, to, text);
}

/** Where the text stands first; -1: nowhere. */
export function find(bytes: Uint8Array, from: number, to: number, text: string): number {
  const first = text.charCodeAt(0);
  for (let at = from; at + text.length <= to; at += 1) if (bytes[at] === first && holds(bytes, at, to, text)) return at;
  return -1;
}

/** Where digits that begin at `at` end; `at` if there are none. */
export function pastDigits(bytes: Uint8Array, at: number, to: number): number {
  let end = at;
  while (end < to && isDigit(bytes[end] as number)) end += 1;
  return end;
}

/** The decimal number of exactly these bytes, at most `most`; -1 if it is none. */
export function decimal(bytes: Uint8Array, from: number, to: number, most: number): number {
  if (from >= to) return -1;
  let value = 0;
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at] as number;
    if (!isDigit(byte)) return -1;
    value = value * 10 + byte - 48;
    if (value > most) return -1;
  }
  return value;
}

/** Two digits; -1 if they are none. */
export function twoDigits(bytes: Uint8Array, at: number): number {
  const high = bytes[at] as number;
  const low = bytes[at + 1] as number;
  return isDigit(high) && isDigit(low) ? (high - 48) * 10 + low - 48 : -1;
}

export function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57;
}

const hexDigits = new Int8Array(256).map((_, byte) => {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const letter = byte | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
});

/** 0 to 15; -1 if it is no hex digit. */
export function hexDigit(byte: number): number {
  return hexDigits[byte] as number;
}
