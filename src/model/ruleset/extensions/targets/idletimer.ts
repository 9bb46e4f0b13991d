import type { Target } from '../../extension.ts';
import { options } from '../../option.ts';
import { whole } from '../../values/number.ts';
import { plainName } from '../../values/text.ts';

/** net/netfilter/xt_IDLETIMER.c. */
export const IDLETIMER: Target = {
  kind: 'target',
  name: 'IDLETIMER',
  families: [4, 6],
  options: options(['*--timeout SECONDS', whole(1n, 2_147_482n)], ['*--label NAME', plainName(27)], '--alarm'),

  meaning: () => ({ kind: 'continue' }),
};
