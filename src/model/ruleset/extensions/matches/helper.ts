import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';
import { quotedText } from '../../values/text.ts';

/** net/netfilter/xt_helper.c: the helper of the connection's master. */
export const helper: Match = {
  kind: 'match',
  name: 'helper',
  families: [4, 6],
  options: options(['*! --helper "NAME"', quotedText(29, 'cut')]),

  meaning: (use) => opaque(use, 'pure'),
};
