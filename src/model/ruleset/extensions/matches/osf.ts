import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_osf.c: guesses the sender's system from its SYN. */
export const osf: Match = {
  kind: 'match',
  name: 'osf',
  families: [4, 6],
  options: options('*! --genre NAME', '--ttl LEVEL', '--log LEVEL'),
  meaning: (use) => opaque(use, 'pure'),
};
