import type { Target } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_IDLETIMER.c. */
export const IDLETIMER: Target = {
  kind: 'target',
  name: 'IDLETIMER',
  families: [4, 6],
  options: options('*--timeout SECONDS', '*--label NAME', '--alarm'),
  meaning: () => ({ kind: 'continue' }),
};
