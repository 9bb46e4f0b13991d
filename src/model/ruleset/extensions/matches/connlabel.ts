import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';
import { whole } from '../../values/number.ts';

/** net/netfilter/xt_connlabel.c: labels that rules set on connections. */
export const connlabel: Match = {
  kind: 'match',
  name: 'connlabel',
  families: [4, 6],
  options: options(['*! --label ""NAME""', whole(0n, 127n)], '--set'),

  meaning: (use) => opaque(use, 'stateful'),
};
