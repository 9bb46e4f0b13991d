import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_limit.c: a token bucket that every packet takes from. */
export const limit: Match = {
  kind: 'match',
  name: 'limit',
  families: [4, 6],
  options: options('--limit RATE', '--limit-burst NUMBER'),
  meaning: (use) => opaque(use, 'stateful'),
};
