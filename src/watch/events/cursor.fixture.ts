import { type Address, parseAddress } from '../../model/net/index.ts';

/** The protocols that the kernel names in a log line (net/netfilter/nf_log_syslog.c); all others are numbers. */
const protocols: ReadonlyMap<string, number> = new Map([
  ['ICMP', 1],
  ['TCP', 6],
  ['UDP', 17],
  ['ESP', 50],
  ['AH', 51],
  ['ICMPv6', 58],
  // Of ulogd.
  ['SCTP', 132],
  ['UDPLITE', 136],
]);

/**
 * A place in a line's bytes. Each reading either moves on and answers what it read, or answers `null` or `false`.
 * No regular expressions: they cost the cube of a hostile line's length.
 */
export class Cursor {
  readonly bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  lastIndexOf(text: string, before: number): number {
    for (let start = before - text.length; start >= 0; start -= 1) if (this.matches(text, start)) return start;
    return -1;
  }

  includes(text: string): boolean {
    return this.lastIndexOf(text, this.bytes.length) >= 0;
  }

  take(text: string): boolean {
    if (!this.matches(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  /** The blank after a word. Carriers cut the line's last one, so the end will do. */
  space(): boolean {
    return this.at >= this.bytes.length || this.take(' ');
  }

  atEnd(): boolean {
    return this.at >= this.bytes.length;
  }

  /** The bytes up to the next blank, perhaps none; `null` if they are more than `longest`. */
  word(longest: number): Uint8Array | null {
    const from = this.at;
    while (this.at < this.bytes.length && this.bytes[this.at] !== 32) {
      if (this.at - from >= longest) return null;
      this.at += 1;
    }
    return this.bytes.subarray(from, this.at);
  }

  decimal(most = 0xffffffff): number | null {
    let value = 0;
    const from = this.at;
    for (let byte = this.bytes[this.at]; byte !== undefined && byte >= 48 && byte <= 57; byte = this.bytes[this.at]) {
      value = value * 10 + byte - 48;
      if (value > most) return null;
      this.at += 1;
    }
    return this.at === from ? null : value;
  }

  /** Up to eight digits, with or without `0x`. */
  hexadecimal(): number | null {
    this.take('0x');
    let value = 0;
    const from = this.at;
    for (let digit = hexDigit(this.bytes[this.at]); digit >= 0; digit = hexDigit(this.bytes[this.at])) {
      value = value * 16 + digit;
      this.at += 1;
    }
    return this.at === from || this.at - from > 8 ? null : value;
  }

  /** Passes over hex digits and the colons between them. */
  octets(): void {
    while (this.bytes[this.at] === 58 || hexDigit(this.bytes[this.at]) >= 0) this.at += 1;
  }

  address(): Address | null {
    const from = this.at;
    for (let byte = this.bytes[this.at]; byte === 46 || byte === 58 || hexDigit(byte) >= 0; byte = this.bytes[this.at])
      this.at += 1;
    if (this.at - from > 45) return null;
    return parseAddress(String.fromCharCode(...this.bytes.subarray(from, this.at))) ?? null;
  }

  protocol(): number | null {
    const number = this.decimal(255);
    if (number !== null) return number;
    const name = this.word(7);
    return name === null ? null : (protocols.get(String.fromCharCode(...name)) ?? null);
  }

  private matches(text: string, at: number): boolean {
    if (at + text.length > this.bytes.length) return false;
    for (let index = 0; index < text.length; index += 1) if (this.bytes[at + index] !== text.charCodeAt(index)) return false;
    return true;
  }
}

function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 48 && byte <= 57) return byte - 48;
  const letter = byte | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}
