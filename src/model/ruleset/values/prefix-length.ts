import { bitsOf } from '../../net/index.ts';
import type { ValueType } from '../extension.ts';
import { whole } from './number.ts';

/** Leading bits of an address. */
export const prefixLength: ValueType = {
  hint: 'write a prefix length such as 24',
  saved: (text, family) => whole(0n, BigInt(bitsOf(family))).saved(text, family),
  examples: (family) => ['0', '1', '24', String(bitsOf(family))],
  refused: (family) => [String(bitsOf(family) + 1), 'x'],
};
