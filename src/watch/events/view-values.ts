import { hexDigit } from './span.ts';

const COLON = 58;

/**
 * A number of at most five digits, times eight, and how many digits it has: one answer for both. The digits are counted and summed up four at a time,
 * since nobody, and no processor, can guess how many the next number has.
 */
export function upToFive(view: DataView, from: number): number {
  const four = view.getInt32(from, true);
  // Where a byte is no digit, its bits differ from those of 0x30 to 0x39.
  const strange = ((four & 0xf0f0f0f0) ^ 0x30303030) | (((four + 0x06060606) & 0xf0f0f0f0) ^ 0x30303030);
  if (strange === 0) {
    const value = sum(four);
    const fifth = view.getUint8(from + 4) - 48;
    return fifth >= 0 && fifth <= 9 ? ((value * 10 + fifth) << 3) | 5 : (value << 3) | 4;
  }
  const digits = (31 - Math.clz32(strange & -strange)) >> 3;
  return digits === 0 ? 0 : (sum(four << (32 - 8 * digits)) << 3) | digits;
}

/** Of four digits; what is no digit must be 0. */
function sum(four: number): number {
  // Two pairs, and then one of them a hundred times.
  const pairs = Math.imul(four & 0x0f0f0f0f, 2561) >>> 8;
  return Math.imul(pairs & 0x00ff00ff, 6_553_601) >>> 16;
}

export function isTwoHex(view: DataView, at: number): boolean {
  return hexDigit(view.getUint8(at)) >= 0 && hexDigit(view.getUint8(at + 1)) >= 0;
}

/** Behind a number of one to five digits; -1: none is there. */
export function pastFive(view: DataView, from: number): number {
  const number = upToFive(view, from);
  return number === 0 ? -1 : from + (number & 7);
}

/** Eight groups of four hex digits into four words; the caller looks at what follows. */
export function readGroups(view: DataView, from: number, words: Uint32Array, to: number): boolean {
  let strange = 0;
  for (let word = 0; word < 4; word += 1) {
    const at = from + 10 * word;
    const high = fourHex(view, at);
    const low = fourHex(view, at + 5);
    strange |= high | low;
    if (view.getUint8(at + 4) !== COLON || (word < 3 && view.getUint8(at + 9) !== COLON)) return false;
    words[to + word] = (high << 16) | low;
  }
  return strange >= 0;
}

/** Below 0 if one of them is none. */
function fourHex(view: DataView, at: number): number {
  return (
    (hexDigit(view.getUint8(at)) << 12) |
    (hexDigit(view.getUint8(at + 1)) << 8) |
    (hexDigit(view.getUint8(at + 2)) << 4) |
    hexDigit(view.getUint8(at + 3))
  );
}

/** Four numbers with dots between into the last of four words; where they end, or -1. What comes behind them the caller looks at. */
export function readQuad(view: DataView, from: number, words: Uint32Array, to: number): number {
  let at = from;
  let value = 0;
  for (let part = 0; ; part += 1) {
    const four = view.getInt32(at, true);
    const strange = ((four & 0xf0f0f0f0) ^ 0x30303030) | (((four + 0x06060606) & 0xf0f0f0f0) ^ 0x30303030);
    const digits = (31 - Math.clz32(strange & -strange)) >> 3;
    // None, or four.
    if (digits < 1) return -1;
    const number = sum(four << (32 - 8 * digits));
    // No part begins with a needless 0.
    if (number > 255 || ((four & 15) === 0 && digits > 1)) return -1;
    value = (value << 8) | number;
    at += digits;
    if (part === 3) break;
    if (((four >>> (8 * digits)) & 255) !== 46) return -1;
    at += 1;
  }
  words[to] = 0;
  words[to + 1] = 0;
  words[to + 2] = 0;
  words[to + 3] = value;
  return at;
}
