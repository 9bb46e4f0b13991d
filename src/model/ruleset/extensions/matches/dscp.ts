import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_dscp.c. */
export const dscp: Match = {
  kind: 'match',
  name: 'dscp',
  families: [4, 6],
  options: options('! --dscp VALUE', '! --dscp-class CLASS'),
  meaning: (use) => opaque(use, 'pure'),
};
