import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_ecn.c. */
export const ecn: Match = {
  kind: 'match',
  name: 'ecn',
  families: [4, 6],
  options: options('! --ecn-tcp-cwr', '! --ecn-tcp-ece', '! --ecn-ip-ect NUMBER'),
  meaning: (use) => opaque(use, 'pure'),
};
