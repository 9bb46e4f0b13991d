import type { Batch } from './batch.ts';

/**
 * Adds a row of one batch to another that shares its names, with its text, which goes to `used` in `texts`: there has to be room for both.
 *
 * @returns where the next text may go
 */
export function copyRow(from: Batch, row: number, to: Batch, texts: Uint8Array, used: number): number {
  const at = to.length;
  to.text = texts;
  to.trusted = from.trusted;
  to.kind[at] = from.kind[row] as number;
  to.family[at] = from.family[row] as number;
  to.at[at] = from.at[row] as number;
  for (let word = 0; word < 4; word += 1) {
    to.src[4 * at + word] = from.src[4 * row + word] as number;
    to.dst[4 * at + word] = from.dst[4 * row + word] as number;
  }
  to.proto[at] = from.proto[row] as number;
  to.sport[at] = from.sport[row] as number;
  to.dport[at] = from.dport[row] as number;
  to.icmpType[at] = from.icmpType[row] as number;
  to.icmpCode[at] = from.icmpCode[row] as number;
  to.flags[at] = from.flags[row] as number;
  to.size[at] = from.size[row] as number;
  to.ttl[at] = from.ttl[row] as number;
  to.mark[at] = from.mark[row] as number;
  to.prefix[at] = from.prefix[row] as number;
  to.in[at] = from.in[row] as number;
  to.out[at] = from.out[row] as number;
  const [text, length] = [from.textFrom[row] as number, from.textLength[row] as number];
  texts.set(from.text.subarray(text, text + length), used);
  to.textFrom[at] = used;
  to.textLength[at] = length;
  to.length += 1;
  return used + length;
}
