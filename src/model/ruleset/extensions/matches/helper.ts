import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_helper.c: the helper of the connection's master. */
export const helper: Match = {
  kind: 'match',
  name: 'helper',
  families: [4, 6],
  options: options('*! --helper "NAME"'),
  meaning: (use) => opaque(use, 'pure'),
};
