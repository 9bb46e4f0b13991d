import type { Family } from '../net/index.ts';

/** What a value is of, where it may differ from rule to rule and each is good or bad by itself. */
export type ValueKind = 'address' | 'interface' | 'port' | 'comment' | 'chain';

/**
 * Whether the word at `start` is a good value in the spelling that everybody uses: looked at where it stands, nothing
 * made of it. A good value in any other spelling is not plain; who wants to know must read it.
 */
export function isPlainValue(
  kind: Exclude<ValueKind, 'chain'>,
  text: string,
  start: number,
  end: number,
  family: Family,
): boolean {
  switch (kind) {
    case 'address':
      return family === 4 ? isPlainV4(text, start, end) : isPlainV6(text, start, end);
    case 'port':
      return isDecimal(text, start, end, 65535);
    case 'interface':
      return end - start <= 15 && isName(text, start, end);
    case 'comment':
      // Quotes and escapes only make it longer than what it says.
      return end - start <= 255;
  }
}

/** A decimal number of at most five digits, without zeros in front, up to `most`. */
function isDecimal(text: string, start: number, end: number, most: number): boolean {
  const length = end - start;
  if (length < 1 || length > 5) return false;
  let value = 0;
  for (let at = start; at < end; at += 1) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return false;
    value = value * 10 + digit;
  }
  return value <= most && (length === 1 || text.charCodeAt(start) !== 48);
}

/** Letters and digits with `-`, `.`, `_`, `@` or `+` among them: no quote, nothing that could be an option. */
function isName(text: string, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) {
    const code = text.charCodeAt(at);
    const isLetter = (code >= 97 && code <= 122) || (code >= 65 && code <= 90);
    const isInner = at > start && (code === 45 || code === 46 || code === 95 || code === 64 || code === 43);
    if (!isLetter && !isInner && !(code >= 48 && code <= 57)) return false;
  }
  return end > start;
}

/** `A.B.C.D` or `A.B.C.D/LENGTH`. */
function isPlainV4(text: string, start: number, end: number): boolean {
  let from = start;
  for (let part = 0; part < 4; part += 1) {
    let to = from;
    while (to < end && to - from < 4 && text.charCodeAt(to) >= 48) to += 1;
    if (!isDecimal(text, from, to, 255)) return false;
    if (part === 3) return to === end || (text.charCodeAt(to) === 47 && isDecimal(text, to + 1, end, 32));
    if (to >= end || text.charCodeAt(to) !== 46) return false;
    from = to + 1;
  }
  return false;
}

/** Groups of one to four hex digits, at most one `::`, a prefix length behind it; no dotted quad at the end. */
function isPlainV6(text: string, start: number, end: number): boolean {
  let groups = 0;
  let digits = 0;
  let gap = false;
  let at = start;
  if (text.charCodeAt(at) === 58 && text.charCodeAt(at + 1) !== 58) return false;
  for (; at < end; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 47) break;
    if (code === 58) {
      if (at > start && text.charCodeAt(at - 1) === 58) {
        if (gap) return false;
        gap = true;
      }
      digits = 0;
    } else {
      const isHex = (code >= 48 && code <= 57) || (code >= 97 && code <= 102) || (code >= 65 && code <= 70);
      if (!isHex) return false;
      if (digits === 0) groups += 1;
      digits += 1;
      if (digits > 4) return false;
    }
  }
  if (digits === 0 && !(gap && text.charCodeAt(at - 2) === 58)) return false;
  if (gap ? groups > 7 : groups !== 8) return false;
  return at === end || isDecimal(text, at + 1, end, 128);
}
