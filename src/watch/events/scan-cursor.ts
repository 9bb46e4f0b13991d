import { hexDigit } from './span.ts';
import { viewOf } from './view.ts';

/** Four ASCII letters as the number that {@link ScanCursor.isFour} compares: one load instead of four. */
export function four(text: string): number {
  return new DataView(Uint8Array.from(text, (letter) => letter.charCodeAt(0)).buffer).getInt32(0, true);
}

/** As {@link four}, of three letters. */
export function three(text: string): number {
  return four(`${text}\0`);
}

/** Bytes of hex digits and colons: hardware addresses, options. */
const isOctet = new Uint8Array(256).map((_, byte) => (byte === 58 || hexDigit(byte) >= 0 ? 1 : 0));
const INCO = four('INCO');
const TRUN = four('TRUN');
const ZERO = four('0x00');

/**
 * A place in a stretch of bytes. Each reading moves on, or answers -1 or `false`. It holds the same bytes for many lines, and makes
 * nothing for any.
 */
export class ScanCursor {
  bytes: Uint8Array = new Uint8Array(0);
  view: DataView = new DataView(new ArrayBuffer(0));
  at = 0;
  end = 0;

  begin(bytes: Uint8Array, at: number, end: number): void {
    this.bytes = bytes;
    this.view = viewOf(bytes);
    this.at = at;
    this.end = end;
  }

  /** The four letters stand here. */
  isFour(letters: number): boolean {
    return this.at + 4 <= this.end && this.view.getInt32(this.at, true) === letters;
  }

  /** Four letters, and nothing more. */
  take4(letters: number): boolean {
    if (!this.isFour(letters)) return false;
    this.at += 4;
    return true;
  }

  /** A word of five to eight letters, told by its first four and its last four. */
  takeWord(first: number, last: number, length: number): boolean {
    const { at, view } = this;
    if (at + length > this.end || view.getInt32(at, true) !== first || view.getInt32(at + length - 4, true) !== last)
      return false;
    this.at = at + length;
    return true;
  }

  /** A word of three letters. */
  take3(letters: number): boolean {
    const { bytes, at } = this;
    if (at + 3 > this.end) return false;
    if (((bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16)) !== letters) return false;
    this.at += 3;
    return true;
  }

  /** Any text; for what is rare. */
  take(text: string): boolean {
    const { bytes, at } = this;
    if (at + text.length > this.end) return false;
    for (let index = 0; index < text.length; index += 1) if (bytes[at + index] !== text.charCodeAt(index)) return false;
    this.at += text.length;
    return true;
  }

  /** The blank after a word. Carriers cut the line's last one, so the end will do. */
  space(): boolean {
    if (this.at >= this.end) return true;
    if (this.bytes[this.at] !== 32) return false;
    this.at += 1;
    return true;
  }

  /** Passes over what is no blank; `false` if that is longer. */
  word(longest: number): boolean {
    const { bytes, end } = this;
    let at = this.at;
    const most = at + longest;
    for (; at < end && bytes[at] !== 32; at += 1) if (at >= most) return false;
    this.at = at;
    return true;
  }

  /** -1: none, or more than `most`. */
  decimal(most: number): number {
    const { bytes, end } = this;
    const from = this.at;
    let at = from;
    let value = 0;
    for (; at < end; at += 1) {
      const digit = (bytes[at] as number) - 48;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
      if (value > most) return -1;
    }
    this.at = at;
    return at === from ? -1 : value;
  }

  /** Up to eight digits, with or without `0x`; -1: none, or more. */
  hexadecimal(): number {
    const { bytes, end } = this;
    let at = this.at;
    if (at + 2 <= end && bytes[at] === 48 && bytes[at + 1] === 120) at += 2;
    const from = at;
    let value = 0;
    for (; at < end; at += 1) {
      const digit = hexDigit(bytes[at] as number);
      if (digit < 0) break;
      value = value * 16 + digit;
    }
    this.at = at;
    return at === from || at - from > 8 ? -1 : value;
  }

  /** Passes over such a number; `false`: none. */
  hexadecimals(): boolean {
    // As it nearly always is.
    if (this.isFour(ZERO) && (this.at + 4 >= this.end || hexDigit(this.bytes[this.at + 4] as number) < 0)) {
      this.at += 4;
      return true;
    }
    return this.hexadecimal() >= 0;
  }

  /** Passes over hex digits and the colons between them. */
  octets(): void {
    const { bytes, end } = this;
    let at = this.at;
    while (at < end && isOctet[bytes[at] as number] === 1) at += 1;
    this.at = at;
  }

  /** Passes over what addresses are written with, and answers where it ends; -1 if that is longer than any. */
  address(): number {
    const { bytes, end, at: from } = this;
    let at = from;
    while (at < end && (isOctet[bytes[at] as number] === 1 || bytes[at] === 46)) at += 1;
    this.at = at;
    return at - from > 45 ? -1 : at;
  }

  truncated(): boolean {
    return this.isFour(TRUN) && this.take('TRUNCATED');
  }

  /** `INCOMPLETE [8 bytes] ` of the kernel, or `INCOMPLETE` alone, of ulogd. It stays where it is if that does not stand there. */
  incomplete(): boolean {
    if (!this.isFour(INCO)) return false;
    const before = this.at;
    if (this.take('INCOMPLETE')) {
      if (!this.take(' [')) return this.space() || true;
      if (this.decimal(0xffffffff) >= 0 && this.take(' bytes]') && this.space()) return true;
    }
    this.at = before;
    return false;
  }
}
