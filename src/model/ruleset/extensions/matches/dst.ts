import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/ipv6/netfilter/ip6t_hbh.c, which both header kinds share. */
export const dst: Match = {
  kind: 'match',
  name: 'dst',
  families: [6],
  options: options('! --dst-len LENGTH', '--dst-opts OPTIONS'),
  meaning: (use) => opaque(use, 'pure'),
};
