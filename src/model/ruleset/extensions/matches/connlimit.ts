import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_connlimit.c: counts the connections there are now. */
export const connlimit: Match = {
  kind: 'match',
  name: 'connlimit',
  families: [4, 6],
  options: options(
    '! --connlimit-upto NUMBER',
    '! --connlimit-above NUMBER',
    '--connlimit-mask LENGTH',
    '--connlimit-saddr',
    '--connlimit-daddr',
  ),
  meaning: (use) => opaque(use, 'stateful'),
};
