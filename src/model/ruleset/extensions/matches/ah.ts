import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/ipv4/netfilter/ipt_ah.c, net/ipv6/netfilter/ip6t_ah.c; the last two options are those of IPv6. */
export const ah: Match = {
  kind: 'match',
  name: 'ah',
  families: [4, 6],
  impliedBy: ['ah'],
  options: options('! --ahspi RANGE', '! --ahlen LENGTH', '--ahres'),
  meaning: (use) => opaque(use, 'pure'),
};
