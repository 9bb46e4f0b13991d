import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/ipv6/netfilter/ip6t_mh.c. */
export const mh: Match = {
  kind: 'match',
  name: 'mh',
  families: [6],
  impliedBy: ['mh'],
  options: options('! --mh-type RANGE'),
  meaning: (use) => opaque(use, 'pure'),
};
