import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/ipv6/netfilter/ip6t_eui64.c: the address was made from the MAC. */
export const eui64: Match = {
  kind: 'match',
  name: 'eui64',
  families: [6],
  options: options(),
  meaning: (use) => opaque(use, 'pure'),
};
