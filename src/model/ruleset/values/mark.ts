import { readNumber } from './number.ts';

/** `VALUE` or `VALUE/MASK`, 32 bits each; the mask is all ones when left out. */
export function readMark(text: string): { readonly value: number; readonly mask: number } | undefined {
  const slash = text.indexOf('/');
  const value = readNumber(slash < 0 ? text : text.slice(0, slash));
  const mask = slash < 0 ? 0xffffffff : readNumber(text.slice(slash + 1));
  return value === undefined || mask === undefined ? undefined : { value, mask };
}

export const markHint = 'write a 32-bit number, or value/mask such as 0x1/0xff';
