import type { Batch } from './batch.ts';

const columns = [
  'kind',
  'family',
  'at',
  'proto',
  'sport',
  'dport',
  'icmpType',
  'icmpCode',
  'flags',
  'size',
  'ttl',
  'mark',
  'prefix',
  'in',
  'out',
  'textFrom',
  'textLength',
] as const satisfies readonly (keyof Batch)[];

/** Bytes of the texts of rows that were read one behind the other, with what stands between them. */
export function textsOf(batch: Batch, from: number, to: number): number {
  if (from === to) return 0;
  return (batch.textFrom[to - 1] as number) + (batch.textLength[to - 1] as number) - (batch.textFrom[from] as number);
}

/**
 * Adds rows of one batch, which were read one behind the other, to another that shares its names. Their texts go to `used` in `texts`. There has to be
 * room for both.
 *
 * @returns where the next text may go
 */
export function copyRows(from: Batch, first: number, end: number, to: Batch, texts: Uint8Array, used: number): number {
  if (first === end) return used;
  const [row, count] = [to.length, end - first];
  to.text = texts;
  to.trusted = from.trusted;
  for (const column of columns) to[column].set(from[column].subarray(first, end), row);
  to.src.set(from.src.subarray(4 * first, 4 * end), 4 * row);
  to.dst.set(from.dst.subarray(4 * first, 4 * end), 4 * row);
  const [text, length] = [from.textFrom[first] as number, textsOf(from, first, end)];
  texts.set(from.text.subarray(text, text + length), used);
  for (let each = row; each < row + count; each += 1) to.textFrom[each] = (to.textFrom[each] as number) - text + used;
  to.length += count;
  return used + length;
}
