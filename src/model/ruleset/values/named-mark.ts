import type { ValueType } from '../extension.ts';
import { markValue } from './mark.ts';

/** As a mark; 0 has a name in iproute2's files, by which it prints. */
export function namedMark(zero: string): ValueType {
  return {
    ...markValue,
    hint: `write a number, value/mask such as 0x1/0xff, or ${zero}`,
    saved: (text, family) => {
      const value = text === zero ? '0x0' : markValue.saved(text, family);
      return value === '0x0' ? zero : value;
    },
    examples: (family) => [...markValue.examples(family), zero],
  };
}
