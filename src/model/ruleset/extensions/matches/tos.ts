import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_dscp.c, tos_mt. */
export const tos: Match = {
  kind: 'match',
  name: 'tos',
  families: [4, 6],
  options: options('*! --tos VALUE'),
  meaning: (use) => opaque(use, 'pure'),
};
