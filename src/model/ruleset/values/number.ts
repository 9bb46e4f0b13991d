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
