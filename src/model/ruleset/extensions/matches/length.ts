import { always, invertIf } from '../../../packet/index.ts';
import { badValue, given, type Match } from '../../extension.ts';
import { options } from '../../option.ts';
import { readNumberRange, u16, wholeRange } from '../../values/number.ts';
import { numberWithin } from '../within.ts';

/** net/netfilter/xt_length.c: bytes of the whole IP packet, header included. */
export const length: Match = {
  kind: 'match',
  name: 'length',
  families: [4, 6],
  options: options(['*! --length BYTES', wholeRange(u16)]),

  meaning(use) {
    const one = given(use, '--length');
    if (one === undefined) return always;
    const range = readNumberRange(one.values[0] ?? '', 65535);
    if (range === undefined) return badValue(one, 'write bytes from 0 to 65535, or a range such as 40:100');
    return invertIf(one.inverted, numberWithin('length', range));
  },
};
