import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_pkttype.c: how the link layer addressed it. */
export const pkttype: Match = {
  kind: 'match',
  name: 'pkttype',
  families: [4, 6],
  options: options('*! --pkt-type TYPE'),
  meaning: (use) => opaque(use, 'pure'),
};
