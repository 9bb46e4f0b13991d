import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_connlabel.c: labels that rules set on connections. */
export const connlabel: Match = {
  kind: 'match',
  name: 'connlabel',
  families: [4, 6],
  options: options('*! --label ""NAME""', '--set'),
  meaning: (use) => opaque(use, 'stateful'),
};
