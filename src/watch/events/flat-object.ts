import { hexDigit, isDigit } from './span.ts';

/** What a value is. */
export const valueKinds = { string: 1, number: 2, array: 3, word: 4 } as const;

/**
 * Walks a JSON object of one line, key by key, without making anything of it (RFC 8259). Of arrays it only finds the end; objects within objects, and
 * keys with escapes, are none that a log daemon writes, and end the walk as not whole.
 */
export class FlatObject {
  bytes: Uint8Array = new Uint8Array(0);
  /** The key, without its quotes. */
  keyFrom = 0;
  keyTo = 0;
  /** The value: of a string what is between its quotes, of an array all with its brackets. */
  from = 0;
  to = 0;
  /** One of {@link valueKinds}. */
  kind = 0;
  /** The string has escapes. */
  isEscaped = false;
  /** The object was read to its end, and nothing follows it. */
  isWhole = false;
  private at = 0;
  private end = 0;
  private isFirst = true;

  begin(bytes: Uint8Array, from: number, to: number): void {
    this.bytes = bytes;
    this.at = from;
    this.end = to;
    this.isFirst = true;
    this.isWhole = false;
  }

  /** On to the next key; `false` at the end, be it the object's or of what can be read. */
  next(): boolean {
    this.blanks();
    if (this.isFirst) {
      if (!this.take(123)) return false;
      this.blanks();
      if (this.bytes[this.at] === 125) return this.close();
      this.isFirst = false;
    } else if (!this.take(44)) return this.close();
    this.blanks();
    if (!this.string() || this.isEscaped) return false;
    this.keyFrom = this.from;
    this.keyTo = this.to;
    this.blanks();
    if (!this.take(58)) return false;
    this.blanks();
    return this.value();
  }

  private close(): false {
    if (this.take(125)) {
      this.blanks();
      this.isWhole = this.at === this.end;
    }
    return false;
  }

  private take(byte: number): boolean {
    if (this.at >= this.end || this.bytes[this.at] !== byte) return false;
    this.at += 1;
    return true;
  }

  private blanks(): void {
    for (; this.at < this.end; this.at += 1) {
      const byte = this.bytes[this.at];
      if (byte !== 32 && byte !== 9 && byte !== 13) return;
    }
  }

  private value(): boolean {
    if (this.at >= this.end) return false;
    const byte = this.bytes[this.at] as number;
    if (byte === 34) {
      this.kind = valueKinds.string;
      return this.string();
    }
    this.isEscaped = false;
    this.from = this.at;
    if (byte === 91) {
      this.kind = valueKinds.array;
      return this.array();
    }
    const isNumber = byte === 45 || isDigit(byte);
    this.kind = isNumber ? valueKinds.number : valueKinds.word;
    while (this.at < this.end && (isNumber ? isOfNumber(this.bytes[this.at] as number) : isLetter(this.bytes[this.at] as number)))
      this.at += 1;
    this.to = this.at;
    return this.to > this.from;
  }

  private string(): boolean {
    if (!this.take(34)) return false;
    const { bytes, end } = this;
    let at = this.at;
    this.from = at;
    this.isEscaped = false;
    for (; at < end; at += 1) {
      const byte = bytes[at] as number;
      if (byte === 34) {
        this.to = at;
        this.at = at + 1;
        return true;
      }
      if (byte < 32) return false;
      if (byte === 92) {
        this.isEscaped = true;
        at += 1;
      }
    }
    return false;
  }

  private array(): boolean {
    let depth = 0;
    while (this.at < this.end) {
      const byte = this.bytes[this.at] as number;
      if (byte === 34) {
        const { from } = this;
        if (!this.string()) return false;
        this.from = from;
        continue;
      }
      if (byte === 123) return false;
      if (byte === 91) depth += 1;
      if (byte === 93) depth -= 1;
      this.at += 1;
      if (depth > 0) continue;
      this.isEscaped = false;
      this.to = this.at;
      return true;
    }
    return false;
  }
}

function isOfNumber(byte: number): boolean {
  return isDigit(byte) || byte === 43 || byte === 45 || byte === 46 || byte === 69 || byte === 101;
}

function isLetter(byte: number): boolean {
  return byte >= 97 && byte <= 122;
}

/** Writes what a string with escapes says, as UTF-8, and answers its length; -1 if it is no string, or longer than there is room. */
export function writeUnescaped(bytes: Uint8Array, from: number, to: number, into: Uint8Array): number {
  let length = 0;
  for (let at = from; at < to; at += 1) {
    // Room for the longest character.
    if (length + 4 > into.length) return -1;
    let byte = bytes[at] as number;
    if (byte === 92) {
      at += 1;
      byte = bytes[at] as number;
      if (byte === 117) {
        let code = fourHex(bytes, at + 1, to);
        if (code < 0) return -1;
        at += 4;
        if (code >= 0xd800 && code < 0xdc00 && bytes[at + 1] === 92 && bytes[at + 2] === 117) {
          const low = fourHex(bytes, at + 3, to);
          if (low >= 0xdc00 && low < 0xe000) {
            code = 0x10000 + ((code - 0xd800) << 10) + low - 0xdc00;
            at += 6;
          }
        }
        length = writeCharacter(code, into, length);
        continue;
      }
      byte = named(byte);
      if (byte < 0) return -1;
    }
    into[length] = byte;
    length += 1;
  }
  return length;
}

/** Writes the bytes that an array of numbers lists, and answers how many; -1 if it is no such array, or there is no room. */
export function writeListed(bytes: Uint8Array, from: number, to: number, into: Uint8Array): number {
  let length = 0;
  let at = from + 1;
  while (at < to) {
    while (bytes[at] === 32) at += 1;
    let value = 0;
    const begin = at;
    for (; at < to && isDigit(bytes[at] as number) && at - begin < 4; at += 1) value = value * 10 + (bytes[at] as number) - 48;
    if (at === begin || value > 255 || length === into.length) return -1;
    into[length] = value;
    length += 1;
    while (bytes[at] === 32) at += 1;
    if (bytes[at] === 93) return at === to - 1 ? length : -1;
    if (bytes[at] !== 44) return -1;
    at += 1;
  }
  return -1;
}

/** What stands for a character behind a backslash; -1: nothing. */
function named(letter: number): number {
  switch (letter) {
    case 34:
    case 47:
    case 92:
      return letter;
    case 98:
      return 8;
    case 102:
      return 12;
    case 110:
      return 10;
    case 114:
      return 13;
    case 116:
      return 9;
    default:
      return -1;
  }
}

function fourHex(bytes: Uint8Array, at: number, to: number): number {
  if (at + 4 > to) return -1;
  let value = 0;
  for (let index = 0; index < 4; index += 1) {
    const digit = hexDigit(bytes[at + index] as number);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

function writeCharacter(code: number, into: Uint8Array, at: number): number {
  if (code < 0x80) {
    into[at] = code;
    return at + 1;
  }
  if (code < 0x800) {
    into[at] = 0xc0 | (code >> 6);
    into[at + 1] = 0x80 | (code & 63);
    return at + 2;
  }
  if (code < 0x10000) {
    into[at] = 0xe0 | (code >> 12);
    into[at + 1] = 0x80 | ((code >> 6) & 63);
    into[at + 2] = 0x80 | (code & 63);
    return at + 3;
  }
  into[at] = 0xf0 | (code >> 18);
  into[at + 1] = 0x80 | ((code >> 12) & 63);
  into[at + 2] = 0x80 | ((code >> 6) & 63);
  into[at + 3] = 0x80 | (code & 63);
  return at + 4;
}
