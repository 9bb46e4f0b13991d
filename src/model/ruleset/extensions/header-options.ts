import type { ValueType } from '../extension.ts';
import { readNumber } from '../values/number.ts';

/** Options of a hop-by-hop or destination header: `TYPE[:LENGTH],…` (libip6t_hbh.c). */
export const headerOptions: ValueType = {
  hint: 'write option types with commas between, each with ":LENGTH" where that matters',
  saved: (text) => {
    const read = text.split(',').map((part) => part.split(':').map((number) => readNumber(number, 255)));
    if (read.length > 16 || read.some((numbers) => numbers.length > 2 || numbers.includes(undefined))) return undefined;
    return read.map((numbers) => numbers.join(':')).join(',');
  },
  examples: () => ['0', '5:2', '1:2,3,255:254', '0x10'],
  refused: () => ['256', '1:256', 'x', ''],
};
