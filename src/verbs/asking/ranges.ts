import { type Address, type Family, parseAddress } from '../../model/net/index.ts';

const [lineEnd, comma] = [10, 44];

/**
 * Ranges of addresses with a text each, as lines of CSV sorted by their first address: `FIRST,LAST,TEXT`, IPv4 in decimal numbers, IPv6 as people
 * write it. A line is found in the bytes as they are, by halving: nothing has to be read before, or kept.
 */
export class RangeFile {
  private readonly bytes: Uint8Array;
  private readonly family: Family;

  constructor(bytes: Uint8Array, family: Family) {
    this.bytes = bytes;
    this.family = family;
  }

  /** The fields behind the range that holds an address. */
  find({ value }: Address): readonly string[] | null {
    let [low, high] = [0, this.bytes.length];
    let found: number | null = null;
    while (low < high) {
      const line = this.lineAt((low + high) >>> 1, low);
      const first = this.addressAt(line);
      if (first === null) return null;
      if (first <= value) {
        found = line;
        low = this.endOf(line) + 1;
      } else high = line;
    }
    if (found === null) return null;
    const last = this.addressAt(this.bytes.indexOf(comma, found) + 1);
    if (last === null || value > last) return null;
    const rest = this.bytes.indexOf(comma, this.bytes.indexOf(comma, found) + 1) + 1;
    return fieldsOf(new TextDecoder().decode(this.bytes.subarray(rest, this.endOf(found))).trimEnd());
  }

  /** Where the line begins that holds a byte; not before `low`. */
  private lineAt(at: number, low: number): number {
    const before = this.bytes.lastIndexOf(lineEnd, at - 1);
    return at === 0 || before < low ? low : before + 1;
  }

  private endOf(line: number): number {
    const end = this.bytes.indexOf(lineEnd, line);
    return end < 0 ? this.bytes.length : end;
  }

  private addressAt(from: number): bigint | number | null {
    const { bytes } = this;
    if (this.family === 6) {
      const text = Buffer.from(bytes.buffer, bytes.byteOffset + from, Math.min(46, bytes.length - from)).toString('latin1');
      return parseAddress(text.slice(0, text.indexOf(',')))?.value ?? null;
    }
    let value = 0;
    let at = from;
    for (let digit = bytes[at] as number; digit >= 48 && digit <= 57; digit = bytes[at] as number) {
      value = 10 * value + digit - 48;
      at += 1;
    }
    return at === from || bytes[at] !== comma ? null : value;
  }
}

/** RFC 4180, of one line. */
function fieldsOf(text: string): readonly string[] {
  return [...text.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))/g)].map(([, quoted, plain]) =>
    quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"'),
  );
}
