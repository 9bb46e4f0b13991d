import type { Family } from '../../model/net/index.ts';
import { hexDigit, isDigit } from './span.ts';

const groups = new Uint16Array(8);

/**
 * Reads exactly these bytes as an address into four words at `at`; 0 if they are none, and the words are then of nothing. What
 * `parseAddress` takes it takes (RFC 6943 §3.1.1 strict form, RFC 4291 §2.2), and nothing else.
 */
export function readAddress(bytes: Uint8Array, from: number, to: number, words: Uint32Array, at: number): Family | 0 {
  for (let byte = from; byte < to; byte += 1) if (bytes[byte] === 58) return readV6(bytes, from, to, words, at) ? 6 : 0;
  const value = readV4(bytes, from, to);
  if (value < 0) return 0;
  words[at] = 0;
  words[at + 1] = 0;
  words[at + 2] = 0;
  words[at + 3] = value;
  return 4;
}

/** The 32-bit number of a dotted quad; -1 if it is none. */
function readV4(bytes: Uint8Array, from: number, to: number): number {
  let value = 0;
  let part = 0;
  let digits = 0;
  let dots = 0;
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at] as number;
    if (byte === 46) {
      if (digits === 0 || dots === 3) return -1;
      value = value * 256 + part;
      part = 0;
      digits = 0;
      dots += 1;
    } else {
      // No part begins with a needless 0.
      if (!isDigit(byte) || digits === 3 || (digits > 0 && part === 0)) return -1;
      part = part * 10 + byte - 48;
      if (part > 255) return -1;
      digits += 1;
    }
  }
  return dots === 3 && digits > 0 ? value * 256 + part : -1;
}

function readV6(bytes: Uint8Array, from: number, to: number, words: Uint32Array, at: number): boolean {
  let count = 0;
  /** Where `::` stands; -1: nowhere. */
  let gap = -1;
  let place = from;
  if (bytes[place] === 58) {
    if (place + 1 >= to || bytes[place + 1] !== 58) return false;
    gap = 0;
    place += 2;
  }
  while (place < to) {
    if (count === 8) return false;
    let value = 0;
    const begin = place;
    for (; place < to && place - begin < 5; place += 1) {
      const digit = hexDigit(bytes[place] as number);
      if (digit < 0) break;
      value = value * 16 + digit;
    }
    if (place < to && bytes[place] === 46) {
      const last = readV4(bytes, begin, to);
      if (last < 0 || count > 6) return false;
      groups[count] = last >>> 16;
      groups[count + 1] = last;
      count += 2;
      place = to;
      break;
    }
    if (place === begin || place - begin > 4) return false;
    groups[count] = value;
    count += 1;
    if (place === to) break;
    if (bytes[place] !== 58) return false;
    place += 1;
    if (place < to && bytes[place] === 58) {
      if (gap >= 0) return false;
      gap = count;
      place += 1;
    } else if (place === to) return false;
  }
  if (gap < 0 ? count !== 8 : count > 7) return false;
  // What stands behind the gap belongs at the end.
  if (gap >= 0) {
    const behind = count - gap;
    for (let index = 0; index < behind; index += 1) groups[7 - index] = groups[count - 1 - index] as number;
    for (let index = gap; index < 8 - behind; index += 1) groups[index] = 0;
  }
  for (let word = 0; word < 4; word += 1)
    words[at + word] = ((groups[2 * word] as number) << 16) | (groups[2 * word + 1] as number);
  return true;
}
