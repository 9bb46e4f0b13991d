import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_devgroup.c: group of the link. */
export const devgroup: Match = {
  kind: 'match',
  name: 'devgroup',
  families: [4, 6],
  options: options('! --src-group GROUP', '! --dst-group GROUP'),
  meaning: (use) => opaque(use, 'pure'),
};
