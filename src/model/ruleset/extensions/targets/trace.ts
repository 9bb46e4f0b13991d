import type { Target } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_TRACE.c. */
export const TRACE: Target = {
  kind: 'target',
  name: 'TRACE',
  families: [4, 6],
  options: options(),
  meaning: () => ({ kind: 'continue' }),
};
