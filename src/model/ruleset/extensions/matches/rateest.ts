import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_rateest.c: rates as estimated now. */
export const rateest: Match = {
  kind: 'match',
  name: 'rateest',
  families: [4, 6],
  options: options(
    '--rateest1|--rateest NAME',
    '--rateest2 NAME',
    '--rateest-bps1 [RATE]',
    '--rateest-pps1 [RATE]',
    '--rateest-bps2|--rateest-bps [RATE]',
    '--rateest-pps2|--rateest-pps [RATE]',
    '--rateest-delta',
    '! --rateest-lt',
    '! --rateest-gt',
    '! --rateest-eq',
  ),
  meaning: (use) => opaque(use, 'stateful'),
};
