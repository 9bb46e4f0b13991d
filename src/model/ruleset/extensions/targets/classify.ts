import type { Target } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_CLASSIFY.c: a class for traffic shaping. */
export const CLASSIFY: Target = {
  kind: 'target',
  name: 'CLASSIFY',
  families: [4, 6],
  options: options('*--set-class CLASS'),
  meaning: () => ({ kind: 'continue' }),
};
