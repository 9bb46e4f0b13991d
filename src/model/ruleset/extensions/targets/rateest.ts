import type { Target } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_RATEEST.c. */
export const RATEEST: Target = {
  kind: 'target',
  name: 'RATEEST',
  families: [4, 6],
  options: options('*--rateest-name NAME', '*--rateest-interval TIME', '*--rateest-ewmalog TIME'),
  meaning: () => ({ kind: 'continue' }),
};
