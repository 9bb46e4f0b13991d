import type { ValueType } from '../extension.ts';
import { readNumber } from './number.ts';

/** `VALUE` or `VALUE/MASK`, 32 bits each; the mask is all ones when left out. */
export function readMark(text: string): { readonly value: number; readonly mask: number } | undefined {
  const slash = text.indexOf('/');
  const value = readNumber(slash < 0 ? text : text.slice(0, slash));
  const mask = slash < 0 ? 0xffffffff : readNumber(text.slice(slash + 1));
  return value === undefined || mask === undefined ? undefined : { value, mask };
}

export const markHint = 'write a 32-bit number, or value/mask such as 0x1/0xff';

/** `VALUE/MASK` in hex; a full mask is left out. */
export const markValue: ValueType = {
  hint: markHint,
  saved: (text) => {
    const read = readMark(text);
    return read === undefined ? undefined : markText(read.value, read.mask);
  },
  examples: () => ['0', '1', '0x10/0xff', '255/0xffffffff', '0xffffffff', '017/017', '5/0', '0/0', '0x100/0xff'],
  refused: () => ['0x100000000', '1/0x100000000', '1/', '/1', 'x', '1/2/3'],
};

export function markText(value: number, mask: number): string {
  return mask === 0xffffffff ? `0x${value.toString(16)}` : `0x${value.toString(16)}/0x${mask.toString(16)}`;
}
