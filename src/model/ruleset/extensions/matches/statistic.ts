import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_statistic.c: every n-th packet, or a random one. */
export const statistic: Match = {
  kind: 'match',
  name: 'statistic',
  families: [4, 6],
  options: options('*--mode MODE', '! --probability P', '! --every N', '--packet P'),
  meaning: (use) => opaque(use, 'stateful'),
};
