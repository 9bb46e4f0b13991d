import type { Names } from './names.ts';

/** The beginning of a line: the rule's prefix, the links and the hardware addresses. */
export interface Head {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** 0: there is none. */
  length: number;
  /** Numbers of `names`. */
  prefix: number;
  in: number;
  out: number;
  names: Names | null;
}

const many = 8;
const longest = 256;

/**
 * The beginnings of the lines before. One rule logs packets of one neighbour with the same hundred bytes again and again, and to compare
 * them, four at a time, is less than to read them.
 */
export class Heads {
  private readonly heads: readonly Head[] = Array.from({ length: many }, () => {
    const bytes = new Uint8Array(longest);
    return { bytes, view: new DataView(bytes.buffer), length: 0, prefix: 0, in: 0, out: 0, names: null };
  });
  private latest = this.heads[0] as Head;
  private oldest = 0;

  /** The one with which these bytes begin; `null`: none. */
  find(view: DataView, from: number, to: number, names: Names): Head | null {
    if (isBeginning(this.latest, view, from, to, names)) return this.latest;
    for (let index = 0; index < many; index += 1) {
      const head = this.heads[index] as Head;
      if (!isBeginning(head, view, from, to, names)) continue;
      this.latest = head;
      return head;
    }
    return null;
  }

  keep(bytes: Uint8Array, from: number, to: number, names: Names, prefix: number, inLink: number, outLink: number): void {
    if (to - from > longest) return;
    const head = this.heads[this.oldest] as Head;
    this.oldest = (this.oldest + 1) % many;
    this.latest = head;
    for (let at = from; at < to; at += 1) head.bytes[at - from] = bytes[at] as number;
    head.length = to - from;
    head.names = names;
    head.prefix = prefix;
    head.in = inLink;
    head.out = outLink;
  }
}

function isBeginning(head: Head, view: DataView, from: number, to: number, names: Names): boolean {
  const { length } = head;
  if (length < 4 || from + length > to || head.names !== names) return false;
  const kept = head.view;
  // The last four first: by them most others are told.
  if (kept.getInt32(length - 4, true) !== view.getInt32(from + length - 4, true)) return false;
  let at = 0;
  for (; at + 4 <= length; at += 4) if (kept.getInt32(at, true) !== view.getInt32(from + at, true)) return false;
  return true;
}
