import type { ValueType } from '../extension.ts';

/**
 * A whole number as libxtables reads one (strtoul with base 0): decimal, hex behind `0x`, octal behind `0`.
 * `undefined` when it is none or lies outside `0…max`.
 */
export function readNumber(text: string, max = 0xffffffff): number | undefined {
  // Most numbers are short and decimal; a leading zero would make them octal.
  if (text.length < 10 && /^[1-9]\d*$|^0$/.test(text)) return Number(text) <= max ? Number(text) : undefined;
  const value = readBig(text);
  return value === undefined || value > BigInt(max) ? undefined : Number(value);
}

/** As {@link readNumber}, without a bound. */
export function readBig(text: string): bigint | undefined {
  if (/^[1-9]\d*$|^0$/.test(text)) return BigInt(text);
  if (/^0x[0-9a-f]+$/i.test(text)) return BigInt(text);
  return /^0[0-7]+$/.test(text) ? BigInt(`0o${text.slice(1)}`) : undefined;
}

/** `A`, `A:B`, `A:` or `:B`, as libxtables reads ranges; `undefined` when either is no number. With A above B it holds nothing. */
export function readNumberRange(text: string, max: number): readonly [number, number] | undefined {
  const colon = text.indexOf(':');
  if (colon < 0) {
    const value = readNumber(text, max);
    return value === undefined ? undefined : [value, value];
  }
  const lo = colon === 0 ? 0 : readNumber(text.slice(0, colon), max);
  const hi = colon === text.length - 1 ? max : readNumber(text.slice(colon + 1), max);
  return lo === undefined || hi === undefined ? undefined : [lo, hi];
}

/** How a number prints. */
export type Digits = (value: bigint) => string;

export const decimal: Digits = (value) => String(value);
export const hex: Digits = (value) => `0x${value.toString(16)}`;
/** Hex digits of a fixed number. */
export function hexOf(digits: number): Digits {
  return (value) => `0x${value.toString(16).padStart(digits, '0')}`;
}

export const u8 = 0xffn;
export const u16 = 0xffffn;
export const u32 = 0xffff_ffffn;
export const u64 = 0xffff_ffff_ffff_ffffn;

/** A whole number from `lo` to `hi`. */
export function whole(lo: bigint, hi: bigint, digits: Digits = decimal): ValueType {
  const read = (text: string): bigint | undefined => {
    const value = readBig(text);
    return value === undefined || value < lo || value > hi ? undefined : value;
  };
  return {
    hint: `write a number from ${lo} to ${hi}`,
    saved: (text) => {
      const value = read(text);
      return value === undefined ? undefined : digits(value);
    },
    examples: () => [`${lo}`, `${hi}`, hex(hi), hex(lo + 1n), `0${((lo + hi) / 2n).toString(8)}`],
    refused: () => [`${hi + 1n}`, ...(lo > 0n ? [`${lo - 1n}`] : []), 'x', '1x', '0x'],
  };
}

/**
 * A number or a range of them, `A`, `A:B`, `A:` or `:B`. `joined` says how it prints; by default one number where both ends
 * are the same.
 */
export function wholeRange(
  hi: bigint,
  joined: (lo: bigint, hi: bigint) => string = (from, to) => (from === to ? `${from}` : `${from}:${to}`),
  order: 'any' | 'rising' = 'any',
): ValueType {
  return {
    hint: `write a number from 0 to ${hi}, or a range such as 1:10`,
    saved: (text) => {
      const read = rangeOf(text, hi);
      return read === undefined || (order === 'rising' && read[0] > read[1]) ? undefined : joined(read[0], read[1]);
    },
    examples: () => [
      '0',
      `${hi}`,
      '5:9',
      '7:7',
      ':9',
      '5:',
      `0:${hi}`,
      `1:${hi}`,
      '0x10:0x20',
      '010',
      ':',
      ...(order === 'any' ? ['9:5'] : []),
    ],
    refused: () => [`${hi + 1n}`, `0:${hi + 1n}`, '1:2:3', 'x', '1-2', ...(order === 'any' ? [] : ['9:5'])],
  };
}

/** The two ends of a range; an end left out is the least or the most. */
export function rangeOf(text: string, hi: bigint): readonly [bigint, bigint] | undefined {
  const [from = '', to, ...more] = text.split(':');
  const lo = from === '' && to !== undefined ? 0n : readBig(from);
  const end = to === undefined ? lo : to === '' ? hi : readBig(to);
  return lo === undefined || end === undefined || lo > hi || end > hi || more.length > 0 ? undefined : [lo, end];
}
