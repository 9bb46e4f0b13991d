import { readable } from './readable.ts';

/** As many as a Uint16 tells apart, the empty text and the one below left out. */
const most = 65_534;
/** What names beyond the most that are kept are called: in a file that anybody can write, names have no end. */
const others = '…';

/**
 * Short texts that come again and again, as numbers: prefixes of rules, names of links. 0 is the empty text. Their number is bounded, and
 * what comes beyond it is one name.
 */
export class Names {
  private readonly texts: string[] = ['', others];
  private readonly bytes: Uint8Array[] = [new Uint8Array(0), new Uint8Array(0)];
  private readonly heads = new Int32Array(4096).fill(-1);
  private readonly next: number[] = [-1, -1];

  /** The number of the text that stands in these bytes. */
  of(bytes: Uint8Array, from: number, to: number): number {
    if (from === to) return 0;
    let hash = to - from;
    for (let at = from; at < to; at += 1) hash = (Math.imul(hash, 31) + (bytes[at] as number)) | 0;
    const bucket = (hash ^ (hash >>> 15)) & 4095;
    for (let name = this.heads[bucket] as number; name >= 0; name = this.next[name] as number)
      if (isSame(this.bytes[name] as Uint8Array, bytes, from, to)) return name;
    if (this.isFull()) return 1;
    const name = this.texts.length;
    const kept = Uint8Array.prototype.slice.call(bytes, from, to);
    this.texts.push(readable(kept));
    this.bytes.push(kept);
    this.next.push(this.heads[bucket] as number);
    this.heads[bucket] = name;
    return name;
  }

  /** The number of a text. */
  named(text: string): number {
    const bytes = new TextEncoder().encode(text);
    return this.of(bytes, 0, bytes.length);
  }

  /** Whatever else comes is one of many that have no name of their own. */
  isFull(): boolean {
    return this.texts.length > most;
  }

  /** Safe to print. */
  text(name: number): string {
    return this.texts[name] ?? others;
  }
}

function isSame(kept: Uint8Array, bytes: Uint8Array, from: number, to: number): boolean {
  if (kept.length !== to - from) return false;
  for (let at = 0; at < kept.length; at += 1) if (kept[at] !== bytes[from + at]) return false;
  return true;
}
