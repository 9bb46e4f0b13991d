import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_ipcomp.c. */
export const ipcomp: Match = {
  kind: 'match',
  name: 'ipcomp',
  families: [4, 6],
  impliedBy: ['ipcomp'],
  options: options('! --ipcompspi RANGE', '--compres'),
  meaning: (use) => opaque(use, 'pure'),
};
