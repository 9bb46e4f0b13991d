import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/ipv4/netfilter/ipt_rpfilter.c: asks the routes for the way back. */
export const rpfilter: Match = {
  kind: 'match',
  name: 'rpfilter',
  families: [4, 6],
  options: options('--loose', '--validmark', '--accept-local', '--invert'),

  meaning: (use) => opaque(use, 'pure'),
};
