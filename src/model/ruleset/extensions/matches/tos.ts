import { always, invertIf } from '../../../packet/index.ts';
import { badValue, given, type Match } from '../../extension.ts';
import { options } from '../../option.ts';
import { tosValue } from '../../values/tos.ts';
import { serviceBits, serviceIs } from '../service.ts';

/** net/netfilter/xt_dscp.c, tos_mt. */
export const tos: Match = {
  kind: 'match',
  name: 'tos',
  families: [4, 6],
  options: options(['*! --tos VALUE', tosValue]),

  meaning(use) {
    const one = given(use, '--tos');
    if (one === undefined) return always;
    const bits = serviceBits(tosValue.saved(one.values[0] ?? '', use.family));
    return bits === undefined ? badValue(one, tosValue.hint) : invertIf(one.inverted, serviceIs(bits.mask, bits.value));
  },
};
