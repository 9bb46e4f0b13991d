import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/ipv6/netfilter/ip6t_hbh.c. */
export const hbh: Match = {
  kind: 'match',
  name: 'hbh',
  families: [6],
  options: options('! --hbh-len LENGTH', '--hbh-opts OPTIONS'),
  meaning: (use) => opaque(use, 'pure'),
};
