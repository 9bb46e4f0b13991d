import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/ipv6/netfilter/ip6t_ipv6header.c. */
export const ipv6header: Match = {
  kind: 'match',
  name: 'ipv6header',
  families: [6],
  options: options('*! --header HEADERS', '--soft'),
  meaning: (use) => opaque(use, 'pure'),
};
