import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';
import { u16, wholeRange } from '../../values/number.ts';

/** net/netfilter/xt_tcpmss.c: the MSS option of a TCP header. */
export const tcpmss: Match = {
  kind: 'match',
  name: 'tcpmss',
  families: [4, 6],
  options: options(['*! --mss RANGE', wholeRange(u16, undefined, 'rising')]),

  meaning: (use) => opaque(use, 'pure'),
};
