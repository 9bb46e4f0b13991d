import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_esp.c. */
export const esp: Match = {
  kind: 'match',
  name: 'esp',
  families: [4, 6],
  impliedBy: ['esp'],
  options: options('! --espspi RANGE'),
  meaning: (use) => opaque(use, 'pure'),
};
