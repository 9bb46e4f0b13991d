import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/ipv6/netfilter/ip6t_frag.c. */
export const frag: Match = {
  kind: 'match',
  name: 'frag',
  families: [6],
  options: options('! --fragid RANGE', '! --fraglen LENGTH', '--fragres', '--fragfirst', '--fragmore', '--fraglast'),
  meaning: (use) => opaque(use, 'pure'),
};
