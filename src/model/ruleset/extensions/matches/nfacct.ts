import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';
import { quotedText } from '../../values/text.ts';

/** net/netfilter/xt_nfacct.c: counts, and matches while a quota lasts or there is none. */
export const nfacct: Match = {
  kind: 'match',
  name: 'nfacct',
  families: [4, 6],
  options: options(['*--nfacct-name "NAME"', quotedText(31, 'refused', 1)]),

  meaning: (use) => opaque(use, 'stateful'),
};
