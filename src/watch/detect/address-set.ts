import type { Prefix } from '../../model/net/index.ts';
import { type Batch, putAddress } from '../events/batch.ts';

/** Networks, of which it is asked a hundred thousand times a second whether a row's source is of them. */
export interface AddressSet {
  has(batch: Batch, row: number): boolean;
  /** What the first byte of a source tells: it is of none of them, or it may be. */
  mayHave(batch: Batch, row: number): boolean;
}

/** Made for some dozens of networks: most addresses are of none of them, which their first byte tells. */
export function addressSet(prefixes: readonly Prefix[]): AddressSet {
  const firsts = { 4: new Uint8Array(256), 6: new Uint8Array(256) };
  const networks = { 4: [] as number[], 6: [] as number[] };
  for (const { family, value, length } of prefixes) {
    const words = new Uint32Array(8);
    putAddress(words, 0, { family, value });
    const bits = family === 4 ? 96 + length : length;
    for (let word = 0; word < 4; word += 1) {
      const ones = Math.min(32, Math.max(0, bits - 32 * word));
      words[4 + word] = ones === 0 ? 0 : 0xffffffff << (32 - ones);
      words[word] = (words[word] as number) & (words[4 + word] as number);
    }
    // A network's first address, then its mask, of the words that this family has.
    networks[family].push(...(family === 4 ? [words[3] as number, words[7] as number] : words));
    const lead = family === 4 ? 3 : 0;
    const mask = (words[4 + lead] as number) >>> 24;
    for (let byte = 0; byte < 256; byte += 1) if ((byte & mask) === (words[lead] as number) >>> 24) firsts[family][byte] = 1;
  }
  const [four, six] = [Uint32Array.from(networks[4]), Uint32Array.from(networks[6])];
  return {
    mayHave(batch, row) {
      const { src } = batch;
      return batch.family[row] === 4
        ? firsts[4][(src[4 * row + 3] as number) >>> 24] === 1
        : firsts[6][(src[4 * row] as number) >>> 24] === 1;
    },
    has(batch, row) {
      const at = 4 * row;
      const { src } = batch;
      if (batch.family[row] === 4) {
        const source = src[at + 3] as number;
        if (firsts[4][source >>> 24] === 0) return false;
        for (let each = 0; each < four.length; each += 2)
          if ((source & (four[each + 1] as number)) >>> 0 === four[each]) return true;
        return false;
      }
      if (firsts[6][(src[at] as number) >>> 24] === 0) return false;
      for (let each = 0; each < six.length; each += 8) {
        let isOf = true;
        for (let word = 0; word < 4; word += 1)
          isOf &&= ((src[at + word] as number) & (six[each + 4 + word] as number)) >>> 0 === six[each + word];
        if (isOf) return true;
      }
      return false;
    },
  };
}
