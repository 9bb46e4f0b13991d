import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';
import { tosValue } from '../../values/tos.ts';

/** net/netfilter/xt_dscp.c, tos_mt. */
export const tos: Match = {
  kind: 'match',
  name: 'tos',
  families: [4, 6],
  options: options(['*! --tos VALUE', tosValue]),

  meaning: (use) => opaque(use, 'pure'),
};
